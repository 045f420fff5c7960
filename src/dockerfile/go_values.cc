// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/go_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "base/strings.h"
#include "base/unicode.h"

namespace dockerfile {
namespace {

constexpr std::uint64_t kDurationLimit = std::uint64_t{1} << 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// As Go's time package quotes: every byte that is not printable ASCII becomes \xNN.
std::string quote_for_time(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || byte < 0x20) {
      out += base::format("\\x{:02x}", static_cast<unsigned>(byte));
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out += '"';
}

[[noreturn]] void fail_duration(std::string_view text) {
  base::fail(base::Code::invalid_argument, "time: invalid duration {}", quote_for_time(text));
}

std::optional<std::uint64_t> nanoseconds_of_unit(std::string_view unit) {
  static constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
      {"ns", 1},         {"us", 1000},         {"\xc2\xb5s", 1000},   {"\xce\xbcs", 1000},
      {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000},
  };
  for (const auto& [name, size] : kUnits) {
    if (name == unit) return size;
  }
  return std::nullopt;
}

/// Takes the digits off `rest`; nothing on overflow.
std::optional<std::uint64_t> leading_int(std::string_view& rest) {
  std::uint64_t value = 0;
  for (; !rest.empty() && is_digit(rest[0]); rest.remove_prefix(1)) {
    if (value > kDurationLimit / 10) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(rest[0] - '0');
    if (value > kDurationLimit) return std::nullopt;
  }
  return value;
}

struct Fraction {
  std::uint64_t digits = 0;
  double scale = 1;
};

/// Takes the digits off `rest`; those that exceed the precision are dropped.
Fraction leading_fraction(std::string_view& rest) {
  Fraction fraction;
  bool full = false;
  for (; !rest.empty() && is_digit(rest[0]); rest.remove_prefix(1)) {
    if (full || fraction.digits > (kDurationLimit - 1) / 10) {
      full = true;
      continue;
    }
    fraction.digits = fraction.digits * 10 + static_cast<std::uint64_t>(rest[0] - '0');
    fraction.scale *= 10;
  }
  return fraction;
}

/// One number with its unit, taken off `rest`. `text` is the whole, for messages.
std::uint64_t duration_part(std::string_view& rest, std::string_view text) {
  if (rest[0] != '.' && !is_digit(rest[0])) fail_duration(text);
  bool any_digit = is_digit(rest[0]);
  const auto whole = leading_int(rest);
  if (!whole) fail_duration(text);
  Fraction fraction;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    any_digit = any_digit || (!rest.empty() && is_digit(rest[0]));
    fraction = leading_fraction(rest);
  }
  if (!any_digit) fail_duration(text);
  const std::string_view name = rest.substr(0, rest.find_first_of(".0123456789"));
  if (name.empty()) {
    base::fail(base::Code::invalid_argument, "time: missing unit in duration {}", quote_for_time(text));
  }
  rest.remove_prefix(name.size());
  const auto unit = nanoseconds_of_unit(name);
  if (!unit) {
    base::fail(base::Code::invalid_argument, "time: unknown unit {} in duration {}", quote_for_time(name),
               quote_for_time(text));
  }
  if (*whole > kDurationLimit / *unit) fail_duration(text);
  const double below = static_cast<double>(fraction.digits) * (static_cast<double>(*unit) / fraction.scale);
  return *whole * *unit + static_cast<std::uint64_t>(below);
}

/// strconv.ParseFloat of what parse_ram_size can hand to it, hexadecimal floats aside.
std::optional<double> parse_float(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of("0123456789.eE+-") == text.npos;
  if (!plain || std::none_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (*end != '\0' || std::isinf(value)) return std::nullopt;
  return value;
}

/// Factor of a lower-case size suffix: "k", "kb", "kib", …
std::optional<double> ram_factor(std::string_view suffix) {
  if (suffix.empty() || suffix == "b") return 1;
  const auto power = std::string_view("kmgtp").find(suffix[0]);
  const std::string_view rest = suffix.substr(1);
  if (power == std::string_view::npos || (!rest.empty() && rest != "b" && rest != "ib")) return std::nullopt;
  return std::ldexp(1.0, 10 * (static_cast<int>(power) + 1));
}

[[noreturn]] void fail_csv(std::size_t position, std::string_view reason) {
  base::fail(base::Code::invalid_argument, "parse error on line 1, column {}: {}", position + 1, reason);
}

/// Reads the quoted field that begins at `at`, and goes behind its closing quote.
std::string quoted_field(std::string_view text, std::size_t& at) {
  static constexpr std::string_view kWrong = "extraneous or missing \" in quoted-field";
  std::string field;
  for (++at;;) {
    const auto quote = text.find('"', at);
    if (quote == text.npos) fail_csv(at, kWrong);
    field += text.substr(at, quote - at);
    at = quote + 1;
    if (at == text.size() || text[at] == ',') return field;
    if (text[at] != '"') fail_csv(quote, kWrong);
    field += '"';
    ++at;
  }
}

}  // namespace

std::optional<bool> parse_bool(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> parse_uint32(std::string_view text, int radix) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, radix);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::int64_t parse_duration(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return 0;
  if (rest.empty()) fail_duration(text);
  std::uint64_t total = 0;
  while (!rest.empty()) {
    const std::uint64_t part = duration_part(rest, text);
    if (part > kDurationLimit || total + part > kDurationLimit) fail_duration(text);
    total += part;
  }
  if (negative) return static_cast<std::int64_t>(0 - total);
  if (total == kDurationLimit) fail_duration(text);
  return static_cast<std::int64_t>(total);
}

std::optional<std::int64_t> parse_ram_size(std::string_view text) {
  const auto last = text.find_last_of("0123456789. ");
  if (last == text.npos) return std::nullopt;
  const std::string number(text.substr(0, text[last] == ' ' ? last : last + 1));
  const std::string_view suffix = text.substr(last + 1);
  const auto value = parse_float(number);
  const auto factor = suffix.size() > 3 ? std::nullopt : ram_factor(base::lower_runes(suffix));
  if (!value || !factor || *value < 0) return std::nullopt;
  const double size = *value * *factor;
  return size >= 0x1p63 ? INT64_MIN : static_cast<std::int64_t>(size);
}

std::vector<std::string> parse_csv(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(text.ends_with("\r\n") ? 2 : 1);
  if (text.empty()) base::fail(base::Code::invalid_argument, "EOF");
  std::vector<std::string> fields;
  for (std::size_t at = 0;; ++at) {
    if (at < text.size() && text[at] == '"') {
      fields.push_back(quoted_field(text, at));
    } else {
      const auto comma = std::min(text.find(',', at), text.size());
      const auto quote = text.substr(at, comma - at).find('"');
      if (quote != text.npos) fail_csv(at + quote, "bare \" in non-quoted-field");
      fields.emplace_back(text.substr(at, comma - at));
      at = comma;
    }
    if (at == text.size()) return fields;
  }
}

}  // namespace dockerfile
