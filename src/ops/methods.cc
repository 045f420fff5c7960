// SPDX-License-Identifier: Apache-2.0
#include "ops/methods.h"

#include <fcntl.h>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/random.h"
#include "layer/apply.h"
#include "layer/blob.h"
#include "layer/diff.h"
#include "ops/mounted_tree.h"
#include "ops/wire.h"

namespace ops {
namespace {

layer::ApplyOptions apply_options(const sandbox::World& world) {
  layer::ApplyOptions options;
  if (world.tier == sandbox::TierKind::root) return options;
  options.overlay_xattrs = layer::OverlayXattrs::user;
  options.devices = layer::Devices::skip;
  if (world.tier == sandbox::TierKind::single_id) options.owners = layer::Owners::squash;
  return options;
}

base::Json stat_json(const std::string& name, const struct stat& status) {
  base::Json json = base::Json::object();
  json.set("path", name).set("mode", std::int64_t{status.st_mode}).set("size", std::int64_t{status.st_size});
  json.set("mtime", std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec);
  return json;
}

std::string path_of(const MethodCall& call) { return call.params["path"].as_string(); }

MountedTree mount_of(const MethodCall& call) {
  return MountedTree(snapshot::MountSpec::from_json(call.params["mount"]), call.driver(), call.scratch(), call.stop);
}

[[noreturn]] void not_found(const std::string& path) { base::fail(base::Code::not_found, "{}: not found", path); }

}  // namespace

snapshot::Driver MethodCall::driver() const {
  return snapshot::parse_driver(params["driver"].string_or("")).value_or(snapshot::Driver::overlay);
}

std::string MethodCall::scratch() const { return world.work_dir + "/" + base::random_id(12); }

int MethodCall::fd(std::size_t index) const {
  SLIP_CHECK(index < fds.size());
  return fds[index].get();
}

base::Json unpack_method(const MethodCall& call) {
  const auto spec = snapshot::MountSpec::from_json(call.params["mount"]);
  layer::ApplyOptions options = apply_options(call.world);
  if (const auto expect = base::Digest::parse(call.params["expect"].string_or(""))) options.expect = *expect;
  layer::FdSource blob(call.fd(0));
  const base::Fd directory = base::open_directory(spec.upper);
  const layer::Applied applied = layer::apply_blob(blob, directory.get(), options, call.stop);
  return base::Json::object().set("implied", base::Json::strings(applied.implied_directories));
}

base::Json adopt_method(const MethodCall& call) {
  const auto spec = snapshot::MountSpec::from_json(call.params["mount"]);
  const base::Fd directory = base::open_directory(spec.upper);
  layer::adopt_directories(directory.get(), call.params["implied"].string_items(),
                           call.params["lowers"].string_items());
  return base::Json::object();
}

base::Json diff_method(const MethodCall& call) {
  layer::CompressOptions compress;
  compress.kind = layer::parse_compression(call.params["compression"].as_string()).value();
  compress.level = static_cast<int>(call.params["level"].int_or(layer::kDefaultLevel));
  compress.threads = static_cast<unsigned>(call.params["threads"].int_or(1));
  layer::DiffOptions options;
  if (call.params["clamp"].is_int()) options.clamp_mtime = call.params["clamp"].as_int();
  const auto lowers = call.params["lowers"].string_items();
  std::string upper = call.params["upper"].string_or("");
  std::optional<MountedTree> joined;
  if (upper.empty()) {
    joined.emplace(snapshot::MountSpec::from_json(call.params["mount"]), call.driver(), call.scratch(), call.stop);
    upper = base::format("/proc/self/fd/{}", joined->fd());
    options.form = layer::UpperForm::filesystem;
  }
  layer::FdSink out(call.fd(0));
  const auto written = layer::write_blob(
      compress, out, [&](layer::Sink& tar) { layer::write_diff(lowers, upper, tar, options, call.stop); });
  base::Json json = base::Json::object();
  json.set("digest", written.digest.str()).set("size", written.size);
  return json.set("diff_id", written.diff_id.str()).set("uncompressed", written.uncompressed_size);
}

base::Json read_method(const MethodCall& call) {
  const MountedTree tree = mount_of(call);
  const std::string path = path_of(call);
  const auto file = base::open_in_root_if_exists(tree.fd(), path, O_RDONLY | O_NONBLOCK);
  if (!file) not_found(path);
  const auto limit = static_cast<std::size_t>(call.params["limit"].int_or(16 << 20));
  return base::Json::object().set("data", encode_bytes(base::read_all(file->get(), limit)));
}

base::Json list_method(const MethodCall& call) {
  const MountedTree tree = mount_of(call);
  const std::string path = path_of(call);
  const auto directory = base::open_in_root_if_exists(tree.fd(), path, O_RDONLY | O_DIRECTORY);
  if (!directory) not_found(path);
  base::Json entries = base::Json::array();
  for (const auto& name : base::list_directory(directory->get())) {
    struct stat status;
    if (::fstatat(directory->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      entries.push(stat_json(name, status));
    }
  }
  return base::Json::object().set("entries", std::move(entries));
}

base::Json stat_method(const MethodCall& call) {
  const MountedTree tree = mount_of(call);
  const std::string path = path_of(call);
  const auto file = base::open_in_root_if_exists(tree.fd(), path, O_PATH);
  if (!file) not_found(path);
  struct stat status;
  SLIP_SYSCALL(::fstat(file->get(), &status), "stat {}", path);
  return stat_json(base::base_name(path), status);
}

base::Json remove_method(const MethodCall& call) {
  base::remove_tree(path_of(call));
  return base::Json::object();
}

base::Json probe_method(const MethodCall& call) {
  const snapshot::Probe probe = snapshot::probe(path_of(call));
  return base::Json::object()
      .set("driver", snapshot::driver_name(probe.driver))
      .set("reason", probe.why_not_overlay)
      .set("fuse_reason", probe.why_not_fuse);
}

sandbox::Handlers make_handlers(const sandbox::World& world, const std::map<std::string, Method>& more) {
  std::map<std::string, Method> methods = {{"exec", exec_method},
                                           {"file", file_method},
                                           {"digest", digest_method},
                                           {"compare", compare_method},
                                           {"find_secrets", find_secrets_method},
                                           {"unpack", unpack_method},
                                           {"adopt", adopt_method},
                                           {"diff", diff_method},
                                           {"read", read_method},
                                           {"list", list_method},
                                           {"stat", stat_method},
                                           {"remove", remove_method},
                                           {"disk_use", disk_use_method},
                                           {"fill_cache_mount", fill_cache_mount_method},
                                           {"buildkit_content", buildkit_content_method},
                                           {"probe", probe_method}};
  methods.insert(more.begin(), more.end());
  sandbox::Handlers handlers;
  const auto network = std::make_shared<sandbox::StepNetwork>(world);
  for (const auto& [name, method] : methods) {
    handlers[name] = [&world, network, method = method](const base::Json& params, std::vector<base::Fd> fds,
                                                        const std::stop_token& stop) {
      return sandbox::Reply{method({world, *network, params, fds, stop}), {}};
    };
  }
  return handlers;
}

}  // namespace ops
