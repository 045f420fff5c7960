// SPDX-License-Identifier: Apache-2.0
#include "snapshot/snapshotter.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <unordered_set>

#include "base/digest.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/sync.h"

namespace snapshot {
namespace {

constexpr std::string_view kTrash = ".trash-";

base::Json to_strings(const std::vector<std::string>& values) { return base::Json::strings(values); }

/// Asks ext4 (and its kin) to lay each layer far from its siblings, as chattr(1)'s attribute T does for
/// home directories. Otherwise a new layer takes its inodes where those of a layer just pruned were, and
/// ext4 looks long for one that was not freed a moment ago. Other file systems ignore the wish.
void spread_subdirectories(const std::string& directory) {
  const base::Fd fd = base::open_directory(directory);
  int flags = 0;
  if (::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0) return;
  flags |= FS_TOPDIR_FL;
  static_cast<void>(::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags));
}

void make_plain_directory(const std::string& path, mode_t mode) {
  SLIP_SYSCALL(::mkdir(path.c_str(), mode), "make directory {}", path);
  SLIP_SYSCALL(::chmod(path.c_str(), mode), "set the mode of {}", path);  // whatever the umask
}

void move_directory(const std::string& from, const std::string& to) {
  SLIP_SYSCALL(::rename(from.c_str(), to.c_str()), "rename {} to {}", from, to);
}

/// Locks of layers are locks of single bytes in one file, each at a place that follows from the layer's name: one
/// descriptor holds as many as a build needs, and two layers at one place only keep each other a little longer.
class LeaseFile {
 public:
  explicit LeaseFile(const std::string& path) : file_(base::open_file(path, O_RDWR | O_CREAT, 0600)) {}

  void share(const LayerId& id) const {
    while (set(id, F_RDLCK, F_OFD_SETLKW) != 0) {
      if (errno != EINTR) base::fail_errno(errno, base::format("lease layer {}", id));
    }
  }
  /// False when another open file has it.
  bool take(const LayerId& id) const {
    if (set(id, F_WRLCK, F_OFD_SETLK) == 0) return true;
    if (errno != EAGAIN && errno != EACCES) base::fail_errno(errno, base::format("lock layer {}", id));
    return false;
  }

 private:
  int set(const LayerId& id, short kind, int command) const {
    struct flock lock = {};
    lock.l_type = kind;
    lock.l_whence = SEEK_SET;
    lock.l_start = place_of(id);
    lock.l_len = 1;
    return ::fcntl(file_.get(), command, &lock);
  }
  static off_t place_of(const LayerId& id) {
    constexpr int kBytes = 7;  // stays below the largest offset
    off_t place = 0;
    const auto digest = base::sha256(id);
    for (int i = 0; i < kBytes; ++i) place = (place << 8) | digest.bytes()[static_cast<std::size_t>(i)];
    return place;
  }

  base::Fd file_;
};

}  // namespace

std::string_view driver_name(Driver driver) {
  switch (driver) {
    case Driver::overlay: return "overlay";
    case Driver::fuse: return "fuse";
    case Driver::native: return "native";
  }
  return "";
}

std::optional<Driver> parse_driver(std::string_view name) {
  for (const auto driver : {Driver::overlay, Driver::fuse, Driver::native}) {
    if (name == driver_name(driver)) return driver;
  }
  return std::nullopt;
}

base::Json MountSpec::to_json() const {
  auto json = base::Json::object();
  json.set("lowers", to_strings(lowers)).set("upper", upper).set("work", work);
  return json;
}

MountSpec MountSpec::from_json(const base::Json& json) {
  return {json["lowers"].string_items(), json["upper"].string_or(""), json["work"].string_or("")};
}

struct Snapshotter::State {
  State(SnapshotterOptions given, LayerRecords& table) : options(std::move(given)), records(table) {}

  std::string path(const LayerId& id) const { return options.directory + "/" + id; }
  std::string layer_path(const LayerId& id) const { return path(id) + "/fs"; }

  /// Shared while a directory is being made or named, exclusive while garbage is looked for: a
  /// directory that collect() sees is either locked by its owner or has none.
  base::FileLock gate(base::FileLock::Mode mode) const {
    return base::FileLock::wait(options.locks + "/snapshots", mode);
  }

