// SPDX-License-Identifier: Apache-2.0
// JSON, base64, hex, addresses, versions and sizes.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strings.h"
#include "rego/builtins.h"
#include "rego/semver.h"

namespace rego {
namespace {

std::optional<Value> json_marshal(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].weight());
  return Value(args[0].to_json().dump());
}
std::optional<base::Json> parsed_json(BuiltinContext& context, const std::string& text) {
  context.budget.charge(1 + text.size() / 8);
  try {
    return base::Json::parse(text);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}
std::optional<Value> json_unmarshal(BuiltinContext& context, Arguments args) {
  const auto json = parsed_json(context, args[0].string());
  return json ? std::optional(Value::of_json(*json)) : std::nullopt;
}
std::optional<Value> json_is_valid(BuiltinContext& context, Arguments args) {
  return Value(args[0].is_string() && parsed_json(context, args[0].string()).has_value());
}

/// Texts are UTF-8; what is none cannot be held.
std::optional<Value> text_of(std::optional<std::string> bytes) {
  if (!bytes || !base::is_utf8(*bytes)) return std::nullopt;
  return Value(std::move(*bytes));
}
std::optional<Value> base64_encode(BuiltinContext&, Arguments args) {
  return Value(base::base64_encode(args[0].string()));
}
std::optional<Value> base64_decode(BuiltinContext&, Arguments args) {
  return text_of(base::base64_decode(args[0].string()));
}
std::optional<Value> base64_is_valid(BuiltinContext&, Arguments args) {
  return Value(args[0].is_string() && args[0].string().size() % 4 == 0 &&
               base::base64_decode(args[0].string()).has_value());
}
std::string url_form(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}
std::optional<Value> base64url_encode(BuiltinContext&, Arguments args) {
  return Value(url_form(base::base64_encode(args[0].string())));
}
std::optional<Value> base64url_encode_bare(BuiltinContext&, Arguments args) {
  return Value(base::trim(url_form(base::base64_encode(args[0].string())), "="));
}
std::optional<Value> base64url_decode(BuiltinContext&, Arguments args) {
  std::string text = args[0].string();
  if (text.find_first_of("+/") != text.npos) return std::nullopt;
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text_of(base::base64_decode(text));
}

std::optional<Value> hex_encode(BuiltinContext&, Arguments args) {
  std::string text;
  for (const unsigned char byte : args[0].string()) text += base::format("{:02x}", byte);
  return Value(std::move(text));
}
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
/// Two digits at that place; nothing where they are none.
std::optional<char> hex_byte(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return std::nullopt;
  const int high = hex_digit(text[at]);
  const int low = hex_digit(text[at + 1]);
  return high < 0 || low < 0 ? std::nullopt : std::optional(static_cast<char>(high * 16 + low));
}
std::optional<Value> hex_decode(BuiltinContext&, Arguments args) {
  const std::string& text = args[0].string();
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const auto byte = hex_byte(text, at);
    if (!byte) return std::nullopt;
    bytes += *byte;
  }
  return text_of(std::move(bytes));
}

std::optional<Value> query_encode(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].weight());
  std::string text;
  for (const char c : args[0].string()) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-_.~").find(c) != std::string_view::npos;
    text += plain ? std::string(1, c) : c == ' ' ? "+" : base::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return Value(std::move(text));
}
std::optional<Value> query_decode(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].weight());
  const std::string& text = args[0].string();
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      const auto byte = hex_byte(text, at + 1);
      if (!byte) return std::nullopt;
      bytes += *byte;
      at += 2;
    } else {
      bytes += text[at] == '+' ? ' ' : text[at];
    }
  }
  return text_of(std::move(bytes));
}

struct Network {
  int family = 0;
  std::array<unsigned char, 16> bytes{};
  int bits = 0;
};
std::optional<Network> parse_network(std::string_view text, bool wants_prefix) {
  const auto parts = base::cut(text, "/");
  if (wants_prefix && !parts) return std::nullopt;
  const std::string address(parts ? parts->first : text);
  Network network;
  network.family = address.find(':') == address.npos ? AF_INET : AF_INET6;
  if (::inet_pton(network.family, address.c_str(), network.bytes.data()) != 1) return std::nullopt;
  const int all = network.family == AF_INET ? 32 : 128;
  network.bits = all;
  if (!parts) return network;
  const auto bits = base::parse_int(parts->second);
  if (!bits || *bits < 0 || *bits > all || parts->second.starts_with('+')) return std::nullopt;
  network.bits = static_cast<int>(*bits);
  return network;
}
std::optional<Value> cidr_contains(BuiltinContext&, Arguments args) {
  const auto outer = parse_network(args[0].string(), true);
  const auto inner = parse_network(args[1].string(), false);
  if (!outer || !inner) return std::nullopt;
  if (outer->family != inner->family || inner->bits < outer->bits) return Value(false);
  for (int bit = 0; bit < outer->bits; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const unsigned mask = 0x80U >> static_cast<unsigned>(bit % 8);
    if ((outer->bytes[byte] & mask) != (inner->bytes[byte] & mask)) return Value(false);
  }
  return Value(true);
}
std::optional<Value> cidr_is_valid(BuiltinContext&, Arguments args) {
  return Value(args[0].is_string() && parse_network(args[0].string(), true).has_value());
}

