// SPDX-License-Identifier: Apache-2.0
#pragma once
// Snapshots: chains of frozen layer directories, and a place to make the next one.
//
// Words: a *layer* is one frozen directory `snapshots/<id>/fs` in overlayfs' form, which depends on
// no other; a *chain* is a list of layers, bottom first; an *active* snapshot is a chain plus a
// fresh directory that takes what is written. Committing freezes it as a layer:
//
//     auto active = snapshotter.prepare(chain);               // chain of the step's input
//     run_in(active.mounts());                                 // mounted by the helper, see mount.h
//     snapshotter.commit(active, {.size = bytes});
//     chain.push_back(active.id());
//
// A pulled layer is made in the same way under the name of its diff id, which other images and
// other processes may be making at the same moment:
//
//     auto active = snapshotter.prepare({});
//     auto applied = apply(blob, active.mounts().upper);
//     auto id = snapshotter.commit_as(active, layer_id_of(applied.diff_id), {...});
//
// This side owns names and records and never mounts. An active snapshot is held by a lock on its
// directory; destroying the object discards it. When a process dies, its uncommitted directories
// stay behind as garbage, which collect() removes (the first prepare() calls it).
//
// A layer that was asked for (has, view, prepare, …) or made is *leased* until the snapshotter goes: a shared lock,
// which the kernel takes back when the process ends. remove_unleased(), of whatever process, leaves it alone.
//
// Threads: any. Failure: base::Error; a chain with an unknown layer is not_found.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "snapshot/layer_records.h"

namespace snapshot {

/// overlay: mounted layers. fuse: the same through fuse-overlayfs. native: copies, for kernels or file systems that
/// refuse both.
enum class Driver : std::uint8_t { overlay, fuse, native };
std::string_view driver_name(Driver driver);
std::optional<Driver> parse_driver(std::string_view name);

/// What the helper needs to mount a snapshot. All paths are absolute.
struct MountSpec {
  std::vector<std::string> lowers = {};  ///< layer directories, bottom first
  std::string upper = {};                ///< "": read-only view
  std::string work = {};                 ///< beside `upper`; native: where the copy is made

  bool read_only() const { return upper.empty(); }
  base::Json to_json() const;
  static MountSpec from_json(const base::Json& json);
  bool operator==(const MountSpec&) const = default;
};

class Snapshotter;

/// A snapshot being written. Discarded with the object unless committed.
class Active {
 public:
  Active(Active&&) noexcept;
  Active& operator=(Active&&) noexcept;
  ~Active();

  const LayerId& id() const;
  const MountSpec& mounts() const;

 private:
  friend class Snapshotter;
  struct State;
  explicit Active(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct SnapshotterOptions {
  std::string directory;  ///< ".../snapshots"
  std::string locks;      ///< ".../locks"
  Driver driver = Driver::overlay;
  /// Removes a tree that may hold files of other owners (rootless: through the helper).
  std::function<void(const std::string& path)> remove_tree;
};

class Snapshotter {
 public:
  /// `records` outlives the snapshotter.
  Snapshotter(SnapshotterOptions options, LayerRecords& records);
  ~Snapshotter();
  Snapshotter(const Snapshotter&) = delete;
  Snapshotter& operator=(const Snapshotter&) = delete;

  Driver driver() const;
  LayerRecords& records();

  /// A new directory over `parent`.
  Active prepare(const Chain& parent);
  /// Freezes the directory under its own id. Afterwards has(id).
  void commit(Active& active, const LayerInfo& info);
  /// Freezes it under `id`. When that layer exists already, this directory is discarded.
  void commit_as(Active& active, const LayerId& id, const LayerInfo& info);
  /// Removes it; so does the destructor.
  void discard(Active& active);

  /// From now on told of every layer that was committed, on the thread that did it. Not while snapshots are being made.
  void on_commit(std::function<void(const LayerId&)> tell);

  /// For looking at a chain without changing it.
  MountSpec view(const Chain& chain) const;

  bool has(const LayerId& id) const;
  bool has_all(const Chain& chain) const;
  std::optional<LayerInfo> info(const LayerId& id) const;
  /// Absolute path of a committed layer's directory; not_found when there is none.
  std::string layer_directory(const LayerId& id) const;
  std::vector<std::string> layer_directories(const Chain& chain) const;
  /// Afterwards the layer is gone. The caller knows that nothing uses it.
  void remove(const LayerId& id);
  /// Whether no process, this one included, has the layer leased.
  bool is_unleased(const LayerId& id) const;
  /// remove(), unless somebody has it leased; says whether it is gone.
  bool remove_unleased(const LayerId& id);
  std::vector<LayerId> list() const;
  /// Removes directories that are neither committed nor held by a living process; returns how many.
  std::size_t collect();

 private:
  friend class Active;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace snapshot
