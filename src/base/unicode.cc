// SPDX-License-Identifier: Apache-2.0
#include "base/unicode.h"

#include <algorithm>
#include <iterator>

#include "base/format.h"
#include "base/unicode_tables.h"

namespace base {
namespace {

template <std::size_t N>
bool in_table(const RuneSpan (&table)[N], char32_t rune) {
  const auto* at = std::lower_bound(std::begin(table), std::end(table), rune,
                                    [](const RuneSpan& span, char32_t value) { return span.last < value; });
  return at != std::end(table) && at->first <= rune;
}

char32_t map_case(const CaseSpan* begin, const CaseSpan* end, char32_t rune) {
  const auto* at =
      std::lower_bound(begin, end, rune, [](const CaseSpan& span, char32_t value) { return span.last < value; });
  if (at == end || rune < at->first || (rune - at->first) % at->stride != 0) return rune;
  return static_cast<char32_t>(static_cast<std::int64_t>(rune) + at->delta);
}

/// Length that the first byte promises; 0 when no character can begin with it.
std::size_t sequence_length(unsigned char byte) {
  if (byte < 0x80) return 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

void append_escaped(std::string& out, char32_t rune, std::string_view bytes) {
  static constexpr std::string_view kLetters = "abfnrtv";
  static constexpr std::string_view kCodes = "\a\b\f\n\r\t\v";
  if (rune == U'"' || rune == U'\\') {
    (out += '\\') += static_cast<char>(rune);
  } else if (is_print(rune)) {
    out += bytes;
  } else if (const auto at = rune < 0x80 ? kCodes.find(static_cast<char>(rune)) : kCodes.npos; at != kCodes.npos) {
    (out += '\\') += kLetters[at];
  } else if (rune < U' ' || rune == 0x7f) {
    out += base::format("\\x{:02x}", static_cast<unsigned>(rune));
  } else if (rune < 0x10000) {
    out += base::format("\\u{:04x}", static_cast<unsigned>(rune));
  } else {
    out += base::format("\\U{:08x}", static_cast<unsigned>(rune));
  }
}

template <typename Map>
std::string map_runes(std::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    append_rune(out, map(rune.value));
    text.remove_prefix(rune.width);
  }
  return out;
}

}  // namespace

Rune decode_rune(std::string_view text) {
  if (text.empty()) return {};
  const auto byte = static_cast<unsigned char>(text[0]);
  const std::size_t length = sequence_length(byte);
  if (length == 1) return {byte, 1};
  if (length == 0 || text.size() < length) return {kReplacement, 1};
  char32_t value = byte & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return {kReplacement, 1};
    value = value << 6 | (next & 0x3f);
  }
  const bool too_long = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  if (too_long || surrogate || value > 0x10ffff) return {kReplacement, 1};
  return {value, length};
}

void append_rune(std::string& out, char32_t rune) {
  if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000)) rune = kReplacement;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((rune >> shift) & 0x3f)); };
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xc0 | (rune >> 6));
    tail(0);
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xe0 | (rune >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | (rune >> 18));
    tail(12), tail(6), tail(0);
  }
}

std::u32string decode_runes(std::string_view text) {
  std::u32string runes;
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    runes += rune.value;
    text.remove_prefix(rune.width);
  }
  return runes;
}

std::string encode_runes(std::u32string_view runes) {
  std::string text;
  for (const char32_t rune : runes) append_rune(text, rune);
  return text;
}

bool is_letter(char32_t rune) {
  if (rune < 0x80) return (rune | 0x20) >= U'a' && (rune | 0x20) <= U'z';
  return in_table(kLetterSpans, rune);
}

bool is_digit(char32_t rune) {
  if (rune < 0x80) return rune >= U'0' && rune <= U'9';
  return in_table(kDigitSpans, rune);
}

bool is_space(char32_t rune) {
  if (rune < 0x80) return rune == U' ' || (rune >= U'\t' && rune <= U'\r');
  switch (rune) {
    case 0x85:
    case 0xa0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000: return true;
    default: return rune >= 0x2000 && rune <= 0x200a;
  }
}

bool is_print(char32_t rune) {
  if (rune < 0x80) return rune >= U' ' && rune < 0x7f;
  return in_table(kPrintSpans, rune);
}

char32_t to_lower(char32_t rune) {
  if (rune < 0x80) return rune >= U'A' && rune <= U'Z' ? rune + 0x20 : rune;
  return map_case(std::begin(kLowerSpans), std::end(kLowerSpans), rune);
}

char32_t to_upper(char32_t rune) {
  if (rune < 0x80) return rune >= U'a' && rune <= U'z' ? rune - 0x20 : rune;
  return map_case(std::begin(kUpperSpans), std::end(kUpperSpans), rune);
}

std::string lower_runes(std::string_view text) { return map_runes(text, to_lower); }
std::string upper_runes(std::string_view text) { return map_runes(text, to_upper); }

bool equal_fold(std::string_view a, std::string_view b) {
  const auto fold = [](char32_t rune) { return to_lower(to_upper(rune)); };
  while (!a.empty() && !b.empty()) {
    const Rune left = decode_rune(a);
    const Rune right = decode_rune(b);
    if (fold(left.value) != fold(right.value)) return false;
    a.remove_prefix(left.width);
    b.remove_prefix(right.width);
  }
  return a.empty() && b.empty();
}

std::string_view trim_space_left(std::string_view text) {
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    if (!is_space(rune.value)) break;
    text.remove_prefix(rune.width);
  }
  return text;
}

std::string_view trim_space(std::string_view text) {
  text = trim_space_left(text);
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) --start;
    const Rune last = decode_rune(text.substr(start));
    if (start + last.width != text.size() || !is_space(last.value)) break;
    text.remove_suffix(last.width);
  }
  return text;
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    if (rune.value == kReplacement && rune.width == 1) {
      out += base::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(text[0])));
    } else {
      append_escaped(out, rune.value, text.substr(0, rune.width));
    }
    text.remove_prefix(rune.width);
  }
  return out += '"';
}

}  // namespace base