  bool is_layer(const LayerId& id) const { return records.find(id).has_value() && base::exists(layer_path(id)); }

  /// False when there is no such layer. It is locked first and its record looked for afterwards: who removes a layer
  /// does that the other way round.
  bool lease(const LayerId& id) {
    auto held = leases.lock();
    if (held->ids.contains(id)) return is_layer(id);
    if (!held->file) {
      base::make_directories(options.locks);
      held->file.emplace(lease_path());
    }
    held->file->share(id);
    if (!is_layer(id)) return false;
    held->ids.insert(id);
    return true;
  }

  /// Makes the directory unreachable at once; removing the files may take its time.
  void throw_away(const std::string& directory) const {
    const auto trash = base::format("{}/{}{}", options.directory, kTrash, base::random_id(12));
    if (::rename(directory.c_str(), trash.c_str()) != 0) {
      if (errno == ENOENT) return;
      base::fail_errno(errno, base::format("remove snapshot {}", directory));
    }
    options.remove_tree(trash);
  }

  std::string lease_path() const { return options.locks + "/leases"; }

  struct Leases {
    std::optional<LeaseFile> file;
    std::unordered_set<LayerId> ids;
  };

  SnapshotterOptions options;
  LayerRecords& records;
  base::Sync<Leases> leases;
  std::function<void(const LayerId&)> tell;
  std::once_flag collected;
};

struct Active::State {
  std::shared_ptr<Snapshotter::State> owner;
  LayerId id;
  MountSpec mounts;
  std::optional<base::FileLock> lock;  ///< held while active

  ~State() {
    if (!lock) return;
    try {
      owner->throw_away(owner->path(id));
    } catch (const std::exception& error) {
      base::log_warn("discarding snapshot {}: {}", id, error.what());  // collect() gets it later
    }
  }
};

Active::Active(std::unique_ptr<State> state) : state_(std::move(state)) {}
Active::Active(Active&&) noexcept = default;
Active& Active::operator=(Active&&) noexcept = default;
Active::~Active() = default;
const LayerId& Active::id() const { return state_->id; }
const MountSpec& Active::mounts() const { return state_->mounts; }

Snapshotter::Snapshotter(SnapshotterOptions options, LayerRecords& records) {
  if (!options.remove_tree) options.remove_tree = [](const std::string& path) { base::remove_tree(path); };
  state_ = std::make_shared<State>(std::move(options), records);
}

Snapshotter::~Snapshotter() = default;

Driver Snapshotter::driver() const { return state_->options.driver; }
LayerRecords& Snapshotter::records() { return state_->records; }

Active Snapshotter::prepare(const Chain& parent) {
  // A build that runs nothing never looks for garbage.
  std::call_once(state_->collected, [&] {
    if (!base::exists(state_->options.directory)) {
      base::make_directories(state_->options.directory, 0711);
      spread_subdirectories(state_->options.directory);
    }
    base::make_directories(state_->options.locks);
    collect();
  });
  auto active = std::make_unique<Active::State>();
  active->owner = state_;
  active->id = base::random_id();
  active->mounts.lowers = layer_directories(parent);
  const auto directory = state_->path(active->id);
  active->mounts.upper = directory + "/fs";
  active->mounts.work = directory + "/work";
  {
    const auto gate = state_->gate(base::FileLock::Mode::shared);
    make_plain_directory(directory, 0711);
    active->lock = base::FileLock::try_lock(directory + "/lock");
    SLIP_CHECK(active->lock.has_value());
  }
  // The root of a layer takes its owner from the one below, but never its mode.
  make_plain_directory(active->mounts.upper, 0755);
  if (!parent.empty()) {
    struct stat below;
    SLIP_SYSCALL(::stat(active->mounts.lowers.back().c_str(), &below), "stat {}", active->mounts.lowers.back());
    if (::chown(active->mounts.upper.c_str(), below.st_uid, below.st_gid) != 0 && errno != EPERM) {
      base::fail_errno(errno, base::format("set the owner of {}", active->mounts.upper));
    }
  }
  make_plain_directory(active->mounts.work, 0711);
  return Active(std::move(active));
}

void Snapshotter::commit(Active& active, const LayerInfo& info) { commit_as(active, active.id(), info); }

