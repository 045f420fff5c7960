// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lines of a text with the limit that BuildKit's line scanner has.
#include <cstddef>
#include <optional>
#include <string_view>

namespace dockerfile {

/// Longest line, its line end included.
inline constexpr std::size_t kMaxLineSize = 65536;

/// Hands out lines, each with its "\n" if it has one, until the end or an overlong line.
class TextLines {
 public:
  explicit TextLines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    const std::size_t newline = rest_.substr(0, kMaxLineSize).find('\n');
    if (newline == rest_.npos && rest_.size() >= kMaxLineSize) too_long_ = true;
    if (rest_.empty() || too_long_) return std::nullopt;
    const std::string_view line = rest_.substr(0, newline == rest_.npos ? newline : newline + 1);
    rest_.remove_prefix(line.size());
    return line;
  }
  /// next() gave nothing because of an overlong line.
  bool too_long() const { return too_long_; }

 private:
  std::string_view rest_;
  bool too_long_ = false;
};

/// `line` without "\r" and "\n" at its end.
inline std::string_view trim_newline(std::string_view line) {
  const auto last = line.find_last_not_of("\r\n");
  return line.substr(0, last == line.npos ? 0 : last + 1);
}

/// `line` without one "\n" and one "\r" before that.
inline std::string_view cut_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// `text` without a UTF-8 byte order mark.
inline std::string_view drop_bom(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

}  // namespace dockerfile
