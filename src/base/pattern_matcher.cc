// SPDX-License-Identifier: Apache-2.0
#include "base/pattern_matcher.h"

#include <utility>

#include "base/error.h"
#include "base/path.h"
#include "base/unicode.h"

namespace base {
namespace {

[[noreturn]] void fail_syntax() { fail(Code::invalid_argument, "syntax error in pattern"); }

/// Checks brackets and escapes as Go's filepath.Match does.
class SyntaxCheck {
 public:
  explicit SyntaxCheck(std::string_view pattern) : rest_(pattern) {}

  void run() {
    // A star ends a chunk, except between brackets as they are counted here: without a look at
    // what a bracket expression may contain.
    while (!rest_.empty()) {
      chunk_ = rest_.substr(0, chunk_size());
      rest_.remove_prefix(chunk_.size());
      check_chunk();
      while (rest_.starts_with('*')) rest_.remove_prefix(1);
    }
  }

 private:
  std::size_t chunk_size() const {
    bool in_range = false;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      switch (rest_[i]) {
        case '\\': i += i + 1 < rest_.size() ? 1 : 0; break;
        case '[': in_range = true; break;
        case ']': in_range = false; break;
        case '*':
          if (!in_range) return i;
          break;
        default: break;
      }
    }
    return rest_.size();
  }

  void check_chunk() {
    while (!chunk_.empty()) {
      const char c = chunk_[0];
      chunk_.remove_prefix(1);
      if (c == '[') check_range();
      if (c != '\\') continue;
      if (chunk_.empty()) fail_syntax();
      chunk_.remove_prefix(1);
    }
  }

  void check_range() {
    if (chunk_.starts_with('^')) chunk_.remove_prefix(1);
    for (int ranges = 0; ranges == 0 || !chunk_.starts_with(']'); ++ranges) {
      range_character();
      if (!chunk_.starts_with('-')) continue;
      chunk_.remove_prefix(1);
      range_character();
    }
    chunk_.remove_prefix(1);
  }

  void range_character() {
    if (chunk_.empty() || chunk_[0] == '-' || chunk_[0] == ']') fail_syntax();
    if (chunk_[0] == '\\') chunk_.remove_prefix(1);
    const Rune rune = decode_rune(chunk_);
    if (rune.value == kReplacement && rune.width <= 1) fail_syntax();
    chunk_.remove_prefix(rune.width);
    if (chunk_.empty()) fail_syntax();
  }

  std::string_view rest_;
  std::string_view chunk_;
};

/// Writes a pattern as an expression, and finds out whether it needs one.
class Translation {
 public:
  using Kind = PatternMatcher::Pattern::Kind;

  explicit Translation(std::string_view pattern) : runes_(decode_runes(pattern)) {
    if (!runes_.empty() && runes_[0] == U'\ufeff') ++at_;
    for (bool first = true; at_ < runes_.size(); first = false) translate(next(), first);
    text_ += '$';
  }
  Kind kind() const { return kind_; }
  const std::string& text() const { return text_; }

 private:
  char32_t next() { return runes_[at_++]; }
  bool take(char32_t rune) {
    if (at_ == runes_.size() || runes_[at_] != rune) return false;
    ++at_;
    return true;
  }

  void translate(char32_t rune, bool first) {
    if (rune == U'*' && take(U'*')) {
      double_star(first);
    } else if (rune == U'*' || rune == U'?') {
      text_ += rune == U'*' ? "[^/]*" : "[^/]";
      kind_ = Kind::expression;
    } else if (std::u32string_view(U".+()|{}$").find(rune) != std::u32string_view::npos) {
      text_ += '\\';
      append_rune(text_, rune);
    } else if (rune == U'\\') {
      text_ += '\\';
      if (at_ == runes_.size()) return;
      append_rune(text_, next());
      kind_ = Kind::expression;
    } else {
      if (rune == U'[' || rune == U']') kind_ = Kind::expression;
      append_rune(text_, rune);
    }
  }

