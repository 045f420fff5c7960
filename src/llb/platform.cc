// SPDX-License-Identifier: Apache-2.0
#include "llb/platform.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/unicode.h"

namespace llb {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr std::string_view kOsExpression = "^([A-Za-z0-9_-]+)(?:\\(([A-Za-z0-9_.%-]*)((?:\\+[A-Za-z0-9_.%-]+)*)\\))?$";
constexpr std::string_view kPartExpression = "^[A-Za-z0-9_.-]+$";
constexpr std::string_view kKnownOs[] = {"aix",     "android", "darwin",  "dragonfly", "freebsd", "hurd",
                                         "illumos", "ios",     "js",      "linux",     "nacl",    "netbsd",
                                         "openbsd", "plan9",   "solaris", "windows",   "zos"};
constexpr std::string_view kKnownArchitectures[] = {
    "386",     "amd64",   "amd64p32", "arm",       "armbe",       "arm64", "arm64be", "ppc64",
    "ppc64le", "loong64", "mips",     "mipsle",    "ppc",         "riscv", "riscv64", "mips64",
    "s390",    "s390x",   "mips64le", "mips64p32", "mips64p32le", "sparc", "sparc64", "wasm"};

template <std::size_t N>
bool contains(const std::string_view (&list)[N], std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

template <typename... Args>
[[noreturn]] void fail(base::format_string<Args...> text, Args&&... args) {
  throw base::Error(base::Code::invalid_argument,
                    base::format(text, std::forward<Args>(args)...) + ": invalid argument");
}

constexpr std::string_view host_architecture() {
#if defined(__x86_64__)
  return "amd64";
#elif defined(__aarch64__)
  return "arm64";
#elif defined(__arm__)
  return "arm";
#elif defined(__i386__)
  return "386";
#elif defined(__riscv)
  return "riscv64";
#elif defined(__powerpc64__)
  return "ppc64le";
#elif defined(__s390x__)
  return "s390x";
#else
  return "unknown";
#endif
}

std::string normalize_os(std::string_view os) {
  if (os.empty()) return "linux";
  std::string lower = base::lower(os);
  return lower == "macos" ? "darwin" : lower;
}

/// Architecture and variant by their usual names.
std::pair<std::string, std::string> normalize_architecture(std::string_view written, std::string_view written_variant) {
  std::string architecture = base::lower(written);
  std::string variant = base::lower(written_variant);
  if (architecture == "i386") return {"386", ""};
  if (architecture == "armhf") return {"arm", "v7"};
  if (architecture == "armel") return {"arm", "v6"};
  if (architecture == "x86_64" || architecture == "x86-64" || architecture == "amd64") {
    return {"amd64", variant == "v1" ? "" : variant};
  }
  if (architecture == "aarch64" || architecture == "arm64") {
    if (variant == "8" || variant == "v8" || variant == "v8.0") variant = "";
    if (variant == "9" || variant == "9.0" || variant == "v9.0") variant = "v9";
    return {"arm64", variant};
  }
  if (architecture == "arm") {
    if (variant.empty() || variant == "7") variant = "v7";
    if (variant == "5" || variant == "6" || variant == "8") variant = "v" + variant;
  }
  return {architecture, variant};
}

bool is_os_option(std::string_view text) { return text.find_first_not_of(std::string(kLetters) + ".%") == text.npos; }

/// The pieces of "os(version+feature+feature)"; nothing when the text is something else.
struct OsPart {
  std::string_view os, version, features;
};

std::optional<OsPart> split_os(std::string_view text) {
  OsPart part;
  part.os = text.substr(0, text.find('('));
  if (part.os.empty() || part.os.find_first_not_of(kLetters) != part.os.npos) return std::nullopt;
  std::string_view options = text.substr(part.os.size());
  if (options.empty()) return part;
  if (!options.ends_with(')')) return std::nullopt;
  options = options.substr(1, options.size() - 2);
  part.version = options.substr(0, options.find('+'));
  if (!is_os_option(part.version)) return std::nullopt;
  if (part.version.size() == options.size()) return part;
  part.features = options.substr(part.version.size() + 1);
  for (const std::string& feature : base::split(part.features, '+')) {
    if (feature.empty() || !is_os_option(feature)) return std::nullopt;
  }
  return part;
}

int hex_digit(char c) {
  const auto at = std::string_view("0123456789abcdef").find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// Undoes %XX. Throws for a wrong one.
std::string decode_option(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text[0] != '%') {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3 || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0) {
      base::fail(base::Code::invalid_argument, "invalid URL escape {}", base::quote(text.substr(0, 3)));
    }
    out += static_cast<char>(hex_digit(text[1]) * 16 + hex_digit(text[2]));
    text.remove_prefix(3);
  }
  return out;
}

std::string encode_option(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("%+()/").find(c) == std::string_view::npos) {
      out += c;
    } else {
      out += base::format("%{:02X}", static_cast<unsigned>(c));
    }
  }
  return out;
}

