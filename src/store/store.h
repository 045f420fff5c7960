// SPDX-License-Identifier: Apache-2.0
#pragma once
// The store: one state directory that all slipway processes of a user share.
//
//     blobs/sha256/<hex>   committed bytes (content_store.h)
//     ingest/              unfinished bytes
//     snapshots/<id>/      layer directories (room snapshot)
//     ssh/                 sockets of steps that are running (room ops: ssh_forward.h)
//     cache-mounts/, git/  what RUN and git sources keep
//     contexts/            digests of context files (room ops: context_index.h)
//     listings/            what content digests were made of (room ops: listing.h)
//     secret-key           makes names for secrets' values (room ops: secrets.h)
//     logs/                whole output of failed steps (room cli: build_history.h)
//     builds/, pruned      what past builds did and why (room cli: build_history.h); when something was pruned last
//     locks/               one file per thing that is being made
//     names.db             images and names: must last, every commit is synced
//     meta.db, meta.saved  records of steps and layers: may be lost, then steps run again (meta.h)
//
// Each database carries the version of the format (user_version). docs/formats/store.md has it all.
//
// Everything is written under another name, renamed, then recorded: a crash of a process leaves
// garbage at worst. No record waits for the disk; when another boot of the machine opens the store, it
// goes on from meta.saved, and steps that were recorded after that copy run again.
//
// Threads: any. Failure: base::Error; a store of another format, or on a network file system, is
// failed_precondition and says what to do.
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "base/file.h"
#include "store/content_store.h"
#include "store/database.h"

namespace store {

/// The kernel's name of the machine's present boot; another text at each call where it has none.
std::string kernel_boot_id();

struct StoreOptions {
  std::string boot;  ///< name of the machine's present boot; the kernel's boot id when ""
};

class Store {
 public:
  /// Opens the directory, or makes it.
  static std::unique_ptr<Store> open(const std::string& root, const StoreOptions& options = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const std::string& root() const { return root_; }
  std::string snapshots_dir() const { return root_ + "/snapshots"; }
  std::string locks_dir() const { return root_ + "/locks"; }
  /// For files that content().adopt() takes over; made when first asked for.
  std::string temporary_file() const;

  ContentStore& content() { return *content_; }
  Database& meta() { return *meta_; }
  Database& names();  ///< opened when first needed

  /// Puts all present records out of reach of a crash of the machine. Flushes the file system.
  void save();
  /// Has to be called before anything that meta.db may speak of is removed. Afterwards a crash of the
  /// machine loses all records, until save().
  void forget_saved();

  /// An exclusive lock that all processes see. lock() waits. The first lock() of a process, a sign that
  /// something will be built, also starts a save() beside it when earlier work is old enough (a minute)
  /// that the kernel has written it out, so that the flush costs little.
  std::optional<base::FileLock> try_lock(std::string_view name);
  base::FileLock lock(std::string_view name, const std::stop_token& stop);

 private:
  Store(std::string root, const StoreOptions& options);
  std::string lock_path(std::string_view name) const;

  std::string root_;
  std::unique_ptr<ContentStore> content_;
  std::unique_ptr<Database> meta_;
  std::unique_ptr<Database> names_;
  std::mutex names_mutex_;
  std::once_flag saving_;
  std::jthread saver_;  ///< last: ends before what it uses
};

}  // namespace store
