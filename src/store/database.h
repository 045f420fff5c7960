// SPDX-License-Identifier: Apache-2.0
#pragma once
// SQLite, as objects that close themselves. docs/adr/0002-sqlite-journal.md has the settings and why.
//
//     store::Database db(root + "/names.db", {.durability = store::Durability::synced});
//     auto sql = db.lock();                                    // this thread has the connection
//     store::Transaction change(sql);                          // BEGIN IMMEDIATE
//     sql->run("INSERT INTO names VALUES (?, ?)", name, digest);
//     change.commit();                                         // rolled back without this
//     auto row = sql->query("SELECT digest FROM names WHERE name = ?", name);
//     while (row.step()) use(row.text(0));
//
// SQL texts are prepared once per connection and kept. A Statement must end before the lock.
// A file that is locked by another process is waited for (up to `busy_timeout_ms`).
// Never open the file of a database in any other way in the same process: closing that descriptor
// would drop SQLite's locks.
// Threads: a Database may be used from any thread; its lock is held by one at a time.
// Failure: base::Error: unavailable when locked too long, resource_exhausted on a full disk,
// data_loss when the file is damaged or is no database, permission_denied, internal.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/sync.h"
#include "store/content_store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace store {

struct DatabaseOptions {
  Durability durability = Durability::synced;  ///< deferred: commits are not flushed to the disk
  int busy_timeout_ms = 60'000;
};

/// A running query; gives its prepared text back when it ends.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Parameters count from 1.
  void bind(int index, std::int64_t value);
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, int value) { bind(index, std::int64_t{value}); }
  void bind(int index, std::string_view text);
  void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
  void bind(int index, const char* text) { bind(index, std::string_view(text)); }
  void bind(int index, const base::Digest& digest) { bind(index, digest.str()); }  ///< as text
  void bind(int index, std::nullptr_t);
  void bind_blob(int index, std::string_view bytes);

  /// Goes to the next row; false after the last.
  bool step();

  /// Columns count from 0.
  std::int64_t integer(int column) const;
  std::string text(int column) const;     ///< text or blob; "" for NULL
  base::Digest digest(int column) const;  ///< empty when it is not one
  bool is_null(int column) const;

 private:
  friend class Connection;
  Statement(sqlite3* db, sqlite3_stmt* statement, bool* in_use, std::string_view path);
  sqlite3* db_;
  sqlite3_stmt* statement_;
  bool* in_use_;
  std::string_view path_;
};

/// One open database file. Use through Database::lock().
class Connection {
 public:
  Connection(const std::string& path, const DatabaseOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// A statement to bind and step.
  Statement prepare(std::string_view sql);
  /// A statement with its parameters bound, to be stepped.
  template <typename... Args>
  Statement query(std::string_view sql, const Args&... args) {
    Statement statement = prepare(sql);
    int index = 0;
    (statement.bind(++index, args), ...);
    return statement;
  }
  /// Runs a statement to its end; returns how many rows it changed.
  template <typename... Args>
  int run(std::string_view sql, const Args&... args) {
    Statement statement = query(sql, args...);
    while (statement.step()) {
    }
    return changes();
  }
  /// Runs a text of several statements without parameters (schemas).
  void execute(const std::string& script);
  /// Empties the file in place, however damaged it is, under SQLite's own locks.
  void reset();

  /// PRAGMA user_version: 0 in a new file.
  int version();
  void set_version(int version);

  const std::string& path() const { return path_; }

 private:
  struct Prepared;
  int changes() const;
  void close();
  std::string path_;
  sqlite3* db_ = nullptr;
  std::map<std::string, std::unique_ptr<Prepared>, std::less<>> prepared_;
};

/// A database file, opened at the first lock().
class Database {
 public:
  Database(std::string path, DatabaseOptions options) : path_(std::move(path)), options_(options) {}

  class Lock {
   public:
    Connection* operator->() const { return connection_; }
    Connection& operator*() const { return *connection_; }

   private:
    friend class Database;
    Lock(base::Sync<std::unique_ptr<Connection>>::Lock lock, Connection* connection)
        : lock_(std::move(lock)), connection_(connection) {}
    base::Sync<std::unique_ptr<Connection>>::Lock lock_;
    Connection* connection_;
  };

  /// Waits for the other threads of this process; opens or creates the file when it is the first.
  Lock lock();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  DatabaseOptions options_;
  base::Sync<std::unique_ptr<Connection>> connection_;
};

/// A write transaction: takes the file's write lock at once; rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  explicit Transaction(const Database::Lock& lock) : Transaction(*lock) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace store
