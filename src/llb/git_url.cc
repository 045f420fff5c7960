// SPDX-License-Identifier: Apache-2.0
#include "llb/git_url.h"

#include <algorithm>
#include <cctype>

#include "base/strings.h"

namespace llb {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string_view without_options(std::string_view text) { return text.substr(0, text.find_first_of("?#")); }

std::optional<GitUrl> parse_scheme_form(std::string_view text, std::size_t scheme_end) {
  GitUrl url;
  url.scheme = base::lower(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https" && url.scheme != "ssh" && url.scheme != "git") return std::nullopt;
  const auto rest = without_options(text.substr(scheme_end + 3));
  const auto slash = std::min(rest.find('/'), rest.size());
  auto authority = rest.substr(0, slash);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  auto path = percent_decoded(rest.substr(slash));
  if (!path) return std::nullopt;
  url.host = authority;
  url.path = std::move(*path);
  url.remote = url.scheme + "://" + std::string(rest);
  return url;
}

std::optional<GitUrl> parse_scp_form(std::string_view text) {
  const auto rest = without_options(text);
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == rest.size()) return std::nullopt;
  auto host = rest.substr(0, colon);
  const auto at = host.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == host.size()) return std::nullopt;
  GitUrl url;
  url.scheme = "ssh";
  url.host = host.substr(at + 1);
  url.path = rest.substr(colon + 1);
  url.remote = rest;
  return url;
}

}  // namespace

std::optional<GitUrl> parse_git_url(std::string_view text) {
  const auto scheme_end = text.find("://");
  if (scheme_end != std::string_view::npos && scheme_end > 0 &&
      std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(scheme_end),
                  [](unsigned char c) { return std::isalnum(c) != 0; })) {
    return parse_scheme_form(text, scheme_end);
  }
  return parse_scp_form(text);
}

}  // namespace llb
