// SPDX-License-Identifier: Apache-2.0
#include "layer/changes.h"

#include <fcntl.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/task.h"
#include "layer/file_compare.h"
#include "layer/merged_view.h"
#include "layer/tree.h"

namespace layer {
namespace {

/// How a directory of the upper layer stands to the one below: `merged` lists only what changed
/// and whiteouts, `opaque` is complete, so that whatever it lacks was removed.
enum class Relation : std::uint8_t { merged, opaque };

class ChangeWalker {
 public:
  ChangeWalker(const std::stop_token& stop, const std::function<NextChange(const FileChange&)>& visit)
      : stop_(stop), visit_(visit) {}

  /// False when the visitor wants no more.
  bool directory(int upper, const MergedDirectory& lower, Relation relation) {
    for (const auto& name : names(upper, lower, relation)) {
      base::throw_if_stopped(stop_);
      const auto length = path_.size();
      if (!path_.empty()) path_ += '/';
      path_ += name;
      if (!one(upper, name, lower, relation)) return false;
      path_.resize(length);
    }
    return true;
  }

 private:
  static std::vector<std::string> names(int upper, const MergedDirectory& lower, Relation relation) {
    auto own = base::list_directory(upper);
    if (relation == Relation::merged || lower.empty()) return own;
    std::vector<std::string> all;
    const auto below = lower.list();
    std::set_union(own.begin(), own.end(), below.begin(), below.end(), std::back_inserter(all));
    return all;
  }

  bool one(int upper, const std::string& name, const MergedDirectory& lower, Relation relation) {
    auto status = stat_at(upper, name);
    const auto below = lower.find(name);
    if (!status || is_whiteout(*status)) return !below || tell({ChangeKind::remove, path_, name});
    if (!below) {
      if (!tell({ChangeKind::add, path_, name, upper, &*status})) return false;
    } else if (!same_file({below->directory, name, below->stat}, {upper, name, *status})) {
      if (!tell({ChangeKind::modify, path_, name, upper, &*status})) return false;
    } else if (relation == Relation::opaque && status->st_nlink > 1 && !S_ISDIR(status->st_mode)) {
      if (!tell({ChangeKind::unchanged, path_, name, upper, &*status})) return false;
    }
    return !S_ISDIR(status->st_mode) || descend(upper, name, lower, relation);
  }

  bool descend(int upper, const std::string& name, const MergedDirectory& lower, Relation relation) {
    const base::Fd inner(
        SLIP_SYSCALL(::openat(upper, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "open {}", path_));
    const auto below = lower.enter(name);
    if (relation == Relation::merged && !below.empty() && is_opaque(inner.get(), "")) relation = Relation::opaque;
    return directory(inner.get(), below, relation);
  }

  bool tell(const FileChange& change) { return visit_(change) == NextChange::go_on; }

  const std::stop_token& stop_;
  const std::function<NextChange(const FileChange&)>& visit_;
  std::string path_;
};

}  // namespace

void walk_changes(std::span<const std::string> lowers, const std::string& upper, UpperForm form,
                  const std::stop_token& stop, const std::function<NextChange(const FileChange&)>& visit) {
  const auto root = base::open_directory(upper);
  ChangeWalker(stop, visit)
      .directory(root.get(), MergedDirectory(lowers), form == UpperForm::layer ? Relation::merged : Relation::opaque);
}

}  // namespace layer
