// SPDX-License-Identifier: Apache-2.0
#include "cli/gateway.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "cli/source_facts.h"
#include "llb/attr.h"
#include "llb/caps.h"
#include "ops/git_source.h"
#include "ops/http_source.h"
#include "ops/image_resolver.h"
#include "ops/op.h"
#include "ops/result.h"
#include "ops/wire.h"
#include "progress/step.h"

namespace cli {
namespace {

constexpr std::size_t kMaxFile = 64U << 20;
/// Registries answer in tens of milliseconds; few files name more images.
constexpr std::size_t kParallelLookups = 8;

std::string cut_range(std::string text, const std::optional<dockerfile::FileRange>& range) {
  if (!range) return text;
  const auto offset = std::min<std::size_t>(static_cast<std::size_t>(range->offset), text.size());
  return text.substr(offset, range->length > 0 ? static_cast<std::size_t>(range->length) : std::string::npos);
}

dockerfile::FileStat stat_of(std::string path, const struct stat& status) {
  return {std::move(path), status.st_mode, status.st_size,
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

/// A live directory of the user's, read where it lies.
class LocalRef final : public dockerfile::Ref {
 public:
  explicit LocalRef(const std::string& directory) : root_(base::open_directory(directory)) {}

  std::string read_file(const std::string& path, std::optional<dockerfile::FileRange> range) override {
    const auto file = base::open_in_root_if_exists(root_.get(), path, O_RDONLY | O_NONBLOCK);
    if (!file) missing(path);
    return base::with_context([&] { return cut_range(base::read_all(file->get(), kMaxFile), range); }, "read {}", path);
  }

  std::vector<dockerfile::FileStat> read_dir(const std::string& path, const std::string& include) override {
    const auto directory = base::open_in_root_if_exists(root_.get(), path, O_RDONLY | O_DIRECTORY);
    if (!directory) missing(path);
    std::vector<dockerfile::FileStat> entries;
    for (const auto& name : base::list_directory(directory->get())) {
      struct stat status;
      if (!include.empty() && include != name) continue;
      if (::fstatat(directory->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        entries.push_back(stat_of(name, status));
      }
    }
    return entries;
  }

  dockerfile::FileStat stat(const std::string& path) override {
    const auto file = base::open_in_root_if_exists(root_.get(), path, O_PATH);
    if (!file) missing(path);
    struct stat status;
    SLIP_SYSCALL(::fstat(file->get(), &status), "stat {}", path);
    return stat_of(base::base_name(path), status);
  }

 private:
  [[noreturn]] static void missing(const std::string& path) {
    base::fail(base::Code::not_found, "open {}: no such file or directory", path);
  }
  base::Fd root_;
};

/// A solved filesystem, looked into through the helper.
class SnapshotRef final : public dockerfile::Ref {
 public:
  SnapshotRef(const ops::Services& services, const snapshot::Chain& chain)
      : worker_(services.worker), mount_(services.snapshots.view(chain).to_json()) {}

  std::string read_file(const std::string& path, std::optional<dockerfile::FileRange> range) override {
    return cut_range(ops::decode_bytes(call("read", path)["data"].as_string()), range);
  }

  std::vector<dockerfile::FileStat> read_dir(const std::string& path, const std::string& include) override {
    std::vector<dockerfile::FileStat> entries;
    const base::Json result = call("list", path);
    for (const auto& entry : result["entries"].items()) {
      if (include.empty() || entry["path"].string_or("") == include) entries.push_back(entry_of(entry));
    }
    return entries;
  }

  dockerfile::FileStat stat(const std::string& path) override { return entry_of(call("stat", path)); }

 private:
  base::Json call(std::string_view method, const std::string& path) {
    base::Json params = base::Json::object();
    params.set("mount", mount_).set("path", path).set("limit", static_cast<std::int64_t>(kMaxFile));
    return worker_.call(method, params).result;
  }
  static dockerfile::FileStat entry_of(const base::Json& json) {
    return {json["path"].string_or(""), static_cast<std::uint32_t>(json["mode"].int_or(0)), json["size"].int_or(0),
            json["mtime"].int_or(0)};
  }

  ops::Worker& worker_;
  base::Json mount_;
};

/// The only op of a definition that reads a local directory, or nullptr.
const llb::SourceOp* sole_local_source(const llb::Graph& graph) {
  if (graph.vertices.size() != 1) return nullptr;
  const auto* source = std::get_if<llb::SourceOp>(&graph.vertices[0].op.kind);
  return source && source->scheme() == "local" ? source : nullptr;
}

ops::ImageRequest image_request(const llb::SourceOp& source, const dockerfile::ResolveOptions& options) {
  ops::ImageRequest request;
  request.identifier = source.identifier;
  request.store_id = options.oci_store;
  if (options.resolve_mode == dockerfile::ResolveMode::pull) request.pull = ops::PullPolicy::always;
  if (options.platform) {
    request.platform = oci::Platform{.os = options.platform->os,
                                     .architecture = options.platform->architecture,
                                     .variant = options.platform->variant};
  }
  return request;
}

}  // namespace

dockerfile::BuildOpts EngineGateway::opts() {
  dockerfile::BuildOpts opts;
  opts.session_id = "slipway";
  opts.product = "slipway";
  opts.workers.push_back({.id = "slipway", .labels = {}, .platforms = platforms_});
  opts.llb_caps = llb::cap::all();
  opts.parallel_lookups = kParallelLookups;
  return opts;
}

std::shared_ptr<dockerfile::Ref> EngineGateway::solve(const llb::Definition& definition,
                                                      const dockerfile::SolveOptions& options, std::stop_token stop) {
  if (!options.frontend.empty()) {
    const auto source = options.frontend_opts.find("source");
    base::Error error(base::Code::unimplemented,
                      base::format("frontend image {} cannot be run yet",
                                   source == options.frontend_opts.end() ? "" : source->second));
    error.set_hint("remove the '# syntax=' line, or name a docker/dockerfile frontend, which is built in");
    throw error;
  }
  const llb::Graph graph = llb::parse(definition);
  if (const auto* wanted = sole_local_source(graph)) {
    llb::SourceOp source = *wanted;
    services_.policy.apply(source, {std::nullopt, stop});
    const llb::SourceOp* local = &source;
    if (source.scheme() != "local") {
      base::fail(base::Code::failed_precondition, "{} was replaced by {}, which is no directory of this machine",
                 wanted->identifier, source.identifier);
    }
    const std::string name = local->identifier.substr(std::string_view("local://").size());
    const auto directory = services_.locals.directory(name);
    if (!directory) base::fail(base::Code::not_found, "no local directory was given for {}", local->identifier);
    const progress::Vertex shown{.digest = graph.vertices[0].digest, .name = graph.vertices[0].name()};
    progress::Step step(events_.sink(), base::system_clock(), shown);
    auto ref = std::make_shared<LocalRef>(directory->path);
    step.done();
    return ref;
  }
  events_.announce(graph);
  const ops::LoadedGraph loaded = ops::load(graph, services_, stop);
  if (!loaded.head) return std::make_shared<SnapshotRef>(services_, snapshot::Chain{});
  const auto results = engine_.build(loaded.graph, {*loaded.head}, stop);
  return std::make_shared<SnapshotRef>(services_, ops::chain_of(*results.at(0)));
}

dockerfile::SourceMeta EngineGateway::resolve_source_metadata(const llb::SourceOp& source,
                                                              const dockerfile::ResolveOptions& options,
                                                              std::stop_token stop) {
  if (options.log_name.empty()) return resolve(source, options, stop);
  progress::Step step(events_.sink(), base::system_clock(), options.log_name);
  try {
    auto meta = resolve(source, options, stop);
    step.done();
    return meta;
  } catch (const base::Error& error) {
    step.failed(error.text());
    throw;
  }
}

dockerfile::SourceMeta EngineGateway::resolve(llb::SourceOp source, const dockerfile::ResolveOptions& options,
                                              const std::stop_token& stop) {
  services_.policy.apply(source, {options.platform, stop});
  dockerfile::SourceMeta meta;
  meta.op = source;
  const std::string_view scheme = source.scheme();
  if (scheme == "docker-image" || scheme == "oci-layout") {
    ops::ImageRequest request = image_request(source, options);
    const std::string name = source.identifier.substr(scheme.size() + 3);
    const std::string platform = llb::format_platform(options.platform.value_or(llb::host_platform()));
    if (const auto pin = locked_image(services_.lock, scheme, name, platform)) request.identifier += "@" + *pin;
    const auto base = services_.images.resolve(request, stop);
    // Here, since the frontend pins the name it was given: the step's source has the digest and need not match any
    // more.
    ops::require_checksum(*base, source.attr(llb::attr::kImageChecksum));
    services_.pins.asked({std::string(scheme), name, platform, base->image.root.digest.str()});
    meta.image = dockerfile::ImageMeta{base->image.root.digest.str(), options.no_config ? "" : base->image.config.raw};
  } else if (scheme == "git") {
    const auto git = ops::locked(ops::GitSource::of(source), services_.lock);
    const auto cache = ops::git_cache(services_.store);
    const auto revision = ops::resolve_git(git, cache, stop);
    meta.git = dockerfile::GitMeta{revision.checksum, revision.ref,
                                   revision.commit == revision.checksum ? "" : revision.commit, "", ""};
    if (options.return_git_object) {
      meta.git->commit_object = ops::read_git_object(git, revision, cache, stop);
    }
  } else if (scheme == "http" || scheme == "https") {
    const auto fetched = ops::fetch_http(source, services_, {}, stop);
    meta.http = dockerfile::HttpMeta{fetched.blob.digest.str(), fetched.filename, fetched.last_modified};
  }
  return meta;
}

void EngineGateway::warn(const dockerfile::Warning& warning) { events_.warn_source(warning); }

}  // namespace cli
