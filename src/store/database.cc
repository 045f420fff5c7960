// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <sqlite3.h>

#include <utility>

#include "base/error.h"

namespace store {
namespace {

constexpr int kBusyTimeoutMs = 60'000;

[[noreturn]] void fail_sqlite(sqlite3* database, int code, std::string_view what) {
  const char* text = database ? ::sqlite3_errmsg(database) : ::sqlite3_errstr(code);
  const int primary = code & 0xff;
  base::Code kind = base::Code::internal;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) kind = base::Code::data_loss;
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) kind = base::Code::unavailable;
  if (primary == SQLITE_FULL) kind = base::Code::resource_exhausted;
  base::fail(kind, "{}: {}", what, text);
}

}  // namespace

struct Session::Connection {
  sqlite3* handle = nullptr;
  std::unordered_map<std::string_view, sqlite3_stmt*> statements;

  ~Connection() {
    for (const auto& [sql, statement] : statements) ::sqlite3_finalize(statement);
    ::sqlite3_close(handle);
  }
};

Statement Session::prepare(std::string_view sql) {
  auto& slot = connection_.statements[sql];
  if (slot && ::sqlite3_stmt_busy(slot)) base::fail(base::Code::internal, "statement used twice at once: {}", sql);
  if (!slot) {
    const int code = ::sqlite3_prepare_v3(connection_.handle, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &slot, nullptr);
    if (code != SQLITE_OK) fail_sqlite(connection_.handle, code, "prepare a query");
  }
  return Statement(slot, connection_.handle);
}

void Session::run(const std::string& sql) {
  const int code = ::sqlite3_exec(connection_.handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail_sqlite(connection_.handle, code, "use the store's database");
}

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), database_(other.database_) {}

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
  fail_sqlite(static_cast<sqlite3*>(database_), code, "use the store's database");
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
  session_.run("COMMIT");
  open_ = false;
}

Database::Database(const std::string& path, Durability durability)
    : path_(path), connection_(std::make_unique<Session::Connection>()) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = ::sqlite3_open_v2(path.c_str(), &connection_->handle, flags, nullptr);
  if (code != SQLITE_OK) fail_sqlite(connection_->handle, code, base::format("open {}", path));
  ::sqlite3_busy_timeout(connection_->handle, kBusyTimeoutMs);
  use().run(durability == Durability::machine ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF");
}

Database::~Database() = default;

Session Database::use() { return Session(*connection_, mutex_); }

std::int64_t Database::version() {
  Session session = use();
  Statement statement = session.prepare("PRAGMA user_version");
  return statement.step() ? statement.number(0) : 0;
}

}  // namespace store
