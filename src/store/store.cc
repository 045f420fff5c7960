// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "base/strings.h"
#include "store/lock.h"

namespace store {
namespace {

constexpr std::int64_t kFormat = 1;

constexpr const char* kMetaSchema = R"(
CREATE TABLE records(
  id TEXT PRIMARY KEY, op TEXT NOT NULL, step TEXT NOT NULL, body TEXT NOT NULL,
  created INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX records_op ON records(op, created);
CREATE INDEX records_step ON records(step, created) WHERE step <> '';
CREATE TABLE keys(key TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX keys_record ON keys(record);
CREATE TABLE layers(
  id TEXT PRIMARY KEY, diff_id TEXT NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE layer_blobs(
  layer TEXT NOT NULL, below TEXT NOT NULL, encoding TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
  diff_id TEXT NOT NULL, uncompressed INTEGER NOT NULL, media_type TEXT NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY(layer, below, encoding)) WITHOUT ROWID;
CREATE TABLE boot(id TEXT NOT NULL);
)";

constexpr const char* kNamesSchema = R"(
CREATE TABLE images(
  name TEXT PRIMARY KEY, root TEXT NOT NULL, origin TEXT NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;
)";

void refuse_network_file_system(const std::string& root) {
  struct statfs info;
  SLIP_SYSCALL(::statfs(root.c_str(), &info), "look at the file system of {}", root);
  constexpr long kCifs = 0xff534d42;
  constexpr long kSmb2 = 0xfe534d42;
  if (info.f_type != NFS_SUPER_MAGIC && info.f_type != kCifs && info.f_type != kSmb2) return;
  base::Error error(base::Code::failed_precondition, base::format("{} lies on a network file system", root));
  error.set_hint("locks and overlay mounts do not work there; choose a local directory with --root");
  throw error;
}

/// Creates the tables under a lock, so that two first users do not meet.
void ensure_schema(Database& database, const char* schema) {
  const std::int64_t version = database.version();
  if (version == kFormat) return;
  if (version != 0) {
    base::Error error(base::Code::failed_precondition,
                      base::format("{} has format {}, this program writes {}", database.path(), version, kFormat));
    error.set_hint("use the program that made it, or another store with --root");
    throw error;
  }
  Session session = database.use();
  Transaction transaction(session);
  {
    Statement again = session.prepare("PRAGMA user_version");
    if (again.step() && again.number(0) == kFormat) return;
  }
  session.run(schema);
  session.run(base::format("PRAGMA user_version={}", kFormat));
  transaction.commit();
}

std::string boot_id() {
  return std::string(base::trim(base::read_file_if_exists("/proc/sys/kernel/random/boot_id").value_or("unknown")));
}

/// How long the kernel may keep written data in memory (30 s by default), with a wide margin.
constexpr std::int64_t kWritebackNanos = 120'000'000'000;

/// After another boot, drops the records of the last minutes before it: the machine may have crashed
/// before their files reached the disk. Older ones were written back by then.
void drop_after_machine_crash(Database& meta) {
  Session session = meta.use();
  std::string marked;
  {
    Statement mark = session.prepare("SELECT id FROM boot");
    if (mark.step()) marked = mark.text(0);
  }
  const std::string boot = boot_id();
  if (marked == boot) return;
  Transaction transaction(session);
  if (!marked.empty()) {
    session.run(base::format("DELETE FROM records WHERE created > (SELECT max(created) FROM layers) - {0};"
                             "DELETE FROM layers WHERE created > (SELECT max(created) FROM layers) - {0};"
                             "DELETE FROM keys WHERE record NOT IN (SELECT id FROM records);"
                             "DELETE FROM layer_blobs WHERE layer NOT IN (SELECT id FROM layers);"
                             "DELETE FROM boot",
                             kWritebackNanos));
  }
  session.prepare("INSERT INTO boot(id) VALUES(?)").bind(1, boot).run();
  transaction.commit();
}

std::unique_ptr<Database> open_meta(const std::string& path) {
  try {
    auto database = std::make_unique<Database>(path, Durability::process);
    ensure_schema(*database, kMetaSchema);
    drop_after_machine_crash(*database);
    return database;
  } catch (const base::Error& error) {
    if (error.code() != base::Code::data_loss) throw;
    base::log_warn("{}; the records of past builds are lost, steps will run again", error.text());
  }
  // Set aside rather than deleted: another process may have it open.
  const std::string aside = base::format("{}.corrupt-{}", path, base::random_id(6));
  ::rename(path.c_str(), aside.c_str());
  ::unlink((path + "-journal").c_str());
  auto database = std::make_unique<Database>(path, Durability::process);
  ensure_schema(*database, kMetaSchema);
  drop_after_machine_crash(*database);
  return database;
}

}  // namespace

std::unique_ptr<Store> Store::open(const std::string& root) {
  return base::with_context([&] { return std::unique_ptr<Store>(new Store(root)); }, "opening the store {}", root);
}

Store::Store(std::string root) : root_(std::move(root)) {
  if (!base::exists(root_ + "/locks")) {
    base::make_directories(root_, 0755);
    base::make_directories(locks_dir(), 0755);
  }
  refuse_network_file_system(root_);
  content_ = make_disk_content_store(root_);
  meta_ = open_meta(root_ + "/meta.db");
}

Store::~Store() = default;

Database& Store::names() {
  const std::lock_guard lock(names_mutex_);
  if (!names_) {
    names_ = std::make_unique<Database>(root_ + "/names.db", Durability::machine);
    ensure_schema(*names_, kNamesSchema);
  }
  return *names_;
}

std::string Store::temporary_file() const {
  base::make_directories(root_ + "/ingest");
  return base::format("{}/ingest/tmp-{}", root_, base::random_id(16));
}

std::string Store::lock_path(std::string_view name) const {
  return base::format("{}/{}", locks_dir(), base::sha256(name).hex().substr(0, 40));
}

std::optional<base::FileLock> Store::try_lock(std::string_view name) { return try_lock_path(lock_path(name)); }

base::FileLock Store::lock(std::string_view name, const std::stop_token& stop) {
  return wait_for_lock(lock_path(name), stop);
}

}  // namespace store
