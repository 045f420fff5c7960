// SPDX-License-Identifier: Apache-2.0
#pragma once
// meta.db: what the store remembers but can live without.
//
// Everything in it can be made again by building again, so its commits are not flushed to the disk,
// and a damaged file is emptied and goes on empty. Two things follow:
//  - after a crash of the machine the file is not trusted: it is filled from `meta.saved`, the copy
//    that the last Store::sync() made and that only speaks of what had reached the disk by then;
//  - a copy must never speak of what is gone, so gc removes it (forget_saved) before it removes anything.
//
// Threads: any.
#include <functional>
#include <string>
#include <type_traits>

#include "base/error.h"
#include "store/database.h"

namespace store {

class MetaDatabase {
 public:
  /// Files `directory`/meta.db and meta.saved.
  explicit MetaDatabase(const std::string& directory);

  /// Runs `body(Connection&)` on the ready connection. When the file turns out to be damaged it is
  /// emptied and the body runs once more, so it must be a whole piece of work.
  template <typename Body>
  auto run(Body&& body) {
    try {
      const auto sql = lock();
      return body(*sql);
    } catch (const base::Error& error) {
      if (error.code() != base::Code::data_loss) throw;
    }
    rebuild();
    const auto sql = lock();
    return body(*sql);
  }
  /// As run(), within a transaction that is committed at the end.
  template <typename Body>
  void change(Body&& body) {
    run([&](Connection& sql) {
      Transaction transaction(sql);
      body(sql);
      commit(transaction);
    });
  }

  /// The raw database, with its tables made. For tables of other rooms: they may vanish at any
  /// time, so begin with CREATE TABLE IF NOT EXISTS.
  Database& raw();

  /// Writes the copy beside meta.db under a temporary name, and puts it in place.
  void save_copy_begin();
  void save_copy_end();
  /// Afterwards there is no copy, not even after a crash of the machine.
  void forget_saved();
  /// After a crash of the machine: everything is dropped but what the copy has and `keep_layer`
  /// confirms.
  void restore_saved(const std::function<bool(const std::string& layer_id)>& keep_layer);

 private:
  Database::Lock lock();
  void prepare(Connection& sql);
  void rebuild();
  void commit(Transaction& transaction);

  std::string directory_;
  Database database_;
  bool ready_ = false;  ///< guarded by the database's lock
};

}  // namespace store
