// SPDX-License-Identifier: Apache-2.0
#pragma once
// The store: one state directory that all slipway processes of a user share.
//
//     blobs/sha256/<hex>   committed bytes (content_store.h)
//     ingest/              unfinished bytes
//     snapshots/<id>/      layer directories (room snapshot)
//     cache-mounts/, git/  what RUN and git sources keep
//     locks/               one file per thing that is being made
//     names.db             images and names: must last, every commit is synced
//     meta.db              records of steps and layers: may be lost, then steps run again
//
// Each database carries the version of the format (user_version).
//
// A crash of a process leaves garbage at worst. After a crash of the machine, meta.db may name
// layers whose files never reached the disk: when the store is first opened by another boot, the
// records of the last minutes before it are dropped (docs/formats/store.md).
//
// Threads: any. Failure: base::Error; a store of another format, or on a network file system, is
// failed_precondition and says what to do.
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/file.h"
#include "store/content_store.h"
#include "store/database.h"

namespace store {

class Store {
 public:
  /// Opens the directory, or makes it.
  static std::unique_ptr<Store> open(const std::string& root);
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

  /// An exclusive lock that all processes see. lock() waits.
  std::optional<base::FileLock> try_lock(std::string_view name);
  base::FileLock lock(std::string_view name, const std::stop_token& stop);

 private:
  explicit Store(std::string root);
  std::string lock_path(std::string_view name) const;

  std::string root_;
  std::unique_ptr<ContentStore> content_;
  std::unique_ptr<Database> meta_;
  std::unique_ptr<Database> names_;
  std::mutex names_mutex_;
};

}  // namespace store
