// SPDX-License-Identifier: Apache-2.0
#include "store/filesystem.h"

#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"

namespace store {

std::string_view network_filesystem(long type) {
  switch (static_cast<unsigned long>(type) & 0xffffffffUL) {  // sign-extended on 32 bits
    case 0x6969: return "nfs";
    case 0x517b: return "smb";
    case 0xff534d42: return "cifs";
    case 0xfe534d42: return "smb2";
    case 0x5346414f: return "afs";
    default: return "";
  }
}

void refuse_network_filesystem(const std::string& directory) {
  struct statfs info;
  SLIP_SYSCALL(::statfs(directory.c_str(), &info), "look at the file system of {}", directory);
  const auto name = network_filesystem(info.f_type);
  if (name.empty()) return;
  base::Error error(base::Code::failed_precondition,
                    base::format("{} lies on a network file system ({})", directory, name));
  error.set_hint("locks and overlay mounts do not work there; choose a local directory with --root");
  throw error;
}

void refuse_foreign_directory(const std::string& directory) {
  if (!base::exists(directory)) return;
  const auto names = base::list_directory(directory);
  const auto ours = [](const std::string& name) {
    return name == "locks" || name == "meta.db" || name == "names.db" || name == "blobs";
  };
  if (std::any_of(names.begin(), names.end(), ours)) return;
  const auto other = std::find_if(names.begin(), names.end(), [](const auto& name) { return name != "lost+found"; });
  if (other == names.end()) return;
  base::Error error(base::Code::failed_precondition,
                    base::format("{} is no store of slipway's and not empty (it has {})", directory, *other));
  error.set_hint("give a new or empty directory with --root");
  throw error;
}

void sync_filesystems(const std::string& root) {
  std::set<dev_t> synced;
  for (const char* part : {"", "/blobs/sha256", "/snapshots"}) {
    const std::string path = root + part;
    const auto info = base::stat_if_exists(path);
    if (!info || !synced.insert(info->st_dev).second) continue;
    const base::Fd directory = base::open_directory(path);
    SLIP_SYSCALL(::syncfs(directory.get()), "flush the file system of {}", path);
  }
}

}  // namespace store
