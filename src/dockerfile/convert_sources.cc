// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/convert_sources.h"

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "dockerfile/git_ref.h"
#include "dockerfile/go_values.h"

namespace dockerfile {

namespace {

constexpr std::uint32_t kAllModeBits = 07777;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) < 0x20 || text[i] == 0x7f) return std::nullopt;
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return out;
}

bool is_symbolic_mode(std::string_view text) {
  for (;;) {
    const auto op = text.find_first_not_of("augo");
    if (op == std::string_view::npos) return false;
    text.remove_prefix(op);
    // One "who" may have several operations: u+r-w.
    do {
      if (text.front() != '+' && text.front() != '-' && text.front() != '=') return false;
      text.remove_prefix(1);
      text.remove_prefix(std::min(text.find_first_not_of("rstwXxugo"), text.size()));
      if (text.empty()) return true;
    } while (text.front() != ',');
    text.remove_prefix(1);
  }
}

std::size_t digest_length(std::string_view algorithm) {
  if (algorithm == "sha256") return 64;
  if (algorithm == "sha384") return 96;
  if (algorithm == "sha512") return 128;
  return 0;
}

bool is_algorithm_name(std::string_view text) {
  const auto word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || !word(text.front()) || !word(text.back())) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (word(text[i])) continue;
    if (std::string_view(".+_-").find(text[i]) == std::string_view::npos || !word(text[i + 1])) return false;
  }
  return true;
}

}  // namespace

bool is_git_source(std::string_view text) {
  const auto parsed = parse_git_ref(text);
  return parsed.is_git && parsed.ref.has_value();
}

bool is_http_source(std::string_view text) {
  return (text.starts_with("http://") || text.starts_with("https://")) && !is_git_source(text);
}

std::string url_file_name(std::string_view url) {
  constexpr std::string_view kUnnamed = "__unnamed__";
  auto rest = url.substr(url.find("://") + 3);
  rest = rest.substr(0, rest.find('#'));
  rest = rest.substr(0, rest.find('?'));
  const auto path = percent_decoded(rest.substr(std::min(rest.find('/'), rest.size())));
  if (!path) return std::string(kUnnamed);
  auto name = base::base_name(*path);
  return name == "." || name == "/" ? std::string(kUnnamed) : name;
}

std::string checked_digest(const std::string& text) {
  const auto invalid = [](std::string_view why) { base::fail(base::Code::invalid_argument, "{}", why); };
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) invalid("invalid checksum digest format");
  const auto algorithm = std::string_view(text).substr(0, colon);
  const auto encoded = std::string_view(text).substr(colon + 1);
  const auto length = digest_length(algorithm);
  if (length == 0) {
    const bool clean = std::all_of(encoded.begin(), encoded.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '=' || c == '_' || c == '-';
    });
    invalid(is_algorithm_name(algorithm) && clean ? "unsupported digest algorithm" : "invalid checksum digest format");
  }
  if (encoded.size() != length) invalid("invalid checksum digest length");
  if (encoded.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    invalid("invalid checksum digest format");
  }
  return text;
}

Chmod parse_chmod(std::string_view text) {
  const auto not_octal = [&] {
    base::fail(base::Code::invalid_argument,
               "invalid chmod parameter: '{}'. it should be octal string and between 0 and 07777", text);
  };
  if (const auto octal = parse_uint32(text, 8)) {
    if (*octal > kAllModeBits) not_octal();
    return {octal};
  }
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') not_octal();
  if (!is_symbolic_mode(text)) base::fail(base::Code::invalid_argument, "invalid syntax");
  return {};
}

}  // namespace dockerfile