std::optional<Value> semver_compare(BuiltinContext&, Arguments args) {
  const auto order = compare_versions(args[0].string(), args[1].string());
  return order ? std::optional(Value(*order)) : std::nullopt;
}
std::optional<Value> semver_is_valid(BuiltinContext&, Arguments args) {
  return Value(args[0].is_string() && compare_versions(args[0].string(), "0.0.0").has_value());
}

/// Digits, a fraction and an exponent; an E without digits behind it is a unit.
std::size_t number_length(std::string_view text) {
  std::size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  at = std::min(text.find_first_not_of("0123456789.", at), text.size());
  if (at == text.size() || (text[at] != 'e' && text[at] != 'E')) return at;
  std::size_t digits = at + 1;
  if (digits < text.size() && (text[digits] == '-' || text[digits] == '+')) ++digits;
  const std::size_t end = std::min(text.find_first_not_of("0123456789", digits), text.size());
  return end == digits ? at : end;
}

/// A number and a unit: "10Mi", "1.5gb". Nothing for what is neither.
std::optional<Value> sized(const std::string& quoted, bool bytes) {
  const std::string text = base::replace_all(quoted, "\"", "");
  const std::size_t end = number_length(text);
  const std::string digits = text.substr(0, end);
  char* stop = nullptr;
  const double number = std::strtod(digits.c_str(), &stop);
  if (digits.empty() || *stop != '\0' || !std::isfinite(number)) return std::nullopt;
  std::string unit = text.substr(end);
  if (!bytes && unit == "m") return Value(number / 1000);
  if (!bytes && unit == "M") unit = "m";
  unit = base::lower(unit);
  if (bytes && unit.ends_with('b')) unit.pop_back();
  const bool binary = unit.size() == 2 && unit[1] == 'i';
  if (unit.empty()) return Value(bytes ? std::trunc(number) : number);
  const auto power = std::string_view("kmgtpe").find(unit[0]);
  if (power == std::string_view::npos || (unit.size() > 1 && !binary)) return std::nullopt;
  const double value = number * std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(power) + 1);
  if (!std::isfinite(value)) return std::nullopt;
  return Value(bytes ? std::trunc(value) : value);
}
std::optional<Value> units_parse(BuiltinContext&, Arguments args) { return sized(args[0].string(), false); }
std::optional<Value> units_parse_bytes(BuiltinContext&, Arguments args) { return sized(args[0].string(), true); }

constexpr std::array kEncodings{
    Builtin{"json.marshal", "*", json_marshal},
    Builtin{"json.unmarshal", "s", json_unmarshal},
    Builtin{"json.is_valid", "*", json_is_valid},
    Builtin{"base64.encode", "s", base64_encode},
    Builtin{"base64.decode", "s", base64_decode},
    Builtin{"base64.is_valid", "*", base64_is_valid},
    Builtin{"base64url.encode", "s", base64url_encode},
    Builtin{"base64url.encode_no_pad", "s", base64url_encode_bare},
    Builtin{"base64url.decode", "s", base64url_decode},
    Builtin{"hex.encode", "s", hex_encode},
    Builtin{"hex.decode", "s", hex_decode},
    Builtin{"urlquery.encode", "s", query_encode},
    Builtin{"urlquery.decode", "s", query_decode},
    Builtin{"net.cidr_contains", "ss", cidr_contains},
    Builtin{"net.cidr_is_valid", "*", cidr_is_valid},
    Builtin{"semver.compare", "ss", semver_compare},
    Builtin{"semver.is_valid", "*", semver_is_valid},
    Builtin{"units.parse", "s", units_parse},
    Builtin{"units.parse_bytes", "s", units_parse_bytes},
};

}  // namespace

BuiltinTable encoding_builtins() { return kEncodings; }

}  // namespace rego
