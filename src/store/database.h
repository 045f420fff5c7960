// SPDX-License-Identifier: Apache-2.0
#pragma once
// SQLite with owners: a connection, statements that are reset by themselves, transactions.
//
//     auto db = Database("meta.db", {.durable = Durable::no});
//     auto locked = db.use();                                      // one user at a time
//     auto row = locked.prepare("SELECT value FROM t WHERE key = ?").bind(1, key);
//     if (row.step()) use(row.text(0));
//
// A rollback journal, never WAL (docs/adr/0002-sqlite-journal.md). Other processes use the same file;
// whoever finds it busy waits up to a minute.
// Threads: any; use() hands out the connection under a mutex.
// Failure: base::Error: data_loss for a damaged file (which a database of Durability::process also
// marks with a file PATH.damaged, so that it is emptied when next opened), resource_exhausted for a
// full disk, permission_denied, unavailable after a minute of waiting.
//
// Never open the file of a database by other means in the same process: closing that descriptor
// would drop SQLite's locks. Never rename or replace it either: empty() does it in place.
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace store {

/// Whether commits survive a crash of the machine (they always survive a crash of the process).
enum class Durability : std::uint8_t { process, machine };

/// Added to the name of a database file to mark it as damaged.
inline constexpr std::string_view kDamagedSuffix = ".damaged";

class Statement;

/// The connection, held for the lifetime of this object.
class Session {
 public:
  /// A statement of this connection, compiled once. The text must live as long as the program.
  Statement prepare(std::string_view sql);
  /// One or several statements without results.
  void run(const std::string& sql);
  /// Leaves an empty database (format 0, no tables), however damaged the file is. Other processes
  /// may have it open; no transaction may be.
  void empty();

 private:
  friend class Database;
  friend class Statement;
  friend class Transaction;
  struct Connection;
  Session(Connection& connection, std::mutex& mutex) : connection_(connection), lock_(mutex) {}
  Connection& connection_;
  std::unique_lock<std::mutex> lock_;
};

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();  ///< resets, so that it can be used again

  /// Parameters count from 1.
  Statement&& bind(int index, std::string_view text) &&;
  Statement&& bind(int index, std::int64_t number) &&;
  Statement& bind_text(int index, std::string_view text) &;
  /// The next row; false at the end.
  bool step();
  /// Runs to the end.
  void run();
  /// Columns count from 0.
  std::string text(int column) const;
  std::int64_t number(int column) const;
  bool is_null(int column) const;

 private:
  friend class Session;
  Statement(void* handle, Session::Connection& connection) : handle_(handle), connection_(connection) {}
  void* handle_;
  Session::Connection& connection_;
};

/// BEGIN IMMEDIATE; rolled back unless commit() was called.
class Transaction {
 public:
  explicit Transaction(Session& session);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Session& session_;
  bool open_ = true;
};

class Database {
 public:
  /// Opens or creates. That a file is damaged or no database shows at the first use.
  Database(const std::string& path, Durability durability);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Session use();
  /// PRAGMA user_version.
  std::int64_t version();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::mutex mutex_;
  std::unique_ptr<Session::Connection> connection_;
};

}  // namespace store
