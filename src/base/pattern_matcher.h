// SPDX-License-Identifier: Apache-2.0
#pragma once
// Patterns of .dockerignore, COPY --exclude and include lists: which paths they cover.
//
//     PatternMatcher ignore(read_ignore_file(text));
//     ignore.matches_or_parent_matches("node_modules/x.js");
//
// Walking a tree, a directory's result spares its children the look at all parents:
//
//     MatchInfo dir_info;
//     bool skip = ignore.matches("src", {}, &dir_info);
//     ignore.matches("src/a.c", dir_info, nullptr);
//
// `*` and `?` stop at "/", `**` does not, `[a-z]` and `\x` as in Go's filepath.Match; a later
// pattern overrides an earlier one, `!` takes out again. A pattern covers what lies below it.
// Failure: the constructor throws invalid_argument for a malformed pattern; matching throws it for
// one that only turns out malformed when looked at. Threads: const calls from any thread.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/char_pattern.h"

namespace base {

/// Which patterns a directory on the path has matched.
struct MatchInfo {
  std::vector<bool> parent_matched;
};

class PatternMatcher {
 public:
  /// Blank patterns are skipped. Throws invalid_argument.
  explicit PatternMatcher(const std::vector<std::string>& patterns);

  /// Whether `path` (slashes, relative) or a directory above it is covered.
  bool matches_or_parent_matches(std::string_view path) const;
  /// The same, given what the parent directory's call stored (empty for the top level). `info` may be null.
  bool matches(std::string_view path, const MatchInfo& parent, MatchInfo* info) const;

  /// Whether any pattern begins with "!".
  bool has_exclusions() const { return has_exclusions_; }

  /// One pattern, without its "!".
  class Pattern {
   public:
    /// How it is matched: by comparing, or by an expression.
    enum class Kind : std::uint8_t { exact, prefix, suffix, expression };

    Pattern(std::string text, bool exclusion);
    const std::string& text() const { return text_; }
    bool exclusion() const { return exclusion_; }
    /// Throws invalid_argument when the pattern is malformed.
    bool matches(std::string_view path) const;
    /// Whether `directory` or one above it matches.
    bool matches_some_directory(std::string_view directory) const;

   private:
    std::string text_;
    bool exclusion_;
    Kind kind_ = Kind::exact;
    std::optional<CharPattern> expression_;
  };
  const std::vector<Pattern>& patterns() const { return patterns_; }

 private:
  std::vector<Pattern> patterns_;
  bool has_exclusions_ = false;
};

/// One look at one path: cleans the path; "." is never covered.
bool matches_or_parent_matches(std::string_view path, const std::vector<std::string>& patterns);

}  // namespace base
