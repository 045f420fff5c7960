// SPDX-License-Identifier: Apache-2.0
#include "rego/sprintf.h"

#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "base/unicode.h"

namespace rego {
namespace {

constexpr int kMaxWidth = 1000;
constexpr std::size_t kMaxResult = 8U << 20;

struct Verb {
  char letter = 'v';
  std::string flags;
  int width = -1;
  int precision = -1;
  bool has(char flag) const { return flags.find(flag) != flags.npos; }
};

class Reader {
 public:
  explicit Reader(std::string_view format) : rest_(format) {}

  /// Text up to the next verb.
  std::string_view text() {
    const auto percent = std::min(rest_.find('%'), rest_.size());
    const std::string_view text = rest_.substr(0, percent);
    rest_.remove_prefix(percent);
    return text;
  }
  bool at_end() const { return rest_.empty(); }

  Verb verb() {
    Verb verb;
    rest_.remove_prefix(1);
    while (!rest_.empty() && std::string_view("-+# 0").find(rest_[0]) != std::string_view::npos) verb.flags += take();
    verb.width = number();
    if (!rest_.empty() && rest_[0] == '.') {
      take();
      verb.precision = std::max(number(), 0);
    }
    verb.letter = rest_.empty() ? '\0' : take();
    return verb;
  }

 private:
  char take() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }
  int number() {
    int value = -1;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      value = std::min(std::max(value, 0) * 10 + (take() - '0'), kMaxWidth + 1);
    }
    return value;
  }
  std::string_view rest_;
};

/// What Go would be given for the value: most kinds are their text.
std::string_view go_type(const Value& value) {
  if (value.is_integer()) return "int";
  return value.is_number() ? "float64" : "string";
}

std::string plain(const Value& value) { return value.is_string() ? value.string() : value.text(); }

std::string padded(std::string text, const Verb& verb) {
  const auto width = static_cast<std::size_t>(std::max(verb.width, 0));
  const std::size_t length = base::decode_runes(text).size();
  if (length >= width) return text;
  if (verb.has('-')) return text + std::string(width - length, ' ');
  const bool zeros = verb.has('0') && verb.letter != 's' && verb.letter != 'v' && verb.letter != 'q';
  if (!zeros) return std::string(width - length, ' ') + text;
  const std::size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  return text.substr(0, sign) + std::string(width - length, '0') + text.substr(sign);
}

std::string in_radix(std::int64_t number, unsigned radix, std::string_view digits) {
  std::uint64_t rest = number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  std::string text;
  do {
    text.insert(text.begin(), digits[rest % radix]);
    rest /= radix;
  } while (rest > 0);
  return text;
}

std::optional<std::string> integer_text(std::int64_t number, const Verb& verb) {
  constexpr std::string_view kLower = "0123456789abcdef";
  constexpr std::string_view kUpper = "0123456789ABCDEF";
  std::string text;
  switch (verb.letter) {
    case 'v':
    case 'd': text = in_radix(number, 10, kLower); break;
    case 'b': text = in_radix(number, 2, kLower); break;
    case 'o': text = in_radix(number, 8, kLower); break;
    case 'x': text = (verb.has('#') ? "0x" : "") + in_radix(number, 16, kLower); break;
    case 'X': text = (verb.has('#') ? "0X" : "") + in_radix(number, 16, kUpper); break;
    case 'c': base::append_rune(text, static_cast<char32_t>(number)); return text;
    default: return std::nullopt;
  }
  while (static_cast<int>(text.size()) < verb.precision) text.insert(text.begin(), '0');
  if (number < 0) return "-" + text;
  return (verb.has('+') ? "+" : verb.has(' ') ? " " : "") + text;
}

std::optional<std::string> float_text(double number, const Verb& verb) {
  if (std::string_view("eEfFgGv").find(verb.letter) == std::string_view::npos) return std::nullopt;
  if ((verb.letter == 'v' || verb.letter == 'g') && verb.precision < 0) {
    return (verb.has('+') && number >= 0 ? "+" : "") + base::Json(number).dump();
  }
  const char format[] = {'%', '.', '*', verb.letter == 'v' ? 'g' : verb.letter, '\0'};
  std::string text(static_cast<std::size_t>(kMaxWidth) + 400, '\0');
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  const int length = std::snprintf(text.data(), text.size(), format, verb.precision < 0 ? 6 : verb.precision, number);
#pragma GCC diagnostic pop
  text.resize(static_cast<std::size_t>(std::max(length, 0)));
  return (verb.has('+') && number >= 0 ? "+" : "") + text;
}

std::optional<std::string> text_text(const std::string& text, const Verb& verb) {
  std::string kept = text;
  if (verb.precision >= 0 && verb.letter != 'x' && verb.letter != 'X') {
    kept = base::encode_runes(
        std::u32string_view(base::decode_runes(text)).substr(0, static_cast<std::size_t>(verb.precision)));
  }
  if (verb.letter == 'v' || verb.letter == 's') return kept;
  if (verb.letter == 'q') return Value(kept).text();
  if (verb.letter != 'x' && verb.letter != 'X') return std::nullopt;
  std::string hex;
  for (const unsigned char byte : text) {
    const std::string_view digits = verb.letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  return hex;
}

std::string one_value(const Value& value, const Verb& verb) {
  std::optional<std::string> text;
  if (value.is_integer()) {
    text = integer_text(value.integer(), verb);
  } else if (value.is_number()) {
    text = float_text(value.number(), verb);
  } else if (value.kind() == Value::Kind::boolean && verb.letter == 't') {
    text = value.text();
  } else {
    text = text_text(plain(value), verb);
  }
  if (text) return padded(std::move(*text), verb);
  return std::string("%!") + verb.letter + "(" + std::string(go_type(value)) + "=" + plain(value) + ")";
}

}  // namespace

std::optional<std::string> format_values(std::string_view format, const Value::Array& values) {
  Reader reader(format);
  std::string result;
  std::size_t next = 0;
  for (;;) {
    result += reader.text();
    if (reader.at_end()) break;
    const Verb verb = reader.verb();
    if (result.size() > kMaxResult) return std::nullopt;
    if (verb.width > kMaxWidth || verb.precision > kMaxWidth) return std::nullopt;
    if (verb.letter == '%') {
      result += '%';
    } else if (verb.letter == '\0') {
      result += "%!(NOVERB)";
    } else if (next == values.size()) {
      result += std::string("%!") + verb.letter + "(MISSING)";
    } else {
      result += one_value(values[next++], verb);
    }
  }
  if (next == values.size()) return result;
  result += "%!(EXTRA ";
  for (std::size_t i = next; i < values.size(); ++i) {
    result += (i > next ? ", " : "") + std::string(go_type(values[i])) + "=" + plain(values[i]);
  }
  return result + ")";
}

}  // namespace rego
