// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/url.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/invalid.h"

namespace dockerfile {
namespace {

enum class Part : std::uint8_t { host, user, path, query, fragment };

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_one_of(char c, std::string_view set) { return set.find(c) != set.npos; }

int hex_value(char c) {
  const auto at = std::string_view("0123456789abcdef").find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// Whether `c` must be written as %XX in that part.
bool needs_escape(char c, Part part) {
  if (is_letter(c) || is_digit(c) || is_one_of(c, "-_.~")) return false;
  switch (part) {
    case Part::host: return !is_one_of(c, "!$&'()*+,;=:[]<>\"");
    case Part::user: return !is_one_of(c, "$&+,;=");
    case Part::path: return !is_one_of(c, "$&+,/:;=@");
    case Part::fragment: return !is_one_of(c, "$&+,/:;=?@!()*");
    case Part::query: return true;
  }
  return true;
}

std::string escape(std::string_view text, Part part) {
  std::string out;
  for (const char c : text) {
    if (needs_escape(c, part)) {
      out += base::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out;
}

/// Undoes %XX. Throws for a malformed one, and for what a host name may not contain.
std::string unescape(std::string_view text, Part part) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      const std::string_view triple = text.substr(i, 3);
      const int high = triple.size() == 3 ? hex_value(triple[1]) : -1;
      const int low = triple.size() == 3 ? hex_value(triple[2]) : -1;
      // A host name may encode only what is not ASCII, and the percent sign of a zone.
      const bool misplaced = part == Part::host && high < 8 && triple != "%25";
      if (high < 0 || low < 0 || misplaced) invalid("invalid URL escape " + base::quote(triple));
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else if (part == Part::host && static_cast<unsigned char>(c) < 0x80 && needs_escape(c, part)) {
      invalid("invalid character " + base::quote({&c, 1}) + " in host name");
    } else {
      out += part == Part::query && c == '+' ? ' ' : c;
    }
  }
  return out;
}

bool is_optional_port(std::string_view text) {
  return text.empty() || (text[0] == ':' && std::all_of(text.begin() + 1, text.end(), is_digit));
}

std::string read_host(std::string_view text) {
  std::string_view port;
  if (text.find('[') != text.npos) {
    const auto close = text.rfind(']');
    if (close == text.npos) invalid("missing ']' in host");
    port = text.substr(close + 1);
  } else if (const auto colon = text.find(':'); colon != text.npos) {
    port = text.substr(colon);
  }
  if (!is_optional_port(port)) invalid("invalid port " + base::quote(port) + " after host");
  return unescape(text, Part::host);
}

void read_authority(Url& url, std::string_view text) {
  const auto at = text.rfind('@');
  url.host = read_host(at == text.npos ? text : text.substr(at + 1));
  if (at == text.npos) return;
  const std::string_view user = text.substr(0, at);
  const bool valid = std::all_of(user.begin(), user.end(), [](char c) {
    return is_letter(c) || is_digit(c) || is_one_of(c, "-._:~!$&'()*+,;=%@");
  });
  if (!valid) invalid("net/url: invalid userinfo");
  const auto colon = user.find(':');
  url.user = UrlUser{unescape(user.substr(0, colon), Part::user), std::nullopt};
  if (colon != user.npos) url.user->password = unescape(user.substr(colon + 1), Part::user);
}

/// Takes "scheme:" off `rest`.
std::string take_scheme(std::string_view& rest) {
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (is_letter(c)) continue;
    if (c == ':') {
      if (i == 0) invalid("missing protocol scheme");
      std::string scheme = base::lower(rest.substr(0, i));
      rest.remove_prefix(i + 1);
      return scheme;
    }
    if (i == 0 || !(is_digit(c) || is_one_of(c, "+-."))) return "";
  }
  return "";
}

void take_query(Url& url, std::string_view& rest) {
  const auto question = rest.find('?');
  if (question == rest.npos) return;
  url.lone_question_mark = question + 1 == rest.size();
  url.raw_query = rest.substr(question + 1);
  rest = rest.substr(0, question);
}

void read_body(Url& url, std::string_view rest) {
  const bool control =
      std::any_of(rest.begin(), rest.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  if (control) invalid("net/url: invalid control character in URL");
  if (rest == "*") {
    url.path = "*";
    return;
  }
  url.scheme = take_scheme(rest);
  take_query(url, rest);
  if (!rest.starts_with('/')) {
    if (!url.scheme.empty()) {
      url.opaque = rest;
      return;
    }
    if (rest.substr(0, rest.find('/')).find(':') != rest.npos) {
      invalid("first path segment in URL cannot contain colon");
    }
  }
  if ((!url.scheme.empty() || !rest.starts_with("///")) && rest.starts_with("//")) {
    const auto slash = std::min(rest.find('/', 2), rest.size());
    read_authority(url, rest.substr(2, slash - 2));
    rest.remove_prefix(slash);
  } else if (!url.scheme.empty() && rest.starts_with('/')) {
    url.omit_host = true;
  }
  url.path = unescape(rest, Part::path);
  if (escape(url.path, Part::path) != rest) url.raw_path = rest;
}

std::string encoded_path(const Url& url) {
  const bool raw_is_valid = std::all_of(url.raw_path.begin(), url.raw_path.end(), [](char c) {
    return is_one_of(c, "!$&'()*+,;=:@[]%") || !needs_escape(c, Part::path);
  });
  if (!url.raw_path.empty() && raw_is_valid) return url.raw_path;
  return url.path == "*" ? "*" : escape(url.path, Part::path);
}

/// Calls `pair` with each name and value; the answer is false when some were malformed.
template <typename Pair>
bool each_pair(std::string_view text, Pair pair) {
  bool ok = true;
  for (const std::string& item : base::split(text, '&')) {
    if (item.empty()) continue;
    const auto equals = item.find('=');
    try {
      if (item.find(';') != item.npos) invalid("invalid semicolon separator in query");
      const std::string_view name = std::string_view(item).substr(0, equals);
      const std::string_view value = equals == item.npos ? "" : std::string_view(item).substr(equals + 1);
      std::string decoded_name = unescape(name, Part::query);
      pair(std::move(decoded_name), unescape(value, Part::query));
    } catch (const base::Error&) {
      ok = false;
    }
  }
  return ok;
}

/// Adds to the values of `name`.
void add_value(UrlQuery& query, std::string name, std::string value) {
  auto at = std::find_if(query.begin(), query.end(), [&](const auto& known) { return known.first == name; });
  if (at == query.end()) at = query.emplace(query.end(), std::move(name), std::vector<std::string>());
  at->second.push_back(std::move(value));
}

}  // namespace

Url Url::parse(std::string_view text) {
  Url url;
  const auto hash = text.find('#');
  const std::string_view body = text.substr(0, hash);
  base::with_context([&] { read_body(url, body); }, "parse {}", base::quote(body));
  if (hash != text.npos) {
    base::with_context([&] { url.fragment = unescape(text.substr(hash + 1), Part::fragment); }, "parse {}",
                       base::quote(text));
  }
  return url;
}

std::string Url::text() const {
  std::string out = scheme.empty() ? "" : scheme + ":";
  if (!opaque.empty()) {
    out += opaque;
  } else {
    const bool has_authority = !host.empty() || user.has_value();
    if ((!scheme.empty() || has_authority) && !(omit_host && !has_authority)) {
      if (has_authority || !path.empty()) out += "//";
      if (user) {
        out += escape(user->name, Part::user);
        if (user->password) out += ":" + escape(*user->password, Part::user);
        out += '@';
      }
      out += escape(host, Part::host);
    }
    const std::string encoded = encoded_path(*this);
    if (!encoded.empty() && encoded[0] != '/' && !host.empty()) out += '/';
    if (out.empty() && encoded.substr(0, encoded.find('/')).find(':') != encoded.npos) out += "./";
    out += encoded;
  }
  if (lone_question_mark || !raw_query.empty()) out += "?" + raw_query;
  return out;
}

UrlQuery Url::query() const {
  UrlQuery query;
  each_pair(raw_query,
            [&](std::string name, std::string value) { add_value(query, std::move(name), std::move(value)); });
  return query;
}

std::optional<UrlQuery> parse_url_query(std::string_view text) {
  UrlQuery query;
  const bool ok = each_pair(
      text, [&](std::string name, std::string value) { add_value(query, std::move(name), std::move(value)); });
  return ok ? std::optional(std::move(query)) : std::nullopt;
}

}  // namespace dockerfile
