// SPDX-License-Identifier: Apache-2.0
#include "cli/contexts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "layer/archive.h"
#include "oci/layout.h"

namespace cli {
namespace {

constexpr std::size_t kMaxDockerfile = 16U << 20;

std::string absolute_directory(const std::string& path, std::string_view what) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (!resolved) base::fail_errno(errno, base::format("{} {}", what, path));
  std::string result(resolved);
  ::free(resolved);
  const auto info = base::stat_if_exists(result);
  if (!info || !S_ISDIR(info->st_mode)) {
    base::fail(base::Code::invalid_argument, "{} {} is not a directory", what, path);
  }
  return result;
}

bool is_remote(std::string_view context) {
  for (const std::string_view prefix : {"https://", "http://", "git://", "ssh://", "git@", "github.com/"}) {
    if (context.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

BuildContexts::BuildContexts(const BuildOptions& options) {
  if (options.context.empty()) {
    base::Error error(base::Code::invalid_argument, "no context given");
    error.set_hint("'slipway build .' builds the current directory");
    throw error;
  }
  set_context(options);
  set_dockerfile(options);
  for (const auto& text : options.build_contexts) add_named(text);
}

void BuildContexts::set_context(const BuildOptions& options) {
  if (options.context == "-") {
    if (options.file == "-")
      base::fail(base::Code::invalid_argument, "context and Dockerfile cannot both come from standard input");
    read_context_from_stdin(options);
  } else if (is_remote(options.context)) {
    remote_context_ = true;
    frontend_options_["context"] = options.context;
  } else {
    directories_["context"] = absolute_directory(options.context, "context");
  }
}

void BuildContexts::read_context_from_stdin(const BuildOptions&) {
  const std::string directory = temporary_directory();
  // An archive must be seekable to be told from a Dockerfile.
  const std::string spool = temporary_directory() + "/stdin";
  {
    const base::Fd out = base::open_file(spool, O_WRONLY | O_CREAT, 0600);
    char buffer[65536];
    while (const auto got = base::read_up_to(0, buffer, sizeof buffer))
      base::write_all(out.get(), std::string_view(buffer, got));
  }
  const base::Fd file = base::open_file(spool, O_RDONLY);
  if (layer::looks_like_archive(file.get())) {
    layer::UnpackOptions unpack;
    // Owners are kept where we may set them; an ordinary user's files are all root's in the image.
    unpacked_context_ = ::geteuid() == 0;
    unpack.owners = unpacked_context_ ? layer::Owners::keep : layer::Owners::squash;
    unpack.devices = layer::Devices::skip;
    layer::unpack_archive(file.get(), base::open_directory(directory).get(), unpack, {});
    directories_["context"] = directory;
    return;
  }
  directories_["context"] = directory;
  directories_["dockerfile"] = temporary_directory();
  base::write_file_atomic(directories_["dockerfile"] + "/Dockerfile", base::read_file(spool, kMaxDockerfile));
  frontend_options_["filename"] = "Dockerfile";
}

void BuildContexts::set_dockerfile(const BuildOptions& options) {
  if (directories_.contains("dockerfile")) return;
  if (options.file == "-") {
    directories_["dockerfile"] = temporary_directory();
    base::write_file_atomic(directories_["dockerfile"] + "/Dockerfile", base::read_all(0, kMaxDockerfile));
    frontend_options_["filename"] = "Dockerfile";
    if (remote_context_) frontend_options_["dockerfilekey"] = "dockerfile";
    return;
  }
  if (remote_context_) {
    if (!options.file.empty()) frontend_options_["filename"] = options.file;
    return;
  }
  const std::string file = options.file.empty() ? directories_["context"] + "/Dockerfile" : options.file;
  directories_["dockerfile"] = absolute_directory(base::dir_name(file), "directory of the Dockerfile,");
  frontend_options_["filename"] = base::base_name(file);
}

void BuildContexts::add_named(const std::string& text) {
  const auto parts = base::cut(text, "=");
  if (!parts || parts->first.empty()) {
    base::fail(base::Code::invalid_argument, "invalid --build-context {}: want NAME=SOURCE", text);
  }
  const std::string name = base::lower(parts->first);
  const std::string value(parts->second);
  if (value.starts_with("oci-layout://")) {
    add_layout(name, value.substr(std::string_view("oci-layout://").size()));
  } else if (value.starts_with("docker-image://") || is_remote(value)) {
    frontend_options_["context:" + name] = value;
  } else {
    directories_[name] = absolute_directory(value, base::format("named context {},", name));
    frontend_options_["context:" + name] = "local:" + name;
  }
}

void BuildContexts::add_layout(const std::string& name, std::string_view rest) {
  std::string digest;
  if (const auto parts = base::cut(rest, "@")) {
    digest = std::string(parts->second);
    rest = parts->first;
  }
  std::string tag;
  const auto colon = rest.rfind(':');
  if (colon != rest.npos && rest.find('/', colon) == rest.npos) {
    tag = std::string(rest.substr(colon + 1));
    rest = rest.substr(0, colon);
  }
  const std::string directory =
      absolute_directory(std::string(rest), base::format("OCI layout of named context {},", name));
  oci::Layout layout(directory);
  if (digest.empty()) digest = layout.resolve(tag, {}).digest.str();
  const std::string store_id = base::format("layout{}", layouts_.size());
  layouts_[store_id] = directory;
  frontend_options_["context:" + name] =
      base::format("oci-layout://{}:{}@{}", store_id, tag.empty() ? "latest" : tag, digest);
}

std::string BuildContexts::temporary_directory() {
  temporary_.push_back(std::make_unique<base::TemporaryDirectory>("slipway-context-"));
  return temporary_.back()->path();
}

std::optional<ops::LocalDirectory> BuildContexts::directory(const std::string& name) const {
  const auto found = directories_.find(name);
  if (found == directories_.end()) return std::nullopt;
  const bool keep = unpacked_context_ && name == "context";
  return ops::LocalDirectory{found->second, keep ? ops::LocalOwners::keep : ops::LocalOwners::nobody};
}

std::optional<std::string> BuildContexts::layout(const std::string& store_id) const {
  const auto found = layouts_.find(store_id);
  return found == layouts_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> dockerfile_path(const BuildOptions& options, const BuildContexts& contexts) {
  if (options.context == "-" || options.file == "-") return std::nullopt;
  const auto directory = contexts.directory("dockerfile");
  if (!directory) return std::nullopt;
  const auto named = contexts.frontend_options().find("filename");
  const std::string file = named == contexts.frontend_options().end() ? "Dockerfile" : named->second;
  return base::join_path(directory->path, file);
}

}  // namespace cli
