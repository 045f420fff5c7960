// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

// The EVP interface costs 3 ms before the first byte (it reads openssl.cnf and makes a table of every algorithm),
// a fifth of a cached build. These functions run the same code, SHA instructions included.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <cstring>

#include "base/error.h"

namespace base {
namespace {

constexpr std::string_view kPrefix = "sha256:";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::optional<Digest> Digest::parse(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 64) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  Bytes bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return Digest(bytes);
}

Digest Digest::parse_or_throw(std::string_view text) {
  if (auto digest = parse(text)) return *digest;
  fail(Code::invalid_argument, "invalid digest \"{}\": want sha256: and 64 hexadecimal digits", text);
}

std::string Digest::str() const { return set_ ? std::string(kPrefix) + hex() : std::string(); }

std::string Digest::hex() const { return set_ ? to_hex(bytes_) : std::string(); }

std::string to_hex(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

struct Sha256::State {
  State() { SHA256_Init(&context); }
  SHA256_CTX context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) { SHA256_Update(&state_->context, bytes.data(), bytes.size()); }
void Sha256::update(std::span<const std::byte> bytes) { SHA256_Update(&state_->context, bytes.data(), bytes.size()); }

Digest Sha256::finish() {
  Digest::Bytes bytes;
  SHA256_Final(bytes.data(), &state_->context);
  return Digest(bytes);
}

Digest hmac_sha256(std::string_view key, std::string_view message) {
  Digest::Bytes bytes;
  unsigned length = 0;
  const auto* got =
      ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(), bytes.data(), &length);
  SLIP_CHECK(got != nullptr && length == bytes.size());
  return Digest(bytes);
}

Digest sha256(std::string_view bytes) {
  Digest::Bytes digest;
  SHA256_CTX context;  // not SHA256(), which goes through EVP
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &context);
  return Digest(digest);
}

}  // namespace base

std::size_t std::hash<base::Digest>::operator()(const base::Digest& digest) const noexcept {
  std::size_t value;
  std::memcpy(&value, digest.bytes().data(), sizeof value);
  return value;
}
