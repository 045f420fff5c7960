// SPDX-License-Identifier: Apache-2.0
#include "oci/platform.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/strings.h"
#include "oci/url.h"

namespace oci {
namespace {

constexpr std::array<std::string_view, 17> kKnownOs = {
    "aix",   "android", "darwin", "dragonfly", "freebsd", "hurd",    "illumos", "ios", "js",
    "linux", "nacl",    "netbsd", "openbsd",   "plan9",   "solaris", "windows", "zos"};
constexpr std::array<std::string_view, 23> kKnownArchitectures = {
    "386",     "amd64",   "amd64p32", "arm",    "armbe",  "arm64",    "arm64be",   "ppc64",
    "ppc64le", "loong64", "mips",     "mipsle", "mips64", "mips64le", "mips64p32", "mips64p32le",
    "ppc",     "riscv",   "riscv64",  "s390",   "s390x",  "sparc",    "wasm"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string normalize_os(std::string_view os) {
  const std::string lower = base::lower(os);
  return lower == "macos" ? "darwin" : lower;
}

void normalize_architecture(std::string& architecture, std::string& variant) {
  architecture = base::lower(architecture);
  variant = base::lower(variant);
  if (architecture == "i386") {
    architecture = "386";
    variant.clear();
  } else if (architecture == "x86_64" || architecture == "x86-64" || architecture == "amd64") {
    architecture = "amd64";
    if (variant == "v1") variant.clear();
  } else if (architecture == "aarch64" || architecture == "arm64") {
    architecture = "arm64";
    if (variant == "8" || variant == "v8" || variant == "v8.0") variant.clear();
    if (variant == "9" || variant == "9.0" || variant == "v9.0") variant = "v9";
  } else if (architecture == "armhf" || architecture == "armel") {
    variant = architecture == "armhf" ? "v7" : "v6";
    architecture = "arm";
  } else if (architecture == "arm") {
    if (variant.empty() || variant == "7") variant = "v7";
    if (variant == "5" || variant == "6" || variant == "8") variant.insert(0, "v");
  }
}

[[noreturn]] void invalid(std::string_view text, std::string_view why) {
  base::fail(base::Code::invalid_argument, "failed to parse platform \"{}\": {}", text, why);
}

bool is_name(std::string_view text, std::string_view extra) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

// "%2B" and friends inside the parentheses of an os.
std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (const auto value = base::parse_int(text.substr(i + 1, 2), 16)) {
        out += static_cast<char>(*value);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

// "linux", "windows(10.0.17763)", "windows(10.0+win32k)".
void parse_os(std::string_view part, std::string_view whole, Platform& platform) {
  const std::size_t open = part.find('(');
  const std::string_view name = part.substr(0, open);
  if (!is_name(name, "_-")) invalid(whole, base::format("\"{}\" is no name of an operating system", name));
  platform.os = normalize_os(name);
  if (open == std::string_view::npos) return;
  if (!part.ends_with(')')) invalid(whole, "missing \")\"");
  const auto options = base::split(part.substr(open + 1, part.size() - open - 2), '+');
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i].empty() && i == 0) continue;
    if (!is_name(options[i], "_.%-")) invalid(whole, base::format("bad os option \"{}\"", options[i]));
    if (i == 0) {
      platform.os_version = percent_decode(options[i]);
    } else {
      platform.os_features.push_back(percent_decode(options[i]));
    }
  }
}

Platform parse_single(std::string_view text, Platform platform) {
  const Platform host = host_platform();
  if (contains(kKnownOs, platform.os)) {
    platform.architecture = host.architecture;
    if (host.architecture == "arm" && host.variant != "v7") platform.variant = host.variant;
    return platform;
  }
  platform.architecture = std::string(text);
  normalize_architecture(platform.architecture, platform.variant);
  if (platform.architecture == "arm" && platform.variant == "v7") platform.variant.clear();
  if (!contains(kKnownArchitectures, platform.architecture)) invalid(text, "unknown operating system or architecture");
  platform.os = host.os;
  return platform;
}

Platform with_architecture(const Platform& platform, std::string architecture, std::string variant) {
  Platform result = platform;
  result.architecture = std::move(architecture);
  result.variant = std::move(variant);
  return result;
}

// "v7" → 7, "v8.2" → (8, 2); nothing for other text.
std::optional<std::pair<std::int64_t, std::int64_t>> version_of(std::string_view variant) {
  if (!variant.starts_with('v')) return std::nullopt;
  const auto parts = base::split_n(variant.substr(1), '.', 2);
  const auto major = base::parse_int(parts[0]);
  const auto minor = parts.size() == 2 ? base::parse_int(parts[1]) : std::optional<std::int64_t>(0);
  if (!major || !minor || *major < 0 || *minor < 0 || *major > 99 || *minor > 99) return std::nullopt;
  return std::pair{*major, *minor};
}

void append_amd64(const Platform& wanted, std::vector<Platform>& accepted) {
  accepted.push_back(wanted);
  if (const auto version = version_of(wanted.variant)) {
    for (auto v = version->first - 1; v >= 1; --v) {
      accepted.push_back(with_architecture(wanted, "amd64", base::format("v{}", v)));
    }
  }
  accepted.push_back(with_architecture(wanted, "386", ""));
}

void append_arm(const Platform& wanted, std::vector<Platform>& accepted) {
  accepted.push_back(wanted);
  if (const auto version = version_of(wanted.variant)) {
    for (auto v = version->first - 1; v >= 5; --v) {
      accepted.push_back(with_architecture(wanted, "arm", base::format("v{}", v)));
    }
  }
}

// Armv9.x implements Armv8.(x+5), so v9 machines run what v8.5 ones run.
void append_arm64(const Platform& wanted, std::vector<Platform>& accepted) {
  auto version = version_of(wanted.variant.empty() ? "v8" : wanted.variant);
  if (!version || version->first < 8 || version->first > 9 || version->second > 9) {
    accepted.push_back(wanted);
    return;
  }
  auto [major, minor] = *version;
  for (;;) {
    for (auto m = minor; m >= 0; --m) {
      const std::string variant = m == 0 ? base::format("v{}", major) : base::format("v{}.{}", major, m);
      accepted.push_back(with_architecture(wanted, "arm64", variant));
    }
    if (major == 8) break;
    major = 8;
    minor = std::min<std::int64_t>(minor + 5, 9);
  }
  append_arm(with_architecture(wanted, "arm", "v8"), accepted);
}

bool same(const Platform& wanted, const Platform& candidate) {
  if (wanted.os != candidate.os || wanted.architecture != candidate.architecture ||
      wanted.variant != candidate.variant) {
    return false;
  }
  return std::all_of(candidate.os_features.begin(), candidate.os_features.end(), [&](const std::string& feature) {
    return std::find(wanted.os_features.begin(), wanted.os_features.end(), feature) != wanted.os_features.end();
  });
}

}  // namespace

