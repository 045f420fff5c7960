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
