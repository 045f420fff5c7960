// SPDX-License-Identifier: Apache-2.0
#include "attest/noted_files.h"

#include <sys/stat.h>

#include <array>
#include <cmath>

#include "attest/delivered_files.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/task.h"
#include "layer/tree.h"
#include "ops/methods.h"
#include "ops/mounted_tree.h"
#include "ops/services.h"

namespace attest {
namespace {

constexpr std::size_t kWindow = 16U << 20;
/// No credential is longer than what is looked for of it: the windows overlap by that.
constexpr std::size_t kOverlap = 4096;

struct Tool {
  std::string_view name;
  std::string_view kind;
};
constexpr std::array kTools = {
    Tool{"gcc", "compiler"},
    Tool{"cc", "compiler"},
    Tool{"g++", "compiler"},
    Tool{"c++", "compiler"},
    Tool{"clang", "compiler"},
    Tool{"clang++", "compiler"},
    Tool{"tcc", "compiler"},
    Tool{"rustc", "compiler"},
    Tool{"go", "compiler"},
    Tool{"javac", "compiler"},
    Tool{"ghc", "compiler"},
    Tool{"as", "assembler"},
    Tool{"ld", "linker"},
    Tool{"ld.bfd", "linker"},
    Tool{"ld.gold", "linker"},
    Tool{"lld", "linker"},
    Tool{"make", "build tool"},
    Tool{"cmake", "build tool"},
    Tool{"ninja", "build tool"},
    Tool{"cargo", "package manager"},
    Tool{"apt", "package manager"},
    Tool{"apt-get", "package manager"},
    Tool{"dpkg", "package manager"},
    Tool{"apk", "package manager"},
    Tool{"yum", "package manager"},
    Tool{"dnf", "package manager"},
    Tool{"microdnf", "package manager"},
    Tool{"rpm", "package manager"},
    Tool{"zypper", "package manager"},
    Tool{"pacman", "package manager"},
    Tool{"pip", "package manager"},
    Tool{"pip3", "package manager"},
    Tool{"npm", "package manager"},
    Tool{"yarn", "package manager"},
    Tool{"pnpm", "package manager"},
    Tool{"gem", "package manager"},
    Tool{"conda", "package manager"},
    Tool{"composer", "package manager"},
};
constexpr std::string_view kProgramDirectories[] = {"bin",      "sbin",          "usr/bin",
                                                    "usr/sbin", "usr/local/bin", "usr/local/sbin"};

/// A token that its issuer gave a beginning by which it is found.
struct Token {
  std::string_view kind;
  std::string_view beginning;
  std::size_t length;     ///< characters behind the beginning, at least
  std::string_view also;  ///< characters besides letters and digits
};
constexpr std::array kTokens = {
    Token{"an AWS access key", "AKIA", 16, ""},
    Token{"an AWS access key", "ASIA", 16, ""},
    Token{"a GitHub token", "ghp_", 36, ""},
    Token{"a GitHub token", "gho_", 36, ""},
    Token{"a GitHub token", "ghs_", 36, ""},
    Token{"a GitHub token", "ghu_", 36, ""},
    Token{"a GitHub token", "github_pat_", 22, "_"},
    Token{"a GitLab token", "glpat-", 20, "-_"},
    Token{"an npm token", "npm_", 36, ""},
    Token{"a Slack token", "xoxb-", 20, "-"},
    Token{"a Slack token", "xoxp-", 20, "-"},
    Token{"a Google API key", "AIza", 35, "-_"},
    Token{"a Stripe key", "sk_live_", 24, ""},
    Token{"a PyPI token", "pypi-AgEIcHlwaS5vcmc", 40, "-_"},
    Token{"a Docker Hub token", "dckr_pat_", 20, "-_"},
};

bool is_word(char c, std::string_view also = "") {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.find(c) != also.npos;
}

bool has_token(std::string_view bytes, const Token& token) {
  for (auto at = bytes.find(token.beginning); at != bytes.npos; at = bytes.find(token.beginning, at + 1)) {
    if (at > 0 && is_word(bytes[at - 1], "_")) continue;
    auto end = at + token.beginning.size();
    while (end < bytes.size() && is_word(bytes[end], token.also)) ++end;
    const std::size_t length = end - at - token.beginning.size();
    // Keys of AWS have one length; a longer word of capitals is something else.
    if (length == token.length || (length > token.length && token.length > 16)) return true;
  }
  return false;
}

/// Looks through the whole file in windows.
std::string_view credential_in_file(const base::Fd& file, std::uint64_t size, const std::string& path) {
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size, kWindow)), '\0');
  for (std::uint64_t at = 0;; at += kWindow - kOverlap) {
    const std::size_t count = base::read_at(file.get(), bytes.data(), bytes.size(), at);
    const auto kind = credential_in(std::string_view(bytes).substr(0, count), path);
    if (!kind.empty() || count < kWindow) return kind;
  }
}

