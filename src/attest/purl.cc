// SPDX-License-Identifier: Apache-2.0
#include "attest/purl.h"

#include "base/strings.h"

namespace attest {
namespace {

/// `also` are the characters that stay besides letters, digits and "-._~".
std::string escape(std::string_view text, std::string_view also) {
  static constexpr std::string_view kPlain = "-._~";
  static constexpr const char* kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (word || kPlain.find(c) != kPlain.npos || also.find(c) != also.npos) {
      out += c;
    } else {
      out += '%';
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

/// %XX back to bytes; what is no such triple stays.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = text[i] == '%' && i + 2 < text.size() ? base::parse_int(text.substr(i + 1, 2), 16) : std::nullopt;
    out += code ? static_cast<char>(*code) : text[i];
    if (code) i += 2;
  }
  return out;
}

}  // namespace

std::string purl(const PackageUrl& url) {
  std::string text = "pkg:" + url.type;
  for (const auto& part : base::split(url.name_space, '/')) {
    if (!part.empty()) text += "/" + escape(part, "");
  }
  text += "/" + escape(url.name, "");
  if (!url.version.empty()) text += "@" + escape(url.version, ":");
  char separator = '?';
  for (const auto& [key, value] : url.qualifiers) {
    if (value.empty()) continue;
    text += separator + key + "=" + escape(value, ":");
    separator = '&';
  }
  return text;
}

std::optional<PackageUrl> parse_purl(std::string_view text) {
  constexpr std::string_view kScheme = "pkg:";
  if (!text.starts_with(kScheme)) return std::nullopt;
  text = text.substr(kScheme.size(), text.find('#') - kScheme.size());
  PackageUrl url;
  if (const auto parts = base::cut(text, "?")) {
    text = parts->first;
    for (const auto& pair : base::split(parts->second, '&')) {
      if (const auto value = base::cut(pair, "=")) url.qualifiers[std::string(value->first)] = unescape(value->second);
    }
  }
  // A version stands behind the last @ of the name; one before a slash is part of a scope.
  const auto at = text.rfind('@');
  if (at != text.npos && text.find('/', at) == text.npos) {
    url.version = unescape(text.substr(at + 1));
    text = text.substr(0, at);
  }
  const auto first = text.find('/');
  const auto last = text.rfind('/');
  if (first == text.npos || first == 0 || last + 1 == text.size()) return std::nullopt;
  url.type = base::lower(text.substr(0, first));
  if (last > first) url.name_space = unescape(text.substr(first + 1, last - first - 1));
  url.name = unescape(text.substr(last + 1));
  return url;
}

std::string image_purl(const oci::Reference& reference, std::string_view platform, std::string_view type) {
  const oci::Reference named = reference.tagged();
  const std::string name = named.familiar_name();
  const auto slash = name.rfind('/');
  PackageUrl url;
  url.type = type;
  if (slash != name.npos) url.name_space = name.substr(0, slash);
  url.name = slash == name.npos ? name : name.substr(slash + 1);
  url.version = named.tag;
  url.qualifiers["digest"] = named.digest.str();
  url.qualifiers["platform"] = platform;
  return purl(url);
}

}  // namespace attest
