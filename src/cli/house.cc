// SPDX-License-Identifier: Apache-2.0
#include "cli/house.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/log.h"
#include "base/path.h"
#include "base/strings.h"
#include "sandbox/helper.h"

namespace cli {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = ::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

std::unique_ptr<base::FileLock> take_store(const store::Store& store, StoreAccess access) {
  const std::string path = store.locks_dir() + "/in-use";
  const auto mode = access == StoreAccess::shared ? base::FileLock::Mode::shared : base::FileLock::Mode::exclusive;
  auto lock = base::FileLock::try_lock(path, mode);
  if (!lock && access == StoreAccess::exclusive) {
    base::Error error(base::Code::failed_precondition, "the store is in use by another slipway process");
    error.set_hint("wait for its end, then try again");
    throw error;
  }
  return std::make_unique<base::FileLock>(lock ? std::move(*lock) : base::FileLock::wait(path, mode));
}

std::unique_ptr<oci::HttpTransport> make_transport(bool network_soon) {
  auto transport = oci::make_curl_transport({});
  if (network_soon) transport->prepare();
  return transport;
}

}  // namespace

std::string state_directory(const std::string& option) {
  std::string root = option;
  if (root.empty() && ::geteuid() == 0) root = "/var/lib/slipway";
  if (root.empty()) {
    const auto data = environment("XDG_DATA_HOME");
    const auto home = environment("HOME");
    if (!data && !home)
      base::fail(base::Code::failed_precondition, "neither HOME nor XDG_DATA_HOME is set; give --root DIR");
    root = data ? *data + "/slipway" : *home + "/.local/share/slipway";
  }
  if (!base::is_absolute(root)) {
    char directory[4096];
    if (!::getcwd(directory, sizeof directory)) base::fail_errno(errno, "find the current directory");
    root = base::join_path(directory, root);
  }
  return base::clean_path(root);
}

House::House(const std::string& root, StoreAccess access) : House(root, access, Options{}) {}

House::House(const std::string& root, StoreAccess access, const Options& options)
    : notice_(options.notice),
      fuse_(options.fuse || options.driver == snapshot::driver_name(snapshot::Driver::fuse)),
      transport_(make_transport(options.network_soon)),
      store_(store::Store::open(state_directory(root))),
      use_(take_store(*store_, access)) {
  // The driver is asked of a helper, since only that may mount; the helper is then kept for the build.
  worker_ = std::make_unique<ops::Worker>([this] { return start_helper(); }, snapshot::Driver::overlay);
  const snapshot::Driver chosen = choose_driver(options.driver);
  worker_->set_driver(chosen);
  layer_records_ = std::make_unique<snapshot::StoredLayerRecords>(store_->meta());
  snapshot::SnapshotterOptions layers;
  layers.directory = store_->snapshots_dir();
  layers.locks = store_->locks_dir();
  layers.driver = chosen;
  layers.remove_tree = tree_remover();
  snapshots_ = std::make_unique<snapshot::Snapshotter>(std::move(layers), *layer_records_);
  images_ = std::make_unique<images::ImageStore>(*store_);
  http_ = std::make_unique<oci::HttpClient>(*transport_, oci::RetryPolicy{});
  credentials_ = std::make_unique<oci::FileCredentials>(oci::conventional_files(environment));
  registry_ = std::make_unique<oci::Registry>(
      oci::RegistryOptions{.credentials = credentials_.get(),
                           .transport = transport_.get(),
                           .settings = oci::RegistrySettings::conventional(environment)});
}

House::~House() = default;

void House::when_alone(const std::function<void(bool alone)>& use) {
  const std::string path = store_->locks_dir() + "/in-use";
  use_.reset();
  auto alone = base::FileLock::try_lock(path, base::FileLock::Mode::exclusive);
  if (!alone) use_ = take_store(*store_, StoreAccess::shared);
  use(alone.has_value());
  if (!alone) return;
  alone.reset();
  use_ = take_store(*store_, StoreAccess::shared);
}

std::function<void(const std::string& path)> House::tree_remover() {
  if (::geteuid() == 0) return {};
  return [this](const std::string& path) { worker_->call("remove", base::Json::object().set("path", path)); };
}

std::unique_ptr<sandbox::Helper> House::start_helper() {
  auto helper = sandbox::Helper::start(
      {.state_dir = store_->root(), .fuse = fuse_ ? sandbox::FuseDevice::open : sandbox::FuseDevice::shut});
  const std::string line = sandbox::describe(helper->world());
  if (!line.empty() && notice_) notice_(line);
  return helper;
}

snapshot::Driver House::choose_driver(const std::string& wanted) {
  // What a store was made with stays: a layer directory means the same to all drivers, but a
  // choice that changes from run to run would hide that overlay stopped working.
  const std::string path = store_->root() + "/driver";
  std::string name = wanted;
  if (name.empty()) name = std::string(base::trim(base::read_file_if_exists(path).value_or("")));
  if (name.empty()) {
    const base::Json probe = worker_->call("probe", base::Json::object().set("path", store_->root())).result;
    name = probe["driver"].as_string();
    const std::string reason = probe["reason"].string_or("");
    std::string line;
    if (name == snapshot::driver_name(snapshot::Driver::fuse)) {
      line = base::format("overlay mounts are refused here ({}): layers are kept through fuse-overlayfs", reason);
    } else if (name == snapshot::driver_name(snapshot::Driver::native)) {
      line = base::format("overlay mounts are refused here ({}), and so is fuse-overlayfs ({}): layers are copied",
                          reason, probe["fuse_reason"].string_or(""));
    }
    if (!line.empty()) std::fprintf(stderr, "note: %s\n", line.c_str());
    base::write_file_atomic(path, name + "\n");
  }
  if (const auto driver = snapshot::parse_driver(name)) return *driver;
  base::fail(base::Code::invalid_argument, "unknown snapshot driver {}: want overlay, fuse or native", name);
}

}  // namespace cli
