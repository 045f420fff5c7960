// SPDX-License-Identifier: Apache-2.0
#pragma once
// How a rule of a source policy names sources: literally, with "*", or by a regular expression.
//
// Matching takes time linear in the text, whatever the pattern: policies are often shared, and names come from
// Dockerfiles of others. Syntax and meaning are those of Go's regexp, which BuildKit uses and RE2 has in common.
// Threads: read-only once made. Failure: invalid_argument for a pattern that cannot be read.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace attest {

class PolicyPattern {
 public:
  enum class Kind : std::uint8_t { wildcard, exact, regex };

  PolicyPattern(Kind kind, std::string text);

  /// An expression needs only to match a part of the name; a wildcard stands for all of it.
  bool matches(std::string_view name) const;
  /// `into` with $1, ${1} and ${group} standing for what the pattern matched in the name. An expression replaces only
  /// the parts that it matched.
  std::string rewrite(std::string_view name, std::string_view into) const;

  const std::string& text() const { return text_; }

 private:
  std::string replace_all(std::string_view name, std::string_view into) const;

  Kind kind_;
  std::string text_;
  std::shared_ptr<const re2::RE2> expression_;  ///< none for exact
};

}  // namespace attest
