// SPDX-License-Identifier: Apache-2.0
#include "store/meta.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <stop_token>

#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strings.h"
#include "base/time.h"
#include "store/filesystem.h"
#include "store/lock.h"
#include "store/schema.h"

namespace store {
namespace {

std::string meta_path(const std::string& root) { return root + "/meta.db"; }
std::string saved_path(const std::string& root) { return root + "/meta.saved"; }
std::string new_copy_path(const std::string& root) { return root + "/meta.saved.new"; }

std::string quoted(const std::string& text) { return "'" + base::replace_all(text, "'", "''") + "'"; }

bool is_of_boot(Database& meta, std::string_view boot) {
  Session session = meta.use();
  Statement row = session.prepare("SELECT id FROM boot");
  return row.step() && row.text(0) == boot;
}

bool is_ready(Database& meta, std::string_view boot) {
  if (base::exists(meta.path() + std::string(kDamagedSuffix))) return false;
  try {
    return has_format(meta) && is_of_boot(meta, boot);
  } catch (const base::Error& error) {
    if (error.code() != base::Code::data_loss) throw;
    base::log_warn("{}; taking over the last safe copy, newer steps will run again", error.text());
    return false;
  }
}

/// Keeps only layers whose directory is there, and what goes with them.
void forget_absent_layers(Session& session, const std::string& root) {
  std::vector<std::string> absent;
  {
    Statement row = session.prepare("SELECT id FROM layers");
    while (row.step()) {
      const std::string id = row.text(0);
      if (!base::exists(base::format("{}/snapshots/{}/fs", root, id))) absent.push_back(id);
    }
  }
  for (const auto& id : absent) session.prepare("DELETE FROM layers WHERE id = ?").bind(1, id).run();
  session.run("DELETE FROM layer_blobs WHERE layer NOT IN (SELECT id FROM layers)");
}

void copy_saved_rows(Session& session) {
  session.run(
      "INSERT INTO main.records SELECT id, op, step, place, body, created, used FROM saved.records;"
      "INSERT INTO main.keys SELECT key, record FROM saved.keys;"
      "INSERT INTO main.layers SELECT id, diff_id, size, created FROM saved.layers;"
      "INSERT INTO main.layer_blobs SELECT layer, below, encoding, digest, size, diff_id, uncompressed, media_type, "
      "number FROM saved.layer_blobs");
}

enum class Saved : std::uint8_t { use, ignore };

void fill(Session& session, const std::string& root, std::string_view boot, Saved saved) {
  Transaction transaction(session);
  session.run(kMetaSchema);
  session.run(base::format("PRAGMA user_version={}", kFormat));
  if (saved == Saved::use) copy_saved_rows(session);
  forget_absent_layers(session, root);
  session.prepare("INSERT INTO boot(id) VALUES(?)").bind(1, boot).run();
  base::fault_point("store.meta.filled");
  transaction.commit();
}

/// Attaches the copy for the lifetime of this object.
class AttachedCopy {
 public:
  AttachedCopy(Session& session, const std::string& root) : session_(session) {
    session_.run("ATTACH " + quoted(saved_path(root)) + " AS saved");
  }
  ~AttachedCopy() {
    try {
      session_.run("DETACH saved");
    } catch (const base::Error& error) {
      base::log_warn("{}", error.text());
    }
  }
  AttachedCopy(const AttachedCopy&) = delete;
  AttachedCopy& operator=(const AttachedCopy&) = delete;

  bool has_format() {
    Statement version = session_.prepare("PRAGMA saved.user_version");
    return version.step() && version.number(0) == kFormat;
  }

 private:
  Session& session_;
};

bool fill_from_saved(Session& session, const std::string& root, std::string_view boot) {
  if (!base::exists(saved_path(root))) return false;
  try {
    AttachedCopy copy(session, root);
    if (!copy.has_format()) return false;
    fill(session, root, boot, Saved::use);
    return true;
  } catch (const base::Error& error) {
    // A copy that cannot be read is no copy; a full disk is another matter.
    if (error.code() == base::Code::resource_exhausted || error.code() == base::Code::unavailable) throw;
    base::log_warn("the copy of the store's records is unusable: {}", error.text());
    return false;
  }
}

void rebuild(Database& meta, const std::string& root, std::string_view boot) {
  const auto alone = wait_for_lock(root + "/locks/meta-rebuild", {});
  if (is_ready(meta, boot)) return;
  Session session = meta.use();
  session.empty();
  base::fault_point("store.meta.emptied");
  if (!fill_from_saved(session, root, boot)) {
    session.empty();
    fill(session, root, boot, Saved::ignore);
  }
  ::unlink((meta.path() + std::string(kDamagedSuffix)).c_str());
}

}  // namespace

std::unique_ptr<Database> open_meta(const std::string& root, std::string_view boot) {
  auto meta = std::make_unique<Database>(meta_path(root), Durability::process);
  if (!is_ready(*meta, boot)) rebuild(*meta, root, boot);
  return meta;
}

void save_meta(Database& meta, const std::string& root) {
  const auto alone = wait_for_lock(root + "/locks/meta-save", {});
  const std::string copy = new_copy_path(root);
  ::unlink(copy.c_str());
  // First the copy, then the flush: whatever the copy speaks of was written before.
  meta.use().run("VACUUM INTO " + quoted(copy));
  base::fault_point("store.meta.copied");
  sync_filesystems(root);
  base::fault_point("store.meta.flushed");
  SLIP_SYSCALL(::rename(copy.c_str(), saved_path(root).c_str()), "rename {}", copy);
  base::sync_directory(root);
}

void forget_saved_meta(const std::string& root) {
  const auto alone = wait_for_lock(root + "/locks/meta-save", {});
  if (::unlink(saved_path(root).c_str()) != 0) {
    if (errno == ENOENT) return;
    base::fail_errno(errno, base::format("remove {}", saved_path(root)));
  }
  base::sync_directory(root);
}

bool is_saving_due(const std::string& root, std::int64_t age_seconds) {
  const auto meta = base::stat_if_exists(meta_path(root));
  if (!meta) return false;
  const auto saved = base::stat_if_exists(saved_path(root));
  if (saved && saved->st_mtim.tv_sec > meta->st_mtim.tv_sec) return false;
  return base::system_clock().now() / base::kSecond - meta->st_mtim.tv_sec >= age_seconds;
}

}  // namespace store