Platform host_platform() {
  utsname name{};
  ::uname(&name);
  Platform platform{.os = "linux", .architecture = name.machine, .variant = "", .os_version = "", .os_features = {}};
  if (platform.architecture.starts_with("armv") && platform.architecture.size() > 4) {
    platform.variant = base::format("v{}", platform.architecture[4]);
    platform.architecture = "arm";
  } else if (platform.architecture.size() == 4 && platform.architecture.ends_with("86")) {
    platform.architecture = "386";
  } else if (platform.architecture == "loongarch64") {
    platform.architecture = "loong64";
  }
  return normalize(platform);
}

Platform normalize(Platform platform) {
  platform.os = platform.os.empty() ? "linux" : normalize_os(platform.os);
  normalize_architecture(platform.architecture, platform.variant);
  std::sort(platform.os_features.begin(), platform.os_features.end());
  return platform;
}

Platform parse_platform(std::string_view text) {
  if (text.find('*') != std::string_view::npos) invalid(text, "wildcards are not supported");
  const auto parts = base::split(text, '/');
  Platform platform;
  parse_os(parts[0], text, platform);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (!is_name(parts[i], "_.-")) invalid(text, base::format("bad component \"{}\"", parts[i]));
  }
  if (parts.size() == 1) return parse_single(text, platform);
  if (parts.size() > 3) invalid(text, "want os/architecture or os/architecture/variant");
  platform.architecture = parts[1];
  if (parts.size() == 3) platform.variant = parts[2];
  normalize_architecture(platform.architecture, platform.variant);
  if (parts.size() == 2 && platform.architecture == "arm" && platform.variant == "v7") platform.variant.clear();
  if (parts.size() == 3 && platform.architecture == "arm64" && platform.variant.empty()) platform.variant = "v8";
  return platform;
}

