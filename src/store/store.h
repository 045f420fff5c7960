// SPDX-License-Identifier: Apache-2.0
#pragma once
// The store: one state directory, shared by any number of slipway processes.
//
//     auto store = store::Store::open("/var/lib/slipway");
//     auto blob = store->content().put(bytes);
//     auto lock = store->lock("step " + key, stop);             // one process at a time
//     store->records().save(record, keys);
//
// Inside (docs/formats/store.md):
//     format, boot          what wrote it; which boot of the machine its unsynced parts belong to
//     blobs/sha256/<hex>    content, by digest (content_store.h)
//     ingests/<hash>        uncommitted content
//     snapshots/<id>/fs     layer directories (room snapshot)
//     meta.db, meta.saved   cache records and layers: may be lost (meta_database.h)
//     names.db              images and names: must last (room images)
//     leases/, locks/, tmp/ of living processes
//
// Everything is written under a temporary name and renamed, then recorded: a crash at any
// instruction leaves garbage at worst, which gc.h collects. No commit on the way of a step waits for
// the disk. What was recorded and not yet synced when the *machine* crashed is dropped by the first
// process after it (or, for blobs, verified again). What sync() and make_durable() have covered stays.
//
// Opening costs two small reads; databases, leases and the temporary directory come to be when used.
// Threads: any. Failure: base::Error.
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/content_store.h"
#include "store/database.h"
#include "store/layers.h"
#include "store/leases.h"
#include "store/meta_database.h"
#include "store/process_lock.h"
#include "store/records.h"

namespace store {

struct StoreOptions {
  const base::Clock* clock = nullptr;  ///< the system's when null
  std::string boot_id;                 ///< the kernel's when ""
};

class Store {
 public:
  /// Creates what is absent. Throws failed_precondition on NFS, for another format, and for a
  /// directory with other things in it.
  static std::unique_ptr<Store> open(const std::string& root, const StoreOptions& options = {});
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  const std::string& root() const;
  ContentStore& content();
  RecordTable& records();
  LayerTable& layers();
  BlobSourceTable& sources();
  Leases& leases();
  MetaDatabase& meta_database();
  /// meta.db itself, for tables of other rooms (see MetaDatabase::raw).
  Database& meta();
  /// names.db: durable. Its tables belong to the room images.
  Database& names();

  std::string snapshots_dir() const;
  std::string locks_dir() const;
  std::string ingests_dir() const;
  /// A directory for this process's temporary files, removed with the store or, after a crash, by gc.
  std::string tmp_dir();

  /// Holds the named lock against every other thread and process; throws Cancelled on a stop.
  ProcessLock lock(std::string_view name, const std::stop_token& stop);
  std::optional<ProcessLock> try_lock(std::string_view name);

  /// Flushes the store's file system: what is recorded now survives a crash of the machine. Takes as
  /// long as the disk needs; meant for gc, for the end of long commands and for idle moments.
  void sync();

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Why a store cannot be on a file system of this type (statfs), or "".
std::string refused_filesystem(long type);

}  // namespace store
