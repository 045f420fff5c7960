// SPDX-License-Identifier: Apache-2.0
#pragma once
// A small terminal: what a person sees after bytes were written to it. Understands what the live
// display writes (CR, LF, cursor up, erase line and below, colours, cursor on and off) and counts
// everything else as garbage. LF also returns to the first column, as a terminal's driver makes it.
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace progress::testing {

class Screen {
 public:
  Screen(std::size_t columns, std::size_t rows);
  void write(std::string_view bytes);
  /// Rows that scrolled off the top, then those in sight; trailing blanks and empty rows at the end cut.
  std::vector<std::string> all_rows() const;
  std::vector<std::string> scrolled() const { return {scrolled_.begin(), scrolled_.end()}; }
  bool cursor_visible() const { return visible_; }
  std::size_t garbage() const { return garbage_; }
  std::size_t colours() const { return colours_; }

 private:
  void escape(std::string_view sequence);
  void put(std::string_view character, int columns);
  void line_feed();

  std::size_t columns_;
  std::vector<std::vector<std::string>> cells_;
  std::deque<std::string> scrolled_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  bool visible_ = true;
  std::size_t garbage_ = 0;
  std::size_t colours_ = 0;
};

}  // namespace progress::testing