std::string format_platform(const Platform& platform) {
  if (platform.os.empty()) return "unknown";
  std::string text = platform.os;
  if (!platform.architecture.empty()) text += "/" + platform.architecture;
  if (!platform.variant.empty()) text += "/" + platform.variant;
  return text;
}

std::string format_platform_all(const Platform& platform) {
  if (platform.os.empty() || (platform.os_version.empty() && platform.os_features.empty())) {
    return format_platform(platform);
  }
  Platform named = platform;
  named.os += "(" + url_encode(platform.os_version);
  for (const std::string& feature : platform.os_features) named.os += "+" + url_encode(feature);
  named.os += ")";
  return format_platform(named);
}

base::Json to_json(const Platform& platform) {
  base::Json json = base::Json::object();
  json.set("architecture", platform.architecture).set("os", platform.os);
  json.set_nonempty("os.version", platform.os_version);
  json.set_nonempty("os.features", base::Json::strings(platform.os_features));
  json.set_nonempty("variant", platform.variant);
  return json;
}

Platform platform_from_json(const base::Json& json) {
  if (!json.is_object()) base::fail(base::Code::invalid_argument, "a platform is not an object");
  const auto text = [&](std::string_view name) {
    const base::Json& value = json[name];
    if (!value.is_null() && !value.is_string()) {
      base::fail(base::Code::invalid_argument, "member \"{}\" of a platform is not text", name);
    }
    return value.string_or("");
  };
  Platform platform;
  platform.os = text("os");
  platform.architecture = text("architecture");
  platform.variant = text("variant");
  platform.os_version = text("os.version");
  platform.os_features = json["os.features"].string_items();
  return platform;
}

PlatformMatcher PlatformMatcher::strict(const Platform& wanted) { return PlatformMatcher({normalize(wanted)}); }

PlatformMatcher PlatformMatcher::runs_on(const Platform& wanted) {
  const Platform normal = normalize(wanted);
  std::vector<Platform> accepted;
  if (normal.architecture == "amd64") {
    append_amd64(normal, accepted);
  } else if (normal.architecture == "arm64") {
    append_arm64(normal, accepted);
  } else if (normal.architecture == "arm") {
    append_arm(normal, accepted);
  } else {
    accepted.push_back(normal);
  }
  for (Platform& platform : accepted) platform = normalize(platform);
  return PlatformMatcher(std::move(accepted));
}

std::optional<std::size_t> PlatformMatcher::rank(const Platform& candidate) const {
  const Platform normal = normalize(candidate);
  for (std::size_t i = 0; i < accepted_.size(); ++i) {
    if (same(accepted_[i], normal)) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> PlatformMatcher::choose(const std::vector<Platform>& candidates) const {
  std::optional<std::size_t> best;
  std::size_t best_rank = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto candidate_rank = rank(candidates[i]);
    if (!candidate_rank) continue;
    const bool more_features =
        best && *candidate_rank == best_rank && candidates[i].os_features.size() > candidates[*best].os_features.size();
    if (!best || *candidate_rank < best_rank || more_features) {
      best = i;
      best_rank = *candidate_rank;
    }
  }
  return best;
}

}  // namespace oci
