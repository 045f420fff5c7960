// SPDX-License-Identifier: Apache-2.0
#include "store/leftovers.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/file.h"
#include "store/lock.h"

namespace store {
namespace {

std::vector<std::string> names_in(const std::string& directory) {
  return base::exists(directory) ? base::list_directory(directory) : std::vector<std::string>();
}

/// An index that no build has added to for so long is of a context that is gone, or does not change.
constexpr base::Nanos kKeepIndexes = 30 * 24 * 3600 * base::kSecond;

/// Ingests and named locks are called by the first half of a SHA-256; nothing else is.
bool is_hashed_name(std::string_view name) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return name.size() == 40 && std::all_of(name.begin(), name.end(), is_hex);
}

base::Nanos age_of(const struct stat& info) {
  return base::system_clock().now() - (info.st_mtim.tv_sec * base::kSecond + info.st_mtim.tv_nsec);
}

std::size_t remove_files(const std::string& root, base::Nanos keep_ingests) {
  std::size_t removed = 0;
  const std::string directory = root + "/ingest";
  for (const auto& name : names_in(directory)) {
    const std::string path = directory + "/" + name;
    const auto info = base::lstat_if_exists(path);
    // A clock that was set back must not make anything immortal: a file from the future is old.
    const auto age = info ? age_of(*info) : 0;
    if (info && is_hashed_name(name) && age >= 0 && age < keep_ingests) continue;
    if (name.ends_with(".lock") && !try_lock_path(path)) continue;  // somebody holds it
    base::remove_tree(path);
    ++removed;
  }
  if (::unlink((root + "/meta.saved.new").c_str()) == 0) ++removed;
  return removed;
}

std::size_t remove_locks(const std::string& directory) {
  std::size_t removed = 0;
  for (const auto& name : names_in(directory)) {
    if (!is_hashed_name(name)) continue;
    const std::string path = directory + "/" + name;
    if (const auto lock = try_lock_path(path)) removed += ::unlink(path.c_str()) == 0 ? 1 : 0;
  }
  return removed;
}

/// Whoever writes an index again makes its directory and lock again.
std::size_t remove_old_indexes(const std::string& directory) {
  std::size_t removed = 0;
  for (const auto& name : names_in(directory)) {
    const std::string path = directory + "/" + name;
    const auto info = base::lstat_if_exists(path);
    if (info && age_of(*info) > kKeepIndexes && ::unlink(path.c_str()) == 0) ++removed;
  }
  return removed;
}

}  // namespace

std::size_t remove_leftovers(const std::string& root, base::Nanos keep_ingests) {
  return remove_files(root, keep_ingests) + remove_old_indexes(root + "/contexts") + remove_locks(root + "/locks");
}

std::uint64_t ingest_bytes(const std::string& root) {
  std::uint64_t bytes = 0;
  for (const auto& name : names_in(root + "/ingest")) {
    const auto info = base::lstat_if_exists(root + "/ingest/" + name);
    if (info) bytes += static_cast<std::uint64_t>(info->st_size);
  }
  return bytes;
}

}  // namespace store
