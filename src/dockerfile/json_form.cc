// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/json_form.h"

#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "base/unicode.h"

namespace dockerfile {
namespace {

/// Nothing nested can be an argument, so this only keeps the check of hostile text off the end of the stack.
constexpr int kMaxDepth = 500;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Checks JSON and decodes the strings of the outermost array. `ok()` turns false at the first fault.
class ArrayReader {
 public:
  explicit ArrayReader(std::string_view text) : rest_(text) {}

  /// Reads the whole text.
  void read() {
    array(Level::outer);
    blanks();
    if (!rest_.empty()) ok_ = false;
  }
  bool ok() const { return ok_; }
  bool only_strings() const { return only_strings_; }
  std::vector<std::string> take() { return std::move(strings_); }

 private:
  enum class Level : bool { outer, inner };

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) ok_ = false;
  }
  void blanks() {
    while (take(' ') || take('\t') || take('\n') || take('\r')) {
    }
  }

  /// "[a, b]" or "{"k": a, …}" without its first bracket: `element` reads what stands between commas.
  template <typename Element>
  void list(char close, Element element) {
    if (++depth_ > kMaxDepth) ok_ = false;
    blanks();
    if (!take(close)) {
      do {
        blanks();
        element();
        blanks();
      } while (ok_ && take(','));
      expect(close);
    }
    --depth_;
  }

  void array(Level level) {
    expect('[');
    list(']', [&] {
      if (level == Level::inner) return value();
      if (rest_.starts_with('"')) {
        strings_.push_back(string());
      } else {
        only_strings_ = false;
        value();
      }
    });
  }

  void object() {
    expect('{');
    list('}', [&] {
      string();
      blanks();
      expect(':');
      blanks();
      value();
    });
  }

  void value() {
    if (!ok_ || rest_.empty()) {
      ok_ = false;
      return;
    }
    switch (rest_[0]) {
      case '[': return array(Level::inner);
      case '{': return object();
      case '"': string(); return;
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }

  void word(std::string_view text) {
    ok_ = ok_ && rest_.starts_with(text);
    if (ok_) rest_.remove_prefix(text.size());
  }

  void digits() {
    if (rest_.empty() || !is_digit(rest_[0])) ok_ = false;
    while (!rest_.empty() && is_digit(rest_[0])) rest_.remove_prefix(1);
  }

  void number() {
    const std::string_view start = rest_;
    take('-');
    if (!take('0')) digits();
    if (take('.')) digits();
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      digits();
    }
    const std::string text(start.substr(0, start.size() - rest_.size()));
    if (ok_ && std::isinf(std::strtod(text.c_str(), nullptr))) ok_ = false;
  }

  std::string string() {
    std::string out;
    expect('"');
    while (ok_ && !take('"')) {
      if (rest_.empty() || static_cast<unsigned char>(rest_[0]) < 0x20) {
        ok_ = false;
      } else if (take('\\')) {
        base::append_rune(out, escape());
      } else {
        const base::Rune rune = base::decode_rune(rest_);
        base::append_rune(out, rune.value);
        rest_.remove_prefix(rune.width);
      }
    }
    return out;
  }

  char32_t escape() {
    static constexpr std::string_view kLetters = "\"\\/bfnrt";
    static constexpr std::string_view kCodes = "\"\\/\b\f\n\r\t";
    if (take('u')) return unicode_escape();
    const auto at = rest_.empty() ? kLetters.npos : kLetters.find(rest_[0]);
    if (at == kLetters.npos) {
      ok_ = false;
      return 0;
    }
    rest_.remove_prefix(1);
    return static_cast<unsigned char>(kCodes[at]);
  }

  /// Behind `\u`. Half a surrogate pair is U+FFFD, and what follows it stands for itself.
  char32_t unicode_escape() {
    const auto first = hex4(rest_);
    if (!first) {
      ok_ = false;
      return 0;
    }
    rest_.remove_prefix(4);
    if (*first < 0xd800 || *first >= 0xe000) return *first;
    const auto second = rest_.starts_with("\\u") ? hex4(rest_.substr(2)) : std::nullopt;
    if (*first >= 0xdc00 || !second || *second < 0xdc00 || *second >= 0xe000) return base::kReplacement;
    rest_.remove_prefix(6);
    return 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00);
  }

  static std::optional<char32_t> hex4(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    if (text.size() < 4) return std::nullopt;
    char32_t value = 0;
    for (const char c : text.substr(0, 4)) {
      const auto at = kHex.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
      if (at == kHex.npos) return std::nullopt;
      value = value << 4 | static_cast<char32_t>(at);
    }
    return value;
  }

  std::string_view rest_;
  std::vector<std::string> strings_;
  int depth_ = 0;
  bool ok_ = true;
  bool only_strings_ = true;
};

}  // namespace

std::optional<std::vector<std::string>> parse_json_form(std::string_view text) {
  text = base::trim_space_left(text);
  if (!text.starts_with('[')) return std::nullopt;
  ArrayReader reader(text);
  reader.read();
  if (!reader.ok()) return std::nullopt;
  if (!reader.only_strings()) {
    base::fail(base::Code::invalid_argument, "when using JSON array syntax, arrays must be comprised of strings only");
  }
  return reader.take();
}

}  // namespace dockerfile