  /// `**` and `**/` take any number of path elements, none included; at the end, everything.
  void double_star(bool first) {
    take(U'/');
    if (at_ < runes_.size()) {
      text_ += "(.*/)?";
      kind_ = Kind::expression;
    } else if (kind_ == Kind::exact) {
      kind_ = Kind::prefix;
    } else {
      text_ += ".*";
      kind_ = Kind::expression;
    }
    if (first) kind_ = Kind::suffix;
  }

  std::u32string runes_;
  std::size_t at_ = 0;
  std::string text_ = "^";
  Kind kind_ = Kind::exact;
};

}  // namespace

PatternMatcher::Pattern::Pattern(std::string text, bool exclusion) : text_(std::move(text)), exclusion_(exclusion) {
  SyntaxCheck(text_).run();
  const Translation translation(text_);
  kind_ = translation.kind();
  if (kind_ == Kind::expression) expression_ = CharPattern::compile(translation.text());
}

bool PatternMatcher::Pattern::matches(std::string_view path) const {
  const std::string_view text = text_;
  switch (kind_) {
    case Kind::exact: return path == text;
    case Kind::prefix: return path.starts_with(text.substr(0, text.size() - 2));
    case Kind::suffix: {
      const std::string_view suffix = text.substr(2);
      return path.ends_with(suffix) || (suffix[0] == '/' && path == suffix.substr(1));
    }
    case Kind::expression: break;
  }
  if (!expression_) fail_syntax();
  return expression_->matches(path);
}

bool PatternMatcher::Pattern::matches_some_directory(std::string_view directory) const {
  if (directory == ".") return false;
  for (auto slash = directory.find('/'); slash != directory.npos; slash = directory.find('/', slash + 1)) {
    if (matches(directory.substr(0, slash))) return true;
  }
  return matches(directory);
}

PatternMatcher::PatternMatcher(const std::vector<std::string>& patterns) {
  for (const std::string& written : patterns) {
    const std::string_view trimmed = trim_space(written);
    if (trimmed.empty()) continue;
    std::string pattern = clean_path(trimmed);
    const bool exclusion = pattern[0] == '!';
    if (exclusion && pattern.size() == 1) {
      fail(Code::invalid_argument, "illegal exclusion pattern: \"!\"");
    }
    has_exclusions_ = has_exclusions_ || exclusion;
    patterns_.emplace_back(exclusion ? pattern.substr(1) : std::move(pattern), exclusion);
  }
}

bool PatternMatcher::matches_or_parent_matches(std::string_view path) const { return matches(path, {}, nullptr); }

bool PatternMatcher::matches(std::string_view path, const MatchInfo& parent, MatchInfo* info) const {
  const auto& parent_matched = parent.parent_matched;
  if (!parent_matched.empty() && parent_matched.size() != patterns_.size()) {
    fail(Code::invalid_argument, "wrong number of values in parentMatched");
  }
  if (info != nullptr) info->parent_matched.assign(patterns_.size(), false);
  const std::string directory = parent_matched.empty() ? dir_name(path) : ".";
  bool matched = false;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    const Pattern& pattern = patterns_[i];
    bool match = !parent_matched.empty() && parent_matched[i];
    if (!match) {
      // Nothing can change when an inclusion meets what is in, or an exclusion what is out.
      if (pattern.exclusion() != matched) continue;
      match = pattern.matches(path) || pattern.matches_some_directory(directory);
    }
    if (info != nullptr) info->parent_matched[i] = match;
    if (match) matched = !pattern.exclusion();
  }
  return matched;
}

bool matches_or_parent_matches(std::string_view path, const std::vector<std::string>& patterns) {
  const PatternMatcher matcher(patterns);
  const std::string clean = clean_path(path);
  return clean != "." && matcher.matches_or_parent_matches(clean);
}

}  // namespace base
