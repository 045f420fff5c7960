// SPDX-License-Identifier: Apache-2.0
#pragma once
// Raw process output cut into lines that are safe to print.
//
// Chunks may end anywhere: within a line, an escape sequence or a character. A carriage return starts
// the line's text again, as a terminal would show it, so a progress bar becomes its last state.
// Colour sequences (ESC [ … m) are kept, every other control sequence and control character goes;
// bytes that are not UTF-8 become U+FFFD. A line longer than kMaxLine is cut into several.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace progress {

inline constexpr std::size_t kMaxLine = 16 * 1024;

class LogLines {
 public:
  /// The lines that `data` completes, in order.
  std::vector<std::string> add(std::string_view data);
  /// What the unfinished last line shows now.
  std::string partial() const;
  bool has_partial() const { return !raw_.empty(); }
  /// Ends the unfinished line; "" when there is none.
  std::string flush();

 private:
  std::string raw_;
};

/// The text a terminal would show for one raw line: see above.
std::string safe_line(std::string_view raw);

/// For names and messages of one line: as safe_line, without colours, line ends and tabs become spaces.
std::string safe_text(std::string_view raw);
/// For messages of several lines: each line as safe_text.
std::string safe_paragraph(std::string_view raw);

}  // namespace progress
