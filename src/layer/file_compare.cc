// SPDX-License-Identifier: Apache-2.0
#include "layer/file_compare.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "layer/tree.h"

namespace layer {
namespace {

bool same_content(const FileRef& a, const FileRef& b) {
  constexpr std::size_t kPiece = std::size_t{64} * 1024;
  const auto first = open_for_reading(a.directory, a.name);
  const auto second = open_for_reading(b.directory, b.name);
  std::vector<char> left(kPiece);
  std::vector<char> right(kPiece);
  for (;;) {
    const auto got = base::read_up_to(first.get(), left.data(), kPiece);
    if (got != base::read_up_to(second.get(), right.data(), kPiece)) return false;
    if (std::memcmp(left.data(), right.data(), got) != 0) return false;
    if (got < kPiece) return true;
  }
}

}  // namespace

bool same_file(const FileRef& a, const FileRef& b) {
  const auto& x = a.status;
  const auto& y = b.status;
  // One file seen twice (in a mounted chain and in the layer it comes from): nobody writes frozen layers, and
  // two files share an inode number at one moment of change only if they are one.
  if (!S_ISDIR(x.st_mode) && x.st_ino == y.st_ino && x.st_size == y.st_size && x.st_ctim.tv_sec == y.st_ctim.tv_sec &&
      x.st_ctim.tv_nsec == y.st_ctim.tv_nsec && x.st_mode == y.st_mode) {
    return true;
  }
  if (x.st_mode != y.st_mode || x.st_uid != y.st_uid || x.st_gid != y.st_gid || x.st_rdev != y.st_rdev) return false;
  constexpr const char* kCapability = "security.capability";
  if (read_xattr(a.directory, a.name, kCapability).value_or("") !=
      read_xattr(b.directory, b.name, kCapability).value_or("")) {
    return false;
  }
  if (S_ISDIR(x.st_mode)) return true;
  if (x.st_size != y.st_size || x.st_mtim.tv_sec != y.st_mtim.tv_sec) return false;
  if (x.st_mtim.tv_nsec != 0 || y.st_mtim.tv_nsec != 0) return x.st_mtim.tv_nsec == y.st_mtim.tv_nsec;
  if (S_ISLNK(x.st_mode)) return base::read_link_at(a.directory, a.name) == base::read_link_at(b.directory, b.name);
  return x.st_size == 0 || !S_ISREG(x.st_mode) || same_content(a, b);
}

}  // namespace layer
