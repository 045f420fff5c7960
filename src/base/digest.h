// SPDX-License-Identifier: Apache-2.0
#pragma once
// Digests: "sha256:<64 hex>", the name of every blob, op and cache key.
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace base {

/// A SHA-256 digest as a value of 32 bytes. A default Digest is empty and names nothing.
class Digest {
 public:
  using Bytes = std::array<std::uint8_t, 32>;

  Digest() = default;
  explicit Digest(const Bytes& bytes) : bytes_(bytes), set_(true) {}

  /// Reads "sha256:<64 lower-case hex>"; nothing for anything else.
  static std::optional<Digest> parse(std::string_view text);
  /// As parse, but throws invalid_argument and names the text.
  static Digest parse_or_throw(std::string_view text);

  bool empty() const { return !set_; }
  /// "sha256:…", or "" when empty.
  std::string str() const;
  /// The hex digits alone.
  std::string hex() const;
  /// The first twelve hex digits, for people.
  std::string short_hex() const { return hex().substr(0, 12); }
  const Bytes& bytes() const { return bytes_; }

  auto operator<=>(const Digest&) const = default;

 private:
  Bytes bytes_{};
  bool set_ = false;
};

/// A running SHA-256 (OpenSSL's, which uses the CPU's SHA instructions).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  void update(std::span<const std::byte> bytes);
  /// Ends the hash; the object may only be destroyed or assigned afterwards.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(std::string_view bytes);

/// HMAC-SHA-256 (RFC 2104): names `message` for those who have the key, and tells others nothing of it.
Digest hmac_sha256(std::string_view key, std::string_view message);

/// Lower-case hex of any bytes.
std::string to_hex(std::span<const std::uint8_t> bytes);

}  // namespace base

template <>
struct std::hash<base::Digest> {
  std::size_t operator()(const base::Digest& digest) const noexcept;
};