void read_os(Platform& platform, std::string_view text, std::string_view specifier) {
  const auto part = split_os(text);
  if (!part) {
    fail("{} is an invalid OS component of {}: OSAndVersion specifier component must match {}", base::quote(text),
         base::quote(specifier), base::quote(kOsExpression));
  }
  platform.os = normalize_os(part->os);
  platform.os_version =
      base::with_context([&] { return decode_option(part->version); }, "{} has an invalid OS version {}",
                         base::quote(specifier), base::quote(part->version));
  if (part->features.empty()) return;
  for (const std::string& raw : base::split(part->features, '+')) {
    platform.os_features.push_back(base::with_context([&] { return decode_option(raw); },
                                                      "{} has invalid OS features: invalid os feature {}",
                                                      base::quote(specifier), base::quote(raw)));
  }
}

/// One word: an operating system, or else an architecture.
Platform complete(Platform platform, std::string_view word, std::string_view specifier) {
  if (contains(kKnownOs, platform.os)) {
    platform.architecture = host_architecture();
    return platform;
  }
  std::tie(platform.architecture, platform.variant) = normalize_architecture(word, "");
  if (!contains(kKnownArchitectures, platform.architecture)) {
    fail("{}: unknown operating system or architecture", base::quote(specifier));
  }
  platform.os = "linux";
  return platform;
}

}  // namespace

Platform host_platform() {
  Platform platform;
  platform.os = "linux";
  platform.architecture = host_architecture();
  return normalize(platform);
}

Platform parse_platform(std::string_view specifier) {
  if (specifier.find('*') != specifier.npos) fail("{}: wildcards not yet supported", base::quote(specifier));
  const auto parts = base::split_n(specifier, '/', 4);
  Platform platform;
  read_os(platform, parts[0], specifier);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].empty() || parts[i].find_first_not_of(std::string(kLetters) + ".") != std::string::npos) {
      fail("{} is an invalid component of {}: platform specifier component must match {}", base::quote(parts[i]),
           base::quote(specifier), base::quote(kPartExpression));
    }
  }
  if (parts.size() > 3) fail("{}: cannot parse platform specifier", base::quote(specifier));
  if (parts.size() == 1) {
    platform = complete(std::move(platform), parts[0], specifier);
  } else {
    std::tie(platform.architecture, platform.variant) =
        normalize_architecture(parts[1], parts.size() == 3 ? parts[2] : "");
  }
  // A variant that goes without saying is left out, unless it was written.
  if (parts.size() < 3 && platform.architecture == "arm" && platform.variant == "v7") platform.variant = "";
  if (parts.size() == 3 && platform.architecture == "arm64" && platform.variant.empty()) platform.variant = "v8";
  return platform;
}

Platform normalize(Platform platform) {
  platform.os = normalize_os(platform.os);
  std::tie(platform.architecture, platform.variant) = normalize_architecture(platform.architecture, platform.variant);
  auto& features = platform.os_features;
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());
  return platform;
}

namespace {

std::string join_parts(const std::string& os, const Platform& platform) {
  std::vector<std::string> parts;
  for (const std::string& part : {os, platform.architecture, platform.variant}) {
    if (!part.empty()) parts.push_back(part);
  }
  return base::clean_path(base::join(parts, "/"));
}

}  // namespace

std::string format_platform(const Platform& platform) {
  return platform.os.empty() ? "unknown" : join_parts(platform.os, platform);
}

std::string format_platform_all(const Platform& platform) {
  if (platform.os.empty()) return "unknown";
  auto features = platform.os_features;
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());
  std::string options = encode_option(platform.os_version);
  for (const std::string& feature : features) {
    if (!feature.empty()) options += "+" + encode_option(feature);
  }
  return join_parts(options.empty() ? platform.os : platform.os + "(" + options + ")", platform);
}

}  // namespace llb
