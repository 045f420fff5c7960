// SPDX-License-Identifier: Apache-2.0
// What trees take on their disk.
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "layer/tree.h"
#include "ops/methods.h"

namespace ops {
namespace {

constexpr std::uint64_t kBlock = 512;  // of st_blocks, whatever the file system's is

/// Files with several names count once.
std::uint64_t disk_use(const std::string& path, const std::stop_token& stop) {
  if (!base::exists(path)) return 0;
  const base::Fd root = base::open_directory(path);
  std::uint64_t blocks = 0;
  std::set<std::pair<dev_t, ino_t>> known;
  layer::walk_tree(root.get(), {.stop = stop}, [&](const layer::TreeEntry& entry) {
    const auto& info = entry.stat();
    const bool counts = entry.is_directory() || info.st_nlink < 2 || known.emplace(info.st_dev, info.st_ino).second;
    if (counts) blocks += static_cast<std::uint64_t>(info.st_blocks);
    return layer::Visit::go_on;
  });
  return blocks * kBlock;
}

}  // namespace

base::Json disk_use_method(const MethodCall& call) {
  base::Json sizes = base::Json::array();
  for (const auto& directory : call.params["directories"].string_items()) sizes.push(disk_use(directory, call.stop));
  return base::Json::object().set("bytes", std::move(sizes));
}

}  // namespace ops
