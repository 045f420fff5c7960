// SPDX-License-Identifier: Apache-2.0
#include "progress/testing/screen.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "progress/text_width.h"

namespace progress::testing {
namespace {

std::string text_of(const std::vector<std::string>& cells) {
  std::string out;
  for (const auto& cell : cells) out += cell;
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace

Screen::Screen(std::size_t columns, std::size_t rows)
    : columns_(columns), cells_(rows, std::vector<std::string>(columns, " ")) {}

void Screen::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t length = 1;
    if (bytes[0] == '\x1b') {
      const auto end = bytes.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 1);
      length = end == std::string_view::npos ? bytes.size() : end + 1;
      escape(bytes.substr(0, length));
    } else if (bytes[0] == '\r') {
      column_ = 0;
    } else if (bytes[0] == '\n') {
      line_feed();
    } else {
      const auto character = next_character(bytes);
      length = character.bytes;
      if (character.control || !character.valid) {
        ++garbage_;
      } else {
        put(bytes.substr(0, length), character.columns);
      }
    }
    bytes.remove_prefix(length);
  }
}

void Screen::escape(std::string_view sequence) {
  if (!sequence.starts_with("\x1b[")) {
    ++garbage_;
    return;
  }
  const auto number = static_cast<std::size_t>(std::atoi(std::string(sequence.substr(2)).c_str()));
  const auto blank = std::string(" ");
  if (sequence == "\x1b[?25l") {
    visible_ = false;
  } else if (sequence == "\x1b[?25h") {
    visible_ = true;
  } else if (sequence.ends_with('A')) {
    row_ -= std::min(row_, std::max<std::size_t>(1, number));
  } else if (sequence == "\x1b[K") {
    std::fill(cells_[row_].begin() + static_cast<std::ptrdiff_t>(std::min(column_, columns_)), cells_[row_].end(),
              blank);
  } else if (sequence == "\x1b[J") {
    std::fill(cells_[row_].begin() + static_cast<std::ptrdiff_t>(std::min(column_, columns_)), cells_[row_].end(),
              blank);
    for (std::size_t r = row_ + 1; r < cells_.size(); ++r) std::fill(cells_[r].begin(), cells_[r].end(), blank);
  } else if (sequence.ends_with('m')) {
    ++colours_;
  } else {
    ++garbage_;
  }
}

void Screen::put(std::string_view character, int columns) {
  const auto width = static_cast<std::size_t>(columns);
  if (column_ + width > columns_) line_feed();
  if (width == 0) {
    if (column_ > 0) cells_[row_][column_ - 1] += character;
    return;
  }
  cells_[row_][column_] = std::string(character);
  for (std::size_t i = 1; i < width; ++i) cells_[row_][column_ + i].clear();
  column_ += width;
}

void Screen::line_feed() {
  column_ = 0;
  if (row_ + 1 < cells_.size()) {
    ++row_;
    return;
  }
  scrolled_.push_back(text_of(cells_.front()));
  cells_.erase(cells_.begin());
  cells_.emplace_back(columns_, " ");
}

std::vector<std::string> Screen::all_rows() const {
  std::vector<std::string> out(scrolled_.begin(), scrolled_.end());
  for (const auto& row : cells_) out.push_back(text_of(row));
  while (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

}  // namespace progress::testing