void Snapshotter::commit_as(Active& active, const LayerId& id, const LayerInfo& info) {
  auto& snapshot = *active.state_;
  SLIP_CHECK(snapshot.lock.has_value());
  const auto directory = state_->path(snapshot.id);
  ::rmdir(snapshot.mounts.work.c_str());  // emptied by finish_snapshot(); else it goes with the layer
  base::fault_point("snapshot.commit.finished");
  if (id != snapshot.id) {
    const auto gate = state_->gate(base::FileLock::Mode::exclusive);
    if (state_->is_layer(id)) {
      discard(active);
      snapshot.id = id;
      snapshot.mounts = view({id});
      return;
    }
    // A directory without a record is what a crash between the next two steps leaves.
    state_->throw_away(state_->path(id));
    move_directory(directory, state_->path(id));
    snapshot.id = id;
    base::fault_point("snapshot.commit.renamed");
    state_->records.insert(id, info);
  } else {
    state_->records.insert(id, info);
  }
  base::fault_point("snapshot.commit.recorded");
  state_->lease(id);
  ::unlink((state_->path(id) + "/lock").c_str());
  snapshot.lock.reset();
  snapshot.mounts = view({id});
  if (state_->tell) state_->tell(id);
}

void Snapshotter::on_commit(std::function<void(const LayerId&)> tell) { state_->tell = std::move(tell); }

void Snapshotter::discard(Active& active) {
  if (!active.state_->lock) return;
  state_->throw_away(state_->path(active.state_->id));
  active.state_->lock.reset();
}

MountSpec Snapshotter::view(const Chain& chain) const { return {layer_directories(chain), "", ""}; }

bool Snapshotter::has(const LayerId& id) const { return state_->lease(id); }

bool Snapshotter::has_all(const Chain& chain) const {
  for (const auto& id : chain) {
    if (!has(id)) return false;
  }
  return true;
}

std::optional<LayerInfo> Snapshotter::info(const LayerId& id) const {
  return has(id) ? state_->records.find(id) : std::nullopt;
}

std::string Snapshotter::layer_directory(const LayerId& id) const {
  if (!has(id)) base::fail(base::Code::not_found, "layer {} is not in the store", id);
  return state_->layer_path(id);
}

std::vector<std::string> Snapshotter::layer_directories(const Chain& chain) const {
  std::vector<std::string> directories;
  directories.reserve(chain.size());
  for (const auto& id : chain) directories.push_back(layer_directory(id));
  return directories;
}

void Snapshotter::remove(const LayerId& id) {
  state_->leases.lock()->ids.erase(id);
  state_->records.erase(id);
  base::fault_point("snapshot.remove.erased");
  state_->throw_away(state_->path(id));
}

bool Snapshotter::is_unleased(const LayerId& id) const { return LeaseFile(state_->lease_path()).take(id); }

bool Snapshotter::remove_unleased(const LayerId& id) {
  const LeaseFile alone(state_->lease_path());
  if (!alone.take(id)) return false;
  remove(id);
  return true;
}

std::vector<LayerId> Snapshotter::list() const { return state_->records.list(); }

std::size_t Snapshotter::collect() {
  std::vector<std::string> trash;
  if (!base::exists(state_->options.directory)) return 0;
  {
    const auto gate = base::FileLock::try_lock(state_->options.locks + "/snapshots", base::FileLock::Mode::exclusive);
    if (!gate) return 0;  // somebody is making a snapshot: another time
    const auto ids = state_->records.list();
    const std::unordered_set<std::string> layers(ids.begin(), ids.end());
    for (const auto& name : base::list_directory(state_->options.directory)) {
      if (layers.contains(name)) continue;
      const auto path = state_->path(name);
      if (!name.starts_with(kTrash)) {
        const auto unused = base::FileLock::try_lock(path + "/lock");
        // It may have been committed since the list was read; its owner let go after recording it.
        if (!unused || state_->records.find(name)) continue;
        const auto aside = base::format("{}/{}{}", state_->options.directory, kTrash, base::random_id(12));
        move_directory(path, aside);
        trash.push_back(aside);
      } else {
        trash.push_back(path);
      }
    }
  }
  for (const auto& path : trash) {
    try {
      state_->options.remove_tree(path);
    } catch (const base::Error& error) {
      base::log_warn("removing the remains of a snapshot: {}", error.text());  // another process may be at it too
    }
  }
  return trash.size();
}

}  // namespace snapshot
