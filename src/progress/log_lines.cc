// SPDX-License-Identifier: Apache-2.0
#include "progress/log_lines.h"

#include <utility>

#include "progress/text_width.h"

namespace progress {
namespace {

enum class Colours : std::uint8_t { keep, drop };

bool is_final(char c) { return c >= 0x40 && c <= 0x7e; }

/// Length of the escape sequence at the start of `text` (which begins with ESC).
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  const char kind = text[1];
  if (kind == '[') {
    std::size_t i = 2;
    while (i < text.size() && text[i] >= 0x20 && text[i] <= 0x3f) ++i;
    return i < text.size() && is_final(text[i]) ? i + 1 : i;
  }
  if (kind == ']' || kind == 'P' || kind == '_' || kind == '^' || kind == 'X') {
    // A string sequence: up to BEL or ESC backslash. Unterminated, it takes the rest of the line.
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] == '\a') return i + 1;
      if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '\\') return i + 2;
    }
    return text.size();
  }
  std::size_t i = 1;
  while (i < text.size() && text[i] >= 0x20 && text[i] <= 0x2f) ++i;
  return i < text.size() ? i + 1 : i;
}

bool is_colour(std::string_view sequence) {
  if (!sequence.starts_with("\x1b[") || !sequence.ends_with('m') || sequence.size() > 40) return false;
  return sequence.substr(2, sequence.size() - 3).find_first_not_of("0123456789;:") == std::string_view::npos;
}

std::string clean(std::string_view text, Colours colours) {
  std::string out;
  out.reserve(text.size());
  bool coloured = false;
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text[0]);
    if (c == 0x1b) {
      const auto length = escape_length(text);
      const auto sequence = text.substr(0, length);
      if (colours == Colours::keep && is_colour(sequence)) {
        out += sequence;
        coloured = true;
      }
      text.remove_prefix(length);
    } else if (c < 0x20 || c == 0x7f) {
      if (c == '\t') out += colours == Colours::keep ? '\t' : ' ';
      text.remove_prefix(1);
    } else {
      const auto character = next_character(text);
      if (!character.valid) {
        out += "\xef\xbf\xbd";
      } else if (!character.control) {
        out += text.substr(0, character.bytes);
      }
      text.remove_prefix(character.bytes);
    }
  }
  // A line must not colour what follows it.
  if (coloured && !out.ends_with("\x1b[0m") && !out.ends_with("\x1b[m")) out += "\x1b[0m";
  return out;
}

/// The part of a line that a terminal shows in the end: after the last carriage return that has text behind it.
std::string_view last_segment(std::string_view raw) {
  while (raw.ends_with('\r')) raw.remove_suffix(1);
  const auto at = raw.rfind('\r');
  return at == std::string_view::npos ? raw : raw.substr(at + 1);
}

}  // namespace

std::string safe_line(std::string_view raw) { return clean(last_segment(raw), Colours::keep); }

std::string safe_text(std::string_view raw) {
  std::string spaced(raw);
  for (char& c : spaced) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return clean(spaced, Colours::drop);
}

std::string safe_paragraph(std::string_view raw) {
  std::string out;
  for (;;) {
    const auto end = raw.find('\n');
    out += safe_text(raw.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    raw.remove_prefix(end + 1);
  }
}

std::vector<std::string> LogLines::add(std::string_view data) {
  std::vector<std::string> lines;
  while (!data.empty()) {
    const auto end = data.find('\n');
    const auto room = kMaxLine - raw_.size();
    const auto take = std::min(std::min(end, data.size()), room);
    raw_ += data.substr(0, take);
    data.remove_prefix(take);
    if (data.starts_with('\n')) {
      lines.push_back(safe_line(raw_));
      raw_.clear();
      data.remove_prefix(1);
    } else if (raw_.size() >= kMaxLine) {
      // A bar that is redrawn for hours stays one line: forget the states it has overwritten.
      const auto shown = last_segment(raw_);
      if (shown.size() < raw_.size() / 2) {
        raw_ = std::string(shown);
      } else {
        lines.push_back(safe_line(std::exchange(raw_, {})));
      }
    }
  }
  return lines;
}

std::string LogLines::partial() const { return safe_line(raw_); }

std::string LogLines::flush() { return safe_line(std::exchange(raw_, {})); }

}  // namespace progress
