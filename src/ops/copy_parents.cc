// SPDX-License-Identifier: Apache-2.0
#include "ops/copy_parents.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "ops/copy_metadata.h"

namespace ops {

base::Fd make_parents(int root, const std::string& path, const ParentRules& rules, std::vector<std::string>* made) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  base::Fd current(SLIP_SYSCALL(::openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open /"));
  std::string done;
  for (const auto& element : base::split(path, '/')) {
    if (element.empty()) continue;
    done += "/" + element;
    base::Fd next(::openat(current.get(), element.c_str(), kFlags));
    if (!next && errno == ENOENT) {
      SLIP_SYSCALL(::mkdirat(current.get(), element.c_str(), rules.mode & 0777), "mkdir {}", done);
      next = base::Fd(SLIP_SYSCALL(::openat(current.get(), element.c_str(), kFlags), "open {}", done));
      SLIP_SYSCALL(::fchmod(next.get(), rules.mode & 0777), "change mode of {}", done);
      apply_made(current.get(), element.c_str(), rules.owner, rules.time);
      if (made != nullptr) made->push_back(done);
    }
    if (!next) base::fail_errno(errno == ELOOP ? ENOTDIR : errno, base::format("mkdir {}", done));
    current = std::move(next);
  }
  return current;
}

void restore_parent_times(int root, const std::vector<std::string>& made, const ParentRules& rules) {
  if (!rules.time) return;
  for (auto path = made.rbegin(); path != made.rend(); ++path) {
    const base::Fd directory = base::open_in_root(root, *path, O_RDONLY | O_DIRECTORY, base::LastLink::keep);
    apply_made(directory.get(), ".", std::nullopt, rules.time);
  }
}

}  // namespace ops
