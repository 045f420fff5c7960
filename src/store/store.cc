// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "base/strings.h"
#include "store/filesystem.h"
#include "store/lock.h"
#include "store/meta.h"
#include "store/schema.h"

namespace store {
namespace {

constexpr std::int64_t kSaveAfterSeconds = 60;

}  // namespace

/// Without a boot id no record is believed by the next process: slow, but never wrong.
std::string kernel_boot_id() {
  const auto text = base::read_file_if_exists("/proc/sys/kernel/random/boot_id");
  return text ? std::string(base::trim(*text)) : "unknown-" + base::random_id();
}

std::unique_ptr<Store> Store::open(const std::string& root, const StoreOptions& options) {
  return base::with_context([&] { return std::unique_ptr<Store>(new Store(root, options)); }, "opening the store {}",
                            root);
}

Store::Store(std::string root, const StoreOptions& options) : root_(std::move(root)) {
  if (!base::exists(locks_dir())) {
    refuse_foreign_directory(root_);
    base::make_directories(locks_dir(), 0755);
  }
  refuse_network_filesystem(root_);
  content_ = make_disk_content_store(root_);
  meta_ = open_meta(root_, options.boot.empty() ? kernel_boot_id() : options.boot);
}

Store::~Store() = default;

Database& Store::names() {
  const std::lock_guard lock(names_mutex_);
  if (names_) return *names_;
  auto names = std::make_unique<Database>(root_ + "/names.db", Durability::machine);
  try {
    ensure_schema(*names, kNamesSchema);
  } catch (base::Error& error) {
    if (error.code() == base::Code::data_loss) {
      error.set_hint("names of images cannot be made again: restore the file, or move it away to begin without names");
    }
    throw;
  }
  names_ = std::move(names);
  return *names_;
}

void Store::save() { save_meta(*meta_, root_); }

void Store::forget_saved() { forget_saved_meta(root_); }

std::string Store::temporary_file() const {
  base::make_directories(root_ + "/ingest");
  return base::format("{}/ingest/tmp-{}", root_, base::random_id(16));
}

std::string Store::lock_path(std::string_view name) const {
  return base::format("{}/{}", locks_dir(), base::sha256(name).hex().substr(0, 40));
}

std::optional<base::FileLock> Store::try_lock(std::string_view name) { return try_lock_path(lock_path(name)); }

base::FileLock Store::lock(std::string_view name, const std::stop_token& stop) {
  std::call_once(saving_, [this] {
    if (!is_saving_due(root_, kSaveAfterSeconds)) return;
    saver_ = std::jthread([this] {
      try {
        save();
      } catch (const base::Error& error) {
        base::log_warn("saving the store's records: {}", error.text());  // the next process tries again
      }
    });
  });
  return wait_for_lock(lock_path(name), stop);
}

}  // namespace store