/// A key's head alone stands in every program that reads keys: the key must follow.
bool has_private_key(std::string_view bytes) {
  constexpr std::string_view kHead = "-----BEGIN ";
  constexpr std::string_view kEnd = "PRIVATE KEY-----";
  constexpr std::size_t kLine = 40;
  for (auto at = bytes.find(kHead); at != bytes.npos; at = bytes.find(kHead, at + 1)) {
    const auto line = bytes.substr(at, bytes.find('\n', at) - at);
    if (line.size() > 64 || line.find(kEnd) == line.npos) continue;
    std::size_t count = 0;
    for (const char c : bytes.substr(at + line.size(), 4 * kLine)) {
      if (is_word(c, "+/=")) {
        if (++count >= kLine) return true;
      } else if (c != '\n' && c != '\r') {
        count = 0;
      }
    }
  }
  return false;
}

double entropy(std::string_view text) {
  std::array<int, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(text.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

/// NAME=value with a name that speaks of a credential and a value that looks like one.
bool has_credential_variable(std::string_view bytes) {
  constexpr std::size_t kShortest = 16;
  constexpr double kRandom = 3.5;
  for (const auto& line : base::split(bytes, '\n')) {
    const auto parts = base::cut(line, "=");
    if (!parts) continue;
    const std::string name = base::upper(parts->first);
    const auto value = base::trim(parts->second, "\"' \t\r");
    const bool speaks = name.find("SECRET") != name.npos || name.find("TOKEN") != name.npos ||
                        name.find("PASSW") != name.npos || name.find("API_KEY") != name.npos;
    if (speaks && value.size() >= kShortest && entropy(value) >= kRandom) return true;
  }
  return false;
}

bool contains(std::string_view bytes, std::string_view part) { return bytes.find(part) != bytes.npos; }

bool is_program_directory(std::string_view path) { return base::is_one_of(path, kProgramDirectories); }

class Noter {
 public:
  Noter(int root, const std::vector<TracedLayer>& layers, const std::stop_token& stop)
      : delivered_(root), layers_(layers), stop_(stop) {}

  void look_at_image(int root) {
    layer::walk_tree(root, {.stop = stop_}, [&](const layer::TreeEntry& entry) {
      if (entry.is_directory() && (entry.path() == "proc" || entry.path() == "sys")) return layer::Visit::skip_children;
      const auto mode = entry.stat().st_mode;
      if (entry.is_file() && (mode & (S_ISUID | S_ISGID)) != 0 && (mode & 0111) != 0) {
        note(found_.setuid, entry.path(), (mode & S_ISUID) != 0 ? "set-user-id" : "set-group-id");
      }
      if ((entry.is_file() || entry.is_symlink()) && is_program_directory(base::dir_name(entry.path())))
        look_at_tool(entry);
      return layer::Visit::go_on;
    });
  }

  void look_at_layer(const TracedLayer& layer) {
    const base::Fd directory = base::open_directory(layer.directory);
    layer::walk_tree(directory.get(), {.stop = stop_}, [&](const layer::TreeEntry& entry) {
      if (!entry.is_file() || entry.stat().st_size == 0) return layer::Visit::go_on;
      base::throw_if_stopped(stop_);
      try {
        const base::Fd file = entry.open();
        const auto kind = credential_in_file(file, static_cast<std::uint64_t>(entry.stat().st_size), entry.path());
        if (kind.empty() || delivered_.has(entry.path(), file)) return layer::Visit::go_on;
        found_.secrets.push_back({entry.path(), "holds " + std::string(kind), layer.step});
      } catch (const base::Error&) {
        found_.secrets.push_back({entry.path(), "cannot be read", layer.step});
      }
      return layer::Visit::go_on;
    });
  }

  NotedFiles take() { return std::move(found_); }

 private:
  void look_at_tool(const layer::TreeEntry& entry) {
    const auto kind = build_tool(entry.name());
    if (kind.empty()) return;
    // busybox has a word for everything; what it does under such a name builds nothing.
    if (entry.is_symlink() && base::base_name(entry.link_target()) == "busybox") return;
    note(found_.build_tools, entry.path(), std::string(kind));
  }

  void note(std::vector<NotedFile>& list, const std::string& path, std::string what) {
    std::string step;
    for (std::size_t i = layers_.size(); i-- > 0 && step.empty();) {
      if (base::lstat_if_exists(layers_[i].directory + "/" + path)) {
        step = layers_[i].step;
        break;
      }
    }
    list.push_back({path, std::move(what), std::move(step)});
  }

  DeliveredFiles delivered_;
  const std::vector<TracedLayer>& layers_;
  const std::stop_token& stop_;
  NotedFiles found_;
};

base::Json files_json(const std::vector<NotedFile>& files) {
  base::Json list = base::Json::array();
  for (const auto& file : files) {
    list.push(base::Json::object().set("path", file.path).set("what", file.what).set("step", file.step));
  }
  return list;
}

std::vector<NotedFile> files_from(const base::Json& json) {
  std::vector<NotedFile> files;
  for (const auto& file : json.items()) {
    files.push_back({file["path"].as_string(), file["what"].as_string(), file["step"].as_string()});
  }
  return files;
}

}  // namespace

std::string_view build_tool(std::string_view name) {
  for (const auto& tool : kTools) {
    if (name == tool.name) return tool.kind;
    // gcc-12, clang-19, x86_64-linux-gnu-gcc
    if (name.starts_with(tool.name) && name.size() > tool.name.size() + 1 && name[tool.name.size()] == '-' &&
        name[tool.name.size() + 1] >= '0' && name[tool.name.size() + 1] <= '9') {
      return tool.kind;
    }
    if (tool.kind == "compiler" && name.ends_with("-gnu-" + std::string(tool.name))) return tool.kind;
  }
  return "";
}

std::string_view credential_in(std::string_view bytes, std::string_view path) {
  if (has_private_key(bytes)) return "a private key";
  for (const auto& token : kTokens) {
    if (has_token(bytes, token)) return token.kind;
  }
  const auto name = base::base_name(path);
  if (name == ".netrc" && contains(bytes, "password")) return "a password for a host (.netrc)";
  if (name == ".npmrc" && (contains(bytes, "_authToken=") || contains(bytes, "_auth="))) return "an npm login";
  if (name == ".git-credentials" && contains(bytes, "://")) return "a git login";
  if (path.ends_with(".docker/config.json") && contains(bytes, "\"auth\"")) return "a registry login";
  if (path.ends_with(".aws/credentials") && contains(bytes, "aws_secret_access_key")) return "an AWS secret key";
  if ((name == ".env" || name.starts_with(".env.")) && has_credential_variable(bytes)) return "a credential (.env)";
  return "";
}

NotedFiles note_files(int root, const std::vector<TracedLayer>& layers, std::size_t first_own,
                      const std::stop_token& stop) {
  Noter noter(root, layers, stop);
  noter.look_at_image(root);
  for (std::size_t i = first_own; i < layers.size(); ++i) noter.look_at_layer(layers[i]);
  return noter.take();
}

NotedFiles find_noted_files(const std::vector<std::string>& directories, const base::Json& mount,
                            const std::vector<std::string>& steps, std::size_t first_own, const ops::Services& services,
                            const std::stop_token& stop) {
  base::Json layers = base::Json::array();
  for (std::size_t i = 0; i < directories.size(); ++i) {
    base::Json layer = base::Json::object().set("directory", directories[i]);
    layers.push(std::move(layer.set("step", i < steps.size() ? steps[i] : "")));
  }
  base::Json params = base::Json::object();
  params.set("mount", mount).set("layers", std::move(layers)).set("first_own", static_cast<std::int64_t>(first_own));
  const auto reply = services.worker.call("noted_files", params, {}, stop);
  return {files_from(reply.result["setuid"]), files_from(reply.result["build_tools"]),
          files_from(reply.result["secrets"])};
}

std::vector<std::uint64_t> layer_sizes(const std::vector<std::string>& directories, const ops::Services& services,
                                       const std::stop_token& stop) {
  const auto params = base::Json::object().set("directories", base::Json::strings(directories));
  const auto reply = services.worker.call("layer_sizes", params, {}, stop);
  std::vector<std::uint64_t> sizes;
  for (const auto& size : reply.result["sizes"].items()) sizes.push_back(static_cast<std::uint64_t>(size.as_int()));
  return sizes;
}

base::Json layer_sizes_method(const ops::MethodCall& call) {
  base::Json sizes = base::Json::array();
  for (const auto& path : call.params["directories"].string_items()) {
    std::int64_t size = 0;
    const base::Fd directory = base::open_directory(path);
    layer::walk_tree(directory.get(), {.stop = call.stop}, [&](const layer::TreeEntry& entry) {
      if (entry.is_file() && entry.first_link() == nullptr) size += entry.stat().st_size;
      return layer::Visit::go_on;
    });
    sizes.push(size);
  }
  return base::Json::object().set("sizes", std::move(sizes));
}

base::Json noted_files_method(const ops::MethodCall& call) {
  const ops::MountedTree root(snapshot::MountSpec::from_json(call.params["mount"]), call.driver(), call.scratch(),
                              call.stop);
  std::vector<TracedLayer> layers;
  for (const auto& layer : call.params["layers"].items()) {
    layers.push_back({layer["directory"].as_string(), layer["step"].as_string()});
  }
  const auto found =
      note_files(root.fd(), layers, static_cast<std::size_t>(call.params["first_own"].int_or(0)), call.stop);
  base::Json json = base::Json::object();
  json.set("setuid", files_json(found.setuid)).set("build_tools", files_json(found.build_tools));
  return json.set("secrets", files_json(found.secrets));
}

}  // namespace attest
