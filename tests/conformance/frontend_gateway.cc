// SPDX-License-Identifier: Apache-2.0
#include "frontend_gateway.h"

#include <time.h>

#include "base/error.h"
#include "llb/caps.h"

#include "parse_view.h"

namespace conformance {
namespace {

using base::Json;

class FakeRef final : public dockerfile::Ref {
 public:
  explicit FakeRef(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  std::string read_file(const std::string& path, std::optional<dockerfile::FileRange> range) override {
    const auto found = files_.find(path);
    if (found == files_.end()) base::fail(base::Code::not_found, "open {}: no such file or directory", path);
    if (!range) return found->second;
    return found->second.substr(static_cast<std::size_t>(range->offset), static_cast<std::size_t>(range->length));
  }
  std::vector<dockerfile::FileStat> read_dir(const std::string&, const std::string&) override { return {}; }
  dockerfile::FileStat stat(const std::string& path) override {
    base::fail(base::Code::not_found, "stat {}: no such file or directory", path);
  }

 private:
  std::map<std::string, std::string> files_;
};

std::string stub_config(const std::string& reference, const llb::Platform& platform) {
  auto config = Json::object();
  config.set("Cmd", Json::strings({"/bin/sh"}));
  config.set("Env",
             Json::strings({"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "STUB_BASE=1"}));
  config.set("Labels", Json::object().set("stub.base", "1"));
  if (reference.find("onbuild") != std::string::npos) {
    config.set("OnBuild", Json::strings({"COPY . /onbuild/src", "ARG ONB=1", "RUN echo onbuild $ONB"}));
  }
  config.set("User", "").set("WorkingDir", "/");
  auto history = Json::array();
  history.push(Json::object().set("created", "2020-01-02T03:04:05Z").set("created_by", "stub base layer"));
  auto image = Json::object();
  image.set("architecture", platform.architecture).set("config", std::move(config));
  image.set("created", "2020-01-02T03:04:05Z").set("history", std::move(history)).set("os", platform.os);
  const auto layer = base::sha256("stub-layer:" + reference).str();
  image.set("rootfs", Json::object().set("diff_ids", Json::strings({layer})).set("type", "layers"));
  if (!platform.variant.empty()) image.set("variant", platform.variant);
  return image.dump();
}

/// Adds the time until it goes to `total`.
class Stopwatch {
 public:
  explicit Stopwatch(double& total) : total_(total), start_(cpu_seconds()) {}
  ~Stopwatch() { total_ += cpu_seconds() - start_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& total_;
  double start_;
};

}  // namespace

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

dockerfile::BuildOpts FakeGateway::opts() {
  const Stopwatch watch(seconds);
  dockerfile::BuildOpts opts;
  opts.session_id = "harness-session";
  opts.product = "bkharness";
  dockerfile::Worker worker{"harness-worker", {}, {}};
  for (const char* name :
       {"linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386", "linux/ppc64le", "linux/s390x", "linux/riscv64"}) {
    worker.platforms.push_back(llb::parse_platform(name));
  }
  opts.workers.push_back(std::move(worker));
  opts.llb_caps = llb::cap::all();
  opts.own_frontends.clear();
  return opts;
}

std::shared_ptr<dockerfile::Ref> FakeGateway::solve(const llb::Definition& definition,
                                                    const dockerfile::SolveOptions& options, std::stop_token) {
  const Stopwatch watch(seconds);
  return solve_now(definition, options);
}

std::shared_ptr<dockerfile::Ref> FakeGateway::solve_now(const llb::Definition& definition,
                                                        const dockerfile::SolveOptions& options) {
  if (!options.frontend.empty()) {
    forwards.push(
        Json::object().set("frontend", options.frontend).set("opts", Json::string_map(options.frontend_opts)));
    base::fail(base::Code::unknown, "stub: forwarded to {}", options.frontend);
  }
  heads.insert(definition.head());
  std::map<std::string, std::string> files;
  if (definition.ops.size() == 2) {
    const auto op = llb::unmarshal(definition.ops.front());
    const auto* source = std::get_if<llb::SourceOp>(&op.kind);
    const auto scheme = source == nullptr ? std::string_view() : source->scheme();
    if (source != nullptr && source->identifier == "local://context") {
      if (files_.dockerignore) files[".dockerignore"] = *files_.dockerignore;
    } else if (source != nullptr && source->identifier == "local://dockerfile") {
      files[files_.filename] = files_.dockerfile;
    } else if (scheme == "git" || scheme.starts_with("http")) {
      files[files_.filename] = files_.dockerfile;
      if (scheme != "git") files["context"] = files_.dockerfile;
    }
  }
  return std::make_shared<FakeRef>(std::move(files));
}

dockerfile::SourceMeta FakeGateway::resolve_source_metadata(const llb::SourceOp& source,
                                                            const dockerfile::ResolveOptions& options,
                                                            std::stop_token) {
  const Stopwatch watch(seconds);
  return resolve_now(source, options);
}

dockerfile::SourceMeta FakeGateway::resolve_now(const llb::SourceOp& source,
                                                const dockerfile::ResolveOptions& options) {
  const auto scheme = source.scheme();
  const bool image = scheme == "docker-image" || scheme == "oci-layout";
  auto view = Json::object();
  if (!source.attrs.empty()) view.set("attrs", Json::string_map(source.attrs));
  if (options.return_git_object) view.set("git_return_object", true);
  view.set("identifier", source.identifier).set("log_name", options.log_name);
  if (options.no_config) view.set("no_config", true);
  if (options.platform) view.set("platform", llb::format_platform_all(*options.platform));
  if (scheme == "docker-image") view.set("resolve_mode", std::string(resolve_mode_name(options.resolve_mode)));
  resolves.insert(view.dump());

  dockerfile::SourceMeta meta;
  meta.op = source;
  if (image) {
    const auto reference = source.identifier.substr(scheme.size() + 3);
    const auto platform = llb::normalize(options.platform.value_or(llb::parse_platform("linux/amd64")));
    meta.image = {base::sha256("stub-manifest:" + reference).str(),
                  options.no_config ? "" : stub_config(reference, platform)};
  } else if (scheme == "git") {
    dockerfile::GitMeta git;
    git.checksum = "0123456789012345678901234567890123456789";
    git.ref = "refs/heads/main";
    if (options.return_git_object) {
      git.commit_object =
          "tree 0123456789012345678901234567890123456789\nauthor A <a@example.com> 1700000000 +0000\n"
          "committer C <c@example.com> 1700000000 +0000\n\nmessage\n";
    }
    meta.git = std::move(git);
  } else {
    meta.http = dockerfile::HttpMeta{base::sha256("stub-http:" + source.identifier).str(), "", 1700000000};
  }
  return meta;
}

void FakeGateway::note_result(const llb::Definition& definition) {
  if (definition.ops.size() != 2) return;
  const auto op = llb::unmarshal(definition.ops.front());
  const auto* source = std::get_if<llb::SourceOp>(&op.kind);
  if (source != nullptr && source->scheme() != "docker-image") heads.insert(definition.head());
}

void FakeGateway::warn(const dockerfile::Warning& warning) {
  const Stopwatch watch(seconds);
  auto view = Json::object();
  view.set("detail", Json::strings(warning.detail)).set("level", warning.level).set("msg", warning.message);
  view.set("ranges", ranges_view(warning.ranges)).set("url", warning.url).set("vertex", warning.vertex);
  warnings.push(std::move(view));
}

}  // namespace conformance
