// SPDX-License-Identifier: Apache-2.0
#include "attest/git_object.h"

#include <algorithm>
#include <cstdint>

#include "base/base64.h"
#include "base/digest.h"
#include "base/format.h"
#include "base/strings.h"
#include "base/time.h"

namespace attest {
namespace {

constexpr std::string_view kPgpBegin = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kSshBegin = "-----BEGIN SSH SIGNATURE-----";

/// Reads numbers and runs of bytes off the front; a short text gives nothing from then on.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}

  std::optional<std::uint32_t> number(std::size_t width) {
    const auto bytes = take(width);
    if (!bytes) return std::nullopt;
    std::uint32_t value = 0;
    for (const unsigned char byte : *bytes) value = value << 8U | byte;
    return value;
  }
  std::optional<std::string_view> take(std::size_t count) {
    if (count > rest_.size()) return std::nullopt;
    const auto bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  /// As long as the number in front of it says.
  std::optional<std::string_view> counted(std::size_t width) {
    const auto count = number(width);
    return count ? take(*count) : std::nullopt;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::string hex_of(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += base::format("{:02x}", byte);
  return text;
}

/// The bytes between the armor's lines, without its headers and checksum.
std::optional<std::string> armored_bytes(std::string_view text) {
  std::string body;
  bool in_headers = false;
  bool inside = false;
  for (const auto& line : base::split(text, '\n')) {
    const std::string_view trimmed = base::trim(line);
    if (trimmed.starts_with("-----BEGIN ")) {
      inside = true;
      in_headers = trimmed == kPgpBegin;
    } else if (trimmed.starts_with("-----END ")) {
      break;
    } else if (inside && in_headers && trimmed.empty()) {
      in_headers = false;
    } else if (inside && !trimmed.starts_with('=') && (!in_headers || trimmed.find(": ") == trimmed.npos)) {
      in_headers = false;
      body += trimmed;
    }
  }
  return base::base64_decode(body);
}

/// The issuer among the subpackets of a version 4 signature (RFC 4880, 5.2.3).
std::string issuer_in(std::string_view subpackets) {
  std::string issuer;
  Bytes bytes(subpackets);
  while (!bytes.empty()) {
    auto length = bytes.number(1);
    if (length && *length >= 192 && *length < 255) {
      const auto low = bytes.number(1);
      length = low ? std::optional((*length - 192) * 256 + *low + 192) : std::nullopt;
    } else if (length && *length == 255) {
      length = bytes.number(4);
    }
    const auto packet = length ? bytes.take(*length) : std::nullopt;
    if (!packet || packet->empty()) return issuer;
    const unsigned type = static_cast<unsigned char>((*packet)[0]) & 0x7fU;
    if (type == 16 && packet->size() == 9) issuer = hex_of(packet->substr(1));
    if (type == 33 && packet->size() >= 22 && issuer.empty()) issuer = hex_of(packet->substr(packet->size() - 8));
  }
  return issuer;
}

GitSignatureNote pgp_note(std::string_view packet) {
  GitSignatureNote note;
  Bytes bytes(packet);
  const auto tag = bytes.number(1);
  if (!tag || (*tag & 0x80U) == 0) return note;
  const bool is_new = (*tag & 0x40U) != 0;
  auto length = bytes.number(is_new ? 1 : std::size_t{1} << (*tag & 3U));
  if (is_new && length && *length >= 192) length = bytes.number(*length == 255 ? 4 : 1);
  const auto version = bytes.number(1);
  if (!length || !version) return note;
  note.version = static_cast<int>(*version);
  if (*version == 3) {
    bytes.take(6);
    if (const auto id = bytes.take(8)) note.key = hex_of(*id);
  } else if (*version >= 4) {
    bytes.take(3);
    const std::size_t width = *version >= 6 ? 4 : 2;
    const auto hashed = bytes.counted(width);
    const auto other = bytes.counted(width);
    if (other) note.key = issuer_in(*other);
    if (hashed && note.key.empty()) note.key = issuer_in(*hashed);
  }
  return note;
}

GitSignatureNote ssh_note(std::string_view blob) {
  GitSignatureNote note;
  note.is_ssh = true;
  Bytes bytes(blob);
  const auto magic = bytes.take(6);
  const auto version = bytes.number(4);
  const auto key = bytes.counted(4);
  if (!magic || *magic != "SSHSIG" || !version) return note;
  note.version = static_cast<int>(*version);
  if (!key) return note;
  const std::string digest = base::sha256(*key).hex();
  std::string raw;
  for (std::size_t i = 0; i < digest.size(); i += 2) {
    raw += static_cast<char>(*base::parse_int(digest.substr(i, 2), 16));
  }
  note.key = "SHA256:" + std::string(base::trim(base::base64_encode(raw), "="));
  return note;
}

}  // namespace

GitObject GitObject::parse(std::string_view raw) {
  GitObject object;
  const auto end = std::min(raw.find("\n\n"), raw.size());
  std::string* continued = nullptr;
  for (const auto& line : base::split(raw.substr(0, end), '\n')) {
    if (line.starts_with(' ')) {
      if (continued) continued->append("\n").append(line, 1);
      continue;
    }
    const auto parts = base::cut(line, " ");
    if (!parts) continue;
    continued = &object.headers[std::string(parts->first)].emplace_back(parts->second);
  }
  object.message = raw.substr(std::min(end + 2, raw.size()));
  for (const char* name : {"gpgsig", "gpgsig-sha256"}) {
    if (object.signature.empty()) object.signature = object.header(name);
  }
  // A tag's signature stands at the end of its message.
  if (object.headers.contains("object")) {
    for (const std::string_view begin : {kPgpBegin, kSshBegin}) {
      const auto at = object.message.find(begin);
      if (at == std::string::npos || (at > 0 && object.message[at - 1] != '\n')) continue;
      object.signature = object.message.substr(at);
      object.message.resize(at);
    }
  }
  if (object.message.ends_with('\n')) object.message.pop_back();
  return object;
}

std::string GitObject::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() || found->second.empty() ? "" : found->second.front();
}

GitActor parse_git_actor(std::string_view text) {
  GitActor actor;
  const auto open = text.rfind('<');
  const auto close = text.rfind('>');
  if (open == text.npos || close == text.npos || close < open) return {std::string(base::trim(text)), "", ""};
  actor.name = base::trim(text.substr(0, open));
  actor.email = text.substr(open + 1, close - open - 1);
  const auto words = base::split(base::trim(text.substr(close + 1)), ' ');
  const auto seconds = base::parse_int(words[0]);
  if (!seconds || *seconds < 0 || *seconds > 7'000'000'000) return actor;
  const std::string zone = words.size() > 1 ? words[1] : "+0000";
  const auto digits = zone.size() == 5 ? base::parse_int(std::string_view(zone).substr(1)) : std::nullopt;
  if (!digits || (zone[0] != '+' && zone[0] != '-')) return actor;
  const std::int64_t minutes = (*digits / 100 * 60 + *digits % 100) * (zone[0] == '-' ? -1 : 1);
  actor.when = base::format_rfc3339((*seconds + minutes * 60) * base::kSecond);
  if (minutes != 0) {
    actor.when.pop_back();
    actor.when += base::format("{}:{}", zone.substr(0, 3), zone.substr(3));
  }
  return actor;
}

std::optional<GitSignatureNote> note_of_signature(std::string_view armored) {
  const bool is_ssh = armored.find(kSshBegin) != armored.npos;
  if (!is_ssh && armored.find(kPgpBegin) == armored.npos) return std::nullopt;
  const auto bytes = armored_bytes(armored);
  if (!bytes) return GitSignatureNote{.is_ssh = is_ssh};
  return is_ssh ? ssh_note(*bytes) : pgp_note(*bytes);
}

}  // namespace attest
