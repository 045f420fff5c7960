// SPDX-License-Identifier: Apache-2.0
#pragma once
// TreeCopier: one file or directory of a view, copied to a place below a destination root.
//
// It walks both trees by directory descriptors, one step at a time; nothing is looked up from the
// root again. Files of a directory are copied in batches, on a few threads once there are many of
// them. A directory gets its owner, mode, attributes and times when the last thing inside it is done.
//
//   source           destination exists as        becomes
//   directory        nothing                      a copy of it
//                    directory                    merged; a nested one takes the source's metadata,
//                                                 the top one only its times
//                    anything else                error "cannot copy to non-directory" (or replaced)
//   anything else    directory                    error "cannot replace to directory" (or replaced)
//                    anything else, nothing       a copy of it
//
// Files with several names in the source become files with several names, within one copy().
#include <atomic>
#include <exception>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/sync.h"
#include "base/task.h"
#include "ops/copy_metadata.h"
#include "ops/copy_room.h"
#include "ops/copy_view.h"

namespace ops {

/// What happens to something at the destination that is in the way.
enum class InTheWay : std::uint8_t { refuse, replace };
/// What the topmost directory gets when it exists already.
enum class TopDirectory : std::uint8_t { keeps_its_own, like_source };

struct TreeCopyOptions {
  CopyRules rules;
  InTheWay in_the_way = InTheWay::refuse;
  TopDirectory top = TopDirectory::keeps_its_own;
};

class TreeCopier {
 public:
  /// `filter` takes paths relative to the source of each copy(). All references outlive the copier.
  TreeCopier(const CopyView& view, const CopyTarget& target, const PathFilter& filter, TreeCopyOptions options,
             std::stop_token stop);
  ~TreeCopier();
  TreeCopier(const TreeCopier&) = delete;
  TreeCopier& operator=(const TreeCopier&) = delete;

  enum class Dest : std::uint8_t { as_found, made_for_this };
  /// Both paths are absolute and link-free; the directory above `dest` exists. `made_for_this`: `dest` is
  /// an empty directory that was made for this copy.
  void copy(const std::string& source, const std::string& dest, Dest state = Dest::as_found);

 private:
  struct Directory;
  struct Frame;
  struct File {
    std::string name;
    struct stat info;
  };
  using DirectoryPtr = std::shared_ptr<Directory>;
  enum class Wanted : std::uint8_t { itself, for_a_child };

  void copy_top_directory(const std::string& source, const struct stat& info, const std::string& dest, Dest state);
  void copy_children(Frame& frame);
  void copy_child(Frame& frame, ViewEntry& entry, std::vector<File>& batch);
  void ensure_target(Frame& frame, Wanted wanted);
  void open_target(Directory& made, const Directory& parent, const std::string& name, Dest state) const;
  DirectoryPtr make_directory(const DirectoryPtr& parent, const Frame& frame, Wanted wanted);
  DirectoryPtr adopt(std::unique_ptr<Directory> directory);
  void copy_batch(const Directory& into, const std::vector<File>& batch, const std::stop_token& stop);
  void flush(const DirectoryPtr& into, std::vector<File>& batch);
  void copy_file(const Directory& into, int source, const File& file, const std::string& dest_name);
  void copy_linked_file(const Directory& into, int source, const File& file, const std::string& dest_name);
  void copy_special(const Directory& into, int source, const File& file, const std::string& dest_name);
  void copy_any(const Directory& into, int source, const File& file, const std::string& dest_name);
  void clear_way(const Directory& into, const std::string& name);
  void finish(Directory& directory);
  void note_failure(std::exception_ptr failure);
  void wait();

  const CopyView& view_;
  CopyTarget target_;
  const PathFilter& filter_;
  TreeCopyOptions options_;
  std::stop_token stop_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;  ///< where the first name of a linked file went
  std::size_t files_ = 0;
  base::Sync<std::exception_ptr> failure_;
  std::atomic<bool> failed_ = false;
  WorkRoom room_;  ///< batches that may wait, so that open directories stay few
  std::unique_ptr<base::ThreadPool> pool_;
  std::unique_ptr<base::TaskGroup> group_;
};

}  // namespace ops
