// SPDX-License-Identifier: Apache-2.0
#pragma once
// Variables and quotes in Dockerfile words, after the manner of a shell.
//
//     EnvironmentList env({"NAME=world"});
//     ShellWords words('\\');
//     words.expand("hello ${NAME:-you}", env).text;     // "hello world"
//     words.split("a 'b c' $NAME", env);                // {"a", "b c", "world"}
//
// Operators: ${v} ${v:-w} ${v-w} ${v:+w} ${v+w} ${v:?w} ${v?w} ${v#p} ${v##p} ${v%p} ${v%%p}
// ${v/p/r} ${v//p/r}; patterns know `*` and `?` and their escapes. An unset variable is empty.
// Failure: throws invalid_argument, "failed to process "word": reason".
// Threads: const and stateless; one object may be shared.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dockerfile {

/// Where variables come from.
class Environment {
 public:
  virtual ~Environment() = default;
  virtual std::optional<std::string> get(std::string_view name) const = 0;
  /// All names, in order of definition; for "did you mean".
  virtual std::vector<std::string> names() const = 0;
};

/// "KEY=value" strings; the last definition of a key counts, all are listed.
class EnvironmentList : public Environment {
 public:
  EnvironmentList() = default;
  explicit EnvironmentList(const std::vector<std::string>& entries);
  std::optional<std::string> get(std::string_view name) const override;
  std::vector<std::string> names() const override { return names_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> names_;
};

/// Departures from the usual processing.
struct ShellOptions {
  bool raw_quotes = false;           ///< keep the quote characters
  bool raw_escapes = false;          ///< keep the escape characters
  bool skip_process_quotes = false;  ///< quotes are ordinary characters
  bool skip_unset = false;           ///< leave references to unset variables as they stand
};

/// A processed word and the variables it asked for.
struct ExpandedWord {
  std::string text;
  std::vector<std::string> words;   ///< text split at unquoted blanks, after expansion
  std::set<std::string> matched;    ///< variables that were set
  std::set<std::string> unmatched;  ///< variables that were not
};

class ShellWords {
 public:
  explicit ShellWords(char32_t escape = U'\\', ShellOptions options = {}) : escape_(escape), options_(options) {}

  /// Replaces variables and removes quotes.
  ExpandedWord expand(std::string_view word, const Environment& environment) const;
  /// expand().words
  std::vector<std::string> split(std::string_view word, const Environment& environment) const;

 private:
  char32_t escape_;
  ShellOptions options_;
};

}  // namespace dockerfile
