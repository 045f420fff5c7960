// SPDX-License-Identifier: Apache-2.0
#include "layer/same_layer.h"

#include <fcntl.h>

#include <cstring>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/task.h"
#include "layer/tree.h"

namespace layer {
namespace {

constexpr std::size_t kComparedPiece = std::size_t{256} * 1024;

bool counts(const std::string& attribute) {
  // overlayfs' own notes differ from run to run; that a directory is opaque is part of the layer.
  const bool overlays = attribute.starts_with("trusted.overlay.") || attribute.starts_with("user.overlay.");
  return !overlays || attribute.ends_with(".opaque");
}

/// Everything but the bytes of files and all times.
base::Digest shape(int root, const std::stop_token& stop) {
  base::Sha256 hash;
  std::string text;
  walk_tree(root, {.root = VisitRoot::yes, .stop = stop}, [&](const TreeEntry& entry) {
    const auto& info = entry.stat();
    const auto add = [&](std::string_view field) {
      text.append(std::to_string(field.size())).append(":").append(field);
    };
    text.clear();
    add(entry.path());
    for (const auto number : {std::uint64_t{info.st_mode}, std::uint64_t{info.st_uid}, std::uint64_t{info.st_gid},
                              std::uint64_t{entry.is_file() ? static_cast<std::uint64_t>(info.st_size) : 0},
                              std::uint64_t{S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode) ? info.st_rdev : 0}}) {
      add(std::to_string(number));
    }
    add(entry.is_symlink() ? entry.link_target() : "");
    add(entry.first_link() ? *entry.first_link() : "");
    for (const auto& [name, value] : entry.xattrs()) {
      if (!counts(name)) continue;
      add(name);
      add(value);
    }
    text += '\n';
    hash.update(text);
    return Visit::go_on;
  });
  return hash.finish();
}

bool equal_bytes(int a, int b, const std::stop_token& stop) {
  thread_local std::vector<char> left(kComparedPiece);
  thread_local std::vector<char> right(kComparedPiece);
  for (;;) {
    base::throw_if_stopped(stop);
    const auto got = base::read_up_to(a, left.data(), kComparedPiece);
    if (got != base::read_up_to(b, right.data(), kComparedPiece)) return false;
    if (std::memcmp(left.data(), right.data(), got) != 0) return false;
    if (got < kComparedPiece) return true;
  }
}

}  // namespace

bool same_layer(const std::string& a, const std::string& b, const std::stop_token& stop) {
  const base::Fd first = base::open_directory(a);
  const base::Fd second = base::open_directory(b);
  if (shape(first.get(), stop) != shape(second.get(), stop)) return false;
  bool same = true;
  walk_tree(first.get(), {.stop = stop}, [&](const TreeEntry& entry) {
    if (!entry.is_file() || entry.stat().st_size == 0 || entry.first_link()) return Visit::go_on;
    const base::Fd mine = entry.open();
    const base::Fd other = base::open_in_root(second.get(), entry.path(), O_RDONLY | O_NOATIME, base::LastLink::keep);
    same = equal_bytes(mine.get(), other.get(), stop);
    return same ? Visit::go_on : Visit::stop;
  });
  return same;
}

}  // namespace layer
