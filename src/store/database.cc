// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <utility>

#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"

namespace store {
namespace {

constexpr int kBusyTimeoutMs = 60'000;

base::Code code_of(int primary) {
  switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return base::Code::data_loss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return base::Code::unavailable;
    case SQLITE_FULL: return base::Code::resource_exhausted;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN: return base::Code::permission_denied;
    default: return base::Code::internal;
  }
}

std::string_view hint_of(base::Code code) {
  switch (code) {
    case base::Code::resource_exhausted: return "free some space, or choose another store with --root";
    case base::Code::unavailable: return "another process holds the database; try again when it has ended";
    case base::Code::permission_denied: return "check the owner of the store, or choose another one with --root";
    default: return "";
  }
}

}  // namespace

struct Session::Connection {
  std::string path;
  bool disposable = false;
  sqlite3* handle = nullptr;
  std::unordered_map<std::string_view, sqlite3_stmt*> statements;

  ~Connection() {
    forget_statements();
    ::sqlite3_close(handle);
  }

  /// EXTRA also syncs the directory once the journal is deleted: the deletion is the commit. The result
  /// is not looked at: on a damaged file it fails, as will the first query, or empty() comes and tries again.
  void set_durability() {
    ::sqlite3_exec(handle, disposable ? "PRAGMA synchronous=OFF" : "PRAGMA synchronous=EXTRA", nullptr, nullptr,
                   nullptr);
  }

  void forget_statements() {
    for (const auto& [sql, statement] : statements) ::sqlite3_finalize(statement);
    statements.clear();
  }

  [[noreturn]] void fail(int code, std::string_view what) const {
    const base::Code kind = code_of(code & 0xff);
    if (kind == base::Code::data_loss && disposable) mark_damaged();
    const char* reason = handle ? ::sqlite3_errmsg(handle) : ::sqlite3_errstr(code);
    base::Error error(kind, base::format("{} {}: {}", what, path, reason));
    error.set_hint(std::string(hint_of(kind)));
    throw error;
  }

  void mark_damaged() const {
    try {
      base::open_file(path + std::string(kDamagedSuffix), O_WRONLY | O_CREAT, 0644);
    } catch (const base::Error&) {
      // The failure that is being reported matters more; the next process will find the damage itself.
    }
  }
};

Statement Session::prepare(std::string_view sql) {
  auto& slot = connection_.statements[sql];
  if (slot && ::sqlite3_stmt_busy(slot)) base::fail(base::Code::internal, "statement used twice at once: {}", sql);
  if (!slot) {
    const int code = ::sqlite3_prepare_v3(connection_.handle, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &slot, nullptr);
    if (code != SQLITE_OK) connection_.fail(code, "prepare a query of");
  }
  return Statement(slot, connection_);
}

void Session::run(const std::string& sql) {
  const int code = ::sqlite3_exec(connection_.handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) connection_.fail(code, "use");
}

void Session::empty() {
  connection_.forget_statements();
  ::sqlite3_db_config(connection_.handle, SQLITE_DBCONFIG_RESET_DATABASE, 1, 0);
  const int code = ::sqlite3_exec(connection_.handle, "VACUUM", nullptr, nullptr, nullptr);
  ::sqlite3_db_config(connection_.handle, SQLITE_DBCONFIG_RESET_DATABASE, 0, 0);
  if (code != SQLITE_OK) connection_.fail(code, "empty");
  connection_.set_durability();
  ::unlink((connection_.path + std::string(kDamagedSuffix)).c_str());
}

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), connection_(other.connection_) {}

Statement::~Statement() {
  if (!handle_) return;
  auto* statement = static_cast<sqlite3_stmt*>(handle_);
  ::sqlite3_reset(statement);
  ::sqlite3_clear_bindings(statement);
}

Statement& Statement::bind_text(int index, std::string_view text) & {
  ::sqlite3_bind_text(static_cast<sqlite3_stmt*>(handle_), index, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
  return *this;
}

Statement&& Statement::bind(int index, std::string_view text) && {
  bind_text(index, text);
  return std::move(*this);
}

Statement&& Statement::bind(int index, std::int64_t number) && {
  ::sqlite3_bind_int64(static_cast<sqlite3_stmt*>(handle_), index, number);
  return std::move(*this);
}

bool Statement::step() {
  const int code = ::sqlite3_step(static_cast<sqlite3_stmt*>(handle_));
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  connection_.fail(code, "use");
}

void Statement::run() {
  while (step()) {
  }
}

std::string Statement::text(int column) const {
  auto* statement = static_cast<sqlite3_stmt*>(handle_);
  const auto* bytes = static_cast<const char*>(::sqlite3_column_blob(statement, column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(::sqlite3_column_bytes(statement, column))) : "";
}

std::int64_t Statement::number(int column) const {
  return ::sqlite3_column_int64(static_cast<sqlite3_stmt*>(handle_), column);
}

bool Statement::is_null(int column) const {
  return ::sqlite3_column_type(static_cast<sqlite3_stmt*>(handle_), column) == SQLITE_NULL;
}

Transaction::Transaction(Session& session) : session_(session) { session_.run("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (!open_) return;
  ::sqlite3_exec(session_.connection_.handle, "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  base::fault_point("store.database.commit");
  session_.run("COMMIT");
  open_ = false;
  base::fault_point("store.database.committed");
}

Database::Database(const std::string& path, Durability durability)
    : path_(path), connection_(std::make_unique<Session::Connection>()) {
  connection_->path = path;
  connection_->disposable = durability == Durability::process;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = ::sqlite3_open_v2(path.c_str(), &connection_->handle, flags, nullptr);
  if (code != SQLITE_OK) connection_->fail(code, "open");
  ::sqlite3_busy_timeout(connection_->handle, kBusyTimeoutMs);
  connection_->set_durability();
}

Database::~Database() = default;

Session Database::use() { return Session(*connection_, mutex_); }

std::int64_t Database::version() {
  Session session = use();
  Statement statement = session.prepare("PRAGMA user_version");
  return statement.step() ? statement.number(0) : 0;
}

}  // namespace store
