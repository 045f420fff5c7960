// SPDX-License-Identifier: Apache-2.0
#include "attest/tree_subjects.h"

#include "base/file.h"
#include "base/task.h"
#include "layer/tree.h"

namespace attest {
namespace {

base::Digest digest_of(int file, const std::stop_token& stop) {
  base::Sha256 hash;
  std::string bytes(std::size_t{1} << 18, '\0');
  for (std::uint64_t at = 0;;) {
    base::throw_if_stopped(stop);
    const std::size_t got = base::read_at(file, bytes.data(), bytes.size(), at);
    if (got == 0) return hash.finish();
    hash.update(std::string_view(bytes).substr(0, got));
    at += got;
  }
}

}  // namespace

std::vector<Subject> subjects_of_tree(int root, const std::stop_token& stop) {
  std::vector<Subject> subjects;
  layer::walk_tree(root, {.stop = stop}, [&](const layer::TreeEntry& entry) {
    if (entry.is_file()) subjects.push_back({entry.path(), digest_of(entry.open().get(), stop)});
    return layer::Visit::go_on;
  });
  return subjects;
}

}  // namespace attest
