// SPDX-License-Identifier: Apache-2.0
#include "llb/image_reference.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/unicode.h"

namespace llb {
namespace {

constexpr std::string_view kDefaultDomain = "docker.io";
constexpr std::string_view kLegacyDomain = "index.docker.io";
constexpr std::string_view kOfficial = "library/";
constexpr std::size_t kMaxPath = 255;
constexpr std::size_t kMaxTag = 128;

[[noreturn]] void fail(std::string text) { throw base::Error(base::Code::invalid_argument, std::move(text)); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }
bool is_lower_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_hex(char c) { return is_lower_hex(c) || (c >= 'A' && c <= 'F'); }

template <typename Predicate>
bool all(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

/// Calls `good` for each piece between separators; false as soon as one is not good.
template <typename Predicate>
bool each_piece(std::string_view text, char separator, Predicate good) {
  for (;;) {
    const auto at = text.find(separator);
    if (!good(text.substr(0, at))) return false;
    if (at == text.npos) return true;
    text.remove_prefix(at + 1);
  }
}

bool is_domain_label(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         all(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_host(std::string_view text) {
  if (!text.starts_with('[')) return each_piece(text, '.', is_domain_label);
  return text.size() > 2 && text.ends_with(']') &&
         all(text.substr(1, text.size() - 2), [](char c) { return is_hex(c) || c == ':'; });
}

bool is_domain(std::string_view text) {
  if (is_host(text)) return true;
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon + 1 == text.size()) return false;
  return all(text.substr(colon + 1), is_digit) && is_host(text.substr(0, colon));
}

/// Lower-case words with ".", "_", "__" or dashes between them.
bool is_path_component(std::string_view text) {
  for (;;) {
    const auto word = std::find_if_not(text.begin(), text.end(), [](char c) { return is_lower(c) || is_digit(c); });
    if (word == text.begin()) return false;
    text.remove_prefix(static_cast<std::size_t>(word - text.begin()));
    if (text.empty()) return true;
    const std::size_t dashes = std::min(text.find_first_not_of('-'), text.size());
    if (dashes > 0) {
      text.remove_prefix(dashes);
    } else if (text[0] == '.' || text[0] == '_') {
      text.remove_prefix(text.starts_with("__") ? 2 : 1);
    } else {
      return false;
    }
  }
}

bool is_path(std::string_view text) { return each_piece(text, '/', is_path_component); }

bool is_tag(std::string_view text) {
  const auto is_word = [](char c) { return is_alphanumeric(c) || c == '_'; };
  return !text.empty() && text.size() <= kMaxTag && is_word(text[0]) &&
         all(text, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos) return false;
  const std::string_view hex = text.substr(colon + 1);
  if (hex.size() < 32 || !all(hex, is_hex)) return false;
  bool word_start = true;
  for (const char c : text.substr(0, colon)) {
    const bool separator = std::string_view("-_+.").find(c) != std::string_view::npos;
    if (word_start ? !is_letter(c) : !separator && !is_alphanumeric(c)) return false;
    word_start = separator;
  }
  return !word_start;
}

/// Throws unless `digest`, already of the right form, is of a known algorithm and length.
void check_digest(std::string_view digest) {
  static constexpr std::pair<std::string_view, std::size_t> kAlgorithms[] = {
      {"sha256", 64}, {"sha384", 96}, {"sha512", 128}};
  const auto colon = digest.find(':');
  for (const auto& [name, size] : kAlgorithms) {
    if (digest.substr(0, colon) != name) continue;
    const std::string_view hex = digest.substr(colon + 1);
    if (hex.size() != size) fail("invalid checksum digest length");
    if (!all(hex, is_lower_hex)) fail("invalid checksum digest format");
    return;
  }
  const bool lower = all(digest.substr(0, colon), [](char c) { return !is_letter(c) || is_lower(c); });
  fail(lower ? "unsupported digest algorithm" : "invalid checksum digest format");
}

/// Takes apart domain/path:tag@digest. Nothing when the text is not of that form.
std::optional<ImageReference> split_reference(std::string_view text) {
  ImageReference reference;
  const auto at = text.find('@');
  if (at != text.npos) {
    reference.digest = text.substr(at + 1);
    if (!is_digest(reference.digest)) return std::nullopt;
  }
  std::string_view name = text.substr(0, at);
  const auto slash = name.rfind('/');
  const auto colon = name.find(':', slash == name.npos ? 0 : slash);
  if (colon != name.npos) {
    reference.tag = name.substr(colon + 1);
    if (!is_tag(reference.tag)) return std::nullopt;
    name = name.substr(0, colon);
  }
  const auto first = name.find('/');
  if (first != name.npos && is_domain(name.substr(0, first)) && is_path(name.substr(first + 1))) {
    reference.domain = name.substr(0, first);
    reference.path = name.substr(first + 1);
  } else if (is_path(name)) {
    reference.path = name;
  } else {
    return std::nullopt;
  }
  return reference;
}

/// Domain and the rest, with what Docker implies filled in.
std::pair<std::string, std::string> split_domain(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) return {std::string(kDefaultDomain), std::string(kOfficial) + std::string(text)};
  std::string domain(text.substr(0, slash));
  std::string rest(text.substr(slash + 1));
  if (domain == kLegacyDomain) {
    domain = kDefaultDomain;
  } else if (domain != "localhost" && domain.find_first_of(".:") == domain.npos &&
             base::lower_runes(domain) == domain) {
    domain = kDefaultDomain;
    rest = text;
  }
  if (domain == kDefaultDomain && rest.find('/') == rest.npos) rest.insert(0, kOfficial);
  return {domain, rest};
}

}  // namespace

ImageReference ImageReference::parse(std::string_view text) {
  if (text.size() == 64 && all(text, is_lower_hex)) {
    fail(base::format("invalid repository name ({}), cannot specify 64-byte hexadecimal strings", text));
  }
  const auto [domain, rest] = split_domain(text);
  const std::string remote = rest.substr(0, rest.find(':'));
  if (base::lower_runes(remote) != remote) {
    fail(base::format("invalid reference format: repository name ({}) must be lowercase", remote));
  }
  const std::string full = domain + "/" + rest;
  auto reference = split_reference(full);
  if (!reference) {
    fail(split_reference(base::lower_runes(full)) ? "repository name must be lowercase" : "invalid reference format");
  }
  if (reference->path.size() > kMaxPath) fail("repository name must not be more than 255 characters");
  if (!reference->digest.empty()) check_digest(reference->digest);
  return std::move(*reference);
}

std::string ImageReference::text() const {
  return name() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

std::string ImageReference::familiar_name() const {
  if (domain != kDefaultDomain) return name();
  const bool official = path.starts_with(kOfficial) && path.find('/', kOfficial.size()) == path.npos;
  return official ? path.substr(kOfficial.size()) : path;
}

std::string ImageReference::familiar() const {
  return familiar_name() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

ImageReference ImageReference::with_default_tag() const {
  ImageReference tagged = *this;
  if (name_only()) tagged.tag = "latest";
  return tagged;
}

}  // namespace llb
