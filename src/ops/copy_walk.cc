// SPDX-License-Identifier: Apache-2.0
#include "ops/copy_walk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"

namespace ops {
namespace {

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/// Batches: small enough to share the work, large enough to be worth handing over.
/// Threads that create files in one directory wait for each other, so most directories are one batch.
constexpr std::size_t kBatchFiles = 256;
constexpr std::uint64_t kBatchBytes = 4 << 20;
/// What a file can be created with: neither set-id bits, which writing takes away, nor beyond the umask.
constexpr mode_t kBirthModes = 0755;
/// Below this many files, starting threads costs more than it brings.
constexpr std::size_t kManyFiles = 32;
constexpr std::ptrdiff_t kWaitingBatches = 16;

}  // namespace

/// A destination directory that is being filled; finished when the last user lets go of it.
struct TreeCopier::Directory {
  enum class Finish : std::uint8_t { nothing, times, everything };

  DirectoryPtr parent;  // finished after this one
  std::shared_ptr<base::Fd> source;
  base::Fd target;
  bool in_upper = false;     ///< `target` lies in the layer directory
  bool gives_group = false;  ///< set-gid: what is made inside takes its group
  struct stat info = {};
  std::string path;
  Finish finish = Finish::nothing;
};

/// A source directory on the way down; its destination may not have been wanted yet.
struct TreeCopier::Frame {
  Frame* parent = nullptr;
  std::string name;
  struct stat info = {};
  std::shared_ptr<base::Fd> source;
  CopyView::Place in_view;
  PathFilter::Place in_copy;
  DirectoryPtr target;
  Dest state = Dest::as_found;  ///< of a top directory
};

TreeCopier::TreeCopier(const CopyView& view, const CopyTarget& target, const PathFilter& filter,
                       TreeCopyOptions options, std::stop_token stop)
    : view_(view),
      target_(target),
      filter_(filter),
      options_(std::move(options)),
      stop_(std::move(stop)),
      failure_(nullptr),
      room_(kWaitingBatches) {}

TreeCopier::~TreeCopier() {
  failed_ = true;  // what is still queued after a failure has nothing to do
  group_.reset();
}

void TreeCopier::copy(const std::string& source, const std::string& dest, Dest state) {
  links_.clear();
  const auto info = view_.find(source);
  if (!info) fail_source_missing(source);
  if (S_ISDIR(info->st_mode)) {
    copy_top_directory(source, *info, dest, state);
  } else {
    const base::Fd from = view_.open_directory(base::dir_name(source));
    Directory into;
    into.path = base::dir_name(dest);
    into.target = base::open_in_root(target_.root, into.path, O_RDONLY | O_DIRECTORY, base::LastLink::keep);
    into.gives_group = true;  // nobody looked
    copy_any(into, from.get(), {base::base_name(source), *info}, base::base_name(dest));
  }
  wait();
}

void TreeCopier::copy_top_directory(const std::string& source, const struct stat& info, const std::string& dest,
                                    Dest state) {
  Frame frame;
  frame.state = state;
  frame.name = base::base_name(dest);
  frame.info = info;
  frame.source = std::make_shared<base::Fd>(view_.open_directory(source));
  frame.in_view = view_.place(source);
  auto above = std::make_unique<Directory>();
  above->path = base::dir_name(dest);
  above->target = base::open_in_root(target_.root, above->path, O_RDONLY | O_DIRECTORY, base::LastLink::keep);
  if (dest == "/") frame.name = ".";
  frame.target = make_directory(adopt(std::move(above)), frame, Wanted::itself);
  copy_children(frame);
}

void TreeCopier::copy_children(Frame& frame) {
  std::vector<File> batch;
  std::uint64_t bytes = 0;
  for (ViewEntry& entry : view_.list(frame.source->get(), frame.in_view)) {
    base::throw_if_stopped(stop_);
    if (failed_) break;
    const auto size = static_cast<std::uint64_t>(entry.info.st_size);
    const std::size_t before = batch.size();
    copy_child(frame, entry, batch);
    if (batch.size() != before) bytes += size;
    if (batch.size() < kBatchFiles && bytes < kBatchBytes) continue;
    flush(frame.target, batch);
    bytes = 0;
  }
  flush(frame.target, batch);
}

void TreeCopier::copy_child(Frame& frame, ViewEntry& entry, std::vector<File>& batch) {
  auto verdict = filter_.look(frame.in_copy, entry.name);
  if (!S_ISDIR(entry.info.st_mode)) {
    if (!verdict.included) return;
    ensure_target(frame, Wanted::for_a_child);
    File file{std::move(entry.name), entry.info};
    if (S_ISREG(file.info.st_mode) && file.info.st_nlink == 1) {
      batch.push_back(std::move(file));
    } else {
      copy_any(*frame.target, frame.source->get(), file, file.name);
    }
    return;
  }
  if (!verdict.included && !verdict.below) return;
  Frame child;
  child.parent = &frame;
  child.info = entry.info;
  child.in_view = view_.child(frame.in_view, entry.name);
  child.in_copy = std::move(verdict.place);
  child.source = std::make_shared<base::Fd>(
      SLIP_SYSCALL(::openat(frame.source->get(), entry.name.c_str(), kOpenDirectory), "open directory {}", entry.name));
  child.name = std::move(entry.name);
  if (verdict.included) ensure_target(child, Wanted::itself);
  copy_children(child);
}

void TreeCopier::ensure_target(Frame& frame, Wanted wanted) {
  if (frame.target) return;
  ensure_target(*frame.parent, Wanted::for_a_child);
  frame.target = make_directory(frame.parent->target, frame, wanted);
}

TreeCopier::DirectoryPtr TreeCopier::make_directory(const DirectoryPtr& parent, const Frame& frame, Wanted wanted) {
  const bool top = frame.parent == nullptr;
  const char* name = frame.name.c_str();
  auto made = std::make_unique<Directory>();
  made->path = frame.name == "." ? "/" : base::join_path(parent->path, frame.name);
  made->finish = Directory::Finish::everything;
  Dest state = frame.state;
  const auto make = [&] {
    if (frame.name == "." || ::mkdirat(parent->target.get(), name, 0700) != 0) return false;
    state = Dest::made_for_this;
    return true;
  };
  if (!make()) {
    struct stat there;
    if (frame.name != "." && errno != EEXIST) base::fail_errno(errno, base::format("mkdir {}", made->path));
    SLIP_SYSCALL(::fstatat(parent->target.get(), name, &there, AT_SYMLINK_NOFOLLOW), "stat {}", made->path);
    if (S_ISDIR(there.st_mode)) {
      if (top && options_.top == TopDirectory::keeps_its_own) made->finish = Directory::Finish::times;
      if (wanted == Wanted::for_a_child) made->finish = Directory::Finish::nothing;
    } else if (options_.in_the_way == InTheWay::replace && wanted == Wanted::itself) {
      base::remove_tree_at(parent->target.get(), frame.name);
      if (!make()) base::fail_errno(errno, base::format("mkdir {}", made->path));
    } else {
      base::fail(base::Code::failed_precondition, "cannot copy to non-directory: {}", made->path);
    }
  }
  open_target(*made, *parent, frame.name, state);
  if (wanted == Wanted::for_a_child && made->finish == Directory::Finish::nothing) {
    SLIP_SYSCALL(::fchmod(made->target.get(), frame.info.st_mode & 07777), "change mode of {}", made->path);
  }
  made->parent = parent;
  made->source = frame.source;
  made->info = frame.info;
  return adopt(std::move(made));
}

void TreeCopier::open_target(Directory& made, const Directory& parent, const std::string& name, Dest state) const {
  if (state == Dest::made_for_this && target_.upper >= 0 && !parent.in_upper) {
    made.target = base::open_in_root(target_.upper, made.path, O_RDONLY | O_DIRECTORY, base::LastLink::keep);
    made.in_upper = true;
  } else {
    made.target =
        base::Fd(SLIP_SYSCALL(::openat(parent.target.get(), name.c_str(), kOpenDirectory), "open {}", made.path));
    made.in_upper = parent.in_upper;
  }
  struct stat there;
  SLIP_SYSCALL(::fstat(made.target.get(), &there), "stat {}", made.path);
  made.gives_group = (there.st_mode & S_ISGID) != 0;
}

TreeCopier::DirectoryPtr TreeCopier::adopt(std::unique_ptr<Directory> directory) {
  return DirectoryPtr(directory.release(), [this](Directory* done) {
    const std::unique_ptr<Directory> owned(done);
    try {
      if (!failed_) finish(*owned);
    } catch (...) {
      note_failure(std::current_exception());
    }
  });
}

void TreeCopier::finish(Directory& directory) {
  base::with_context(
      [&] {
        const int source = view_.live() || !directory.source ? -1 : directory.source->get();
        if (directory.finish == Directory::Finish::everything) {
          apply_metadata(source, directory.target.get(), directory.info, options_.rules);
        } else if (directory.finish == Directory::Finish::times) {
          apply_times(directory.target.get(), directory.info, options_.rules);
        }
      },
      "copy directory {}", directory.path);
}

void TreeCopier::copy_batch(const Directory& into, const std::vector<File>& batch, const std::stop_token& stop) {
  for (const File& file : batch) {
    base::throw_if_stopped(stop);
    if (failed_) return;
    copy_file(into, into.source->get(), file, file.name);
  }
}

void TreeCopier::flush(const DirectoryPtr& into, std::vector<File>& batch) {
  if (batch.empty()) return;
  files_ += batch.size();
  auto files = std::exchange(batch, {});
  if (files_ < kManyFiles) return copy_batch(*into, files, stop_);
  if (!pool_) {
    pool_ = std::make_unique<base::ThreadPool>("copy", std::clamp(std::thread::hardware_concurrency(), 2U, 8U));
    group_ = std::make_unique<base::TaskGroup>(*pool_, stop_);
  }
  group_->run([this, place = room_.take(), into, files = std::move(files)](const std::stop_token& stop) {
    try {
      copy_batch(*into, files, stop);
    } catch (...) {
      note_failure(std::current_exception());
    }
  });
}

void TreeCopier::copy_any(const Directory& into, int source, const File& file, const std::string& dest_name) {
  if (!S_ISREG(file.info.st_mode)) return copy_special(into, source, file, dest_name);
  if (file.info.st_nlink > 1) return copy_linked_file(into, source, file, dest_name);
  copy_file(into, source, file, dest_name);
}

void TreeCopier::copy_linked_file(const Directory& into, int source, const File& file, const std::string& dest_name) {
  const std::string dest = base::join_path(into.path, dest_name);
  const auto [entry, first] = links_.try_emplace({file.info.st_dev, file.info.st_ino}, dest);
  if (first) return copy_file(into, source, file, dest_name);
  const auto link = [&] {
    const int root = into.in_upper ? target_.upper : target_.root;
    return ::linkat(root, entry->second.c_str() + 1, into.target.get(), dest_name.c_str(), 0) == 0;
  };
  if (link()) return;
  if (errno == EEXIST) {
    clear_way(into, dest_name);
    if (link()) return;
  }
  if (errno != EMLINK) base::fail_errno(errno, base::format("link {} to {}", dest, entry->second));
  copy_file(into, source, file, dest_name);
}

void TreeCopier::copy_file(const Directory& into, int source, const File& file, const std::string& dest_name) {
  base::with_context(
      [&] {
        // O_NONBLOCK: in a live directory a pipe may have taken the file's place.
        const base::Fd from(SLIP_SYSCALL(
            ::openat(source, file.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), "open"));
        const mode_t wanted = options_.rules.mode_for(file.info);
        const bool born_with_mode = (wanted & ~kBirthModes) == 0;
        const auto create = [&] {
          return ::openat(into.target.get(), dest_name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                          born_with_mode ? wanted : 0600);
        };
        base::Fd to(create());
        if (!to && errno == EEXIST) {
          clear_way(into, dest_name);
          to = base::Fd(create());
        }
        if (!to) base::fail_errno(errno, "create");
        if (file.info.st_size > 0 || view_.live()) {
          copy_bytes(from.get(), to.get(), static_cast<std::uint64_t>(file.info.st_size));
        }
        apply_metadata(view_.live() ? -1 : from.get(), to.get(), file.info, options_.rules,
                       {.mode = born_with_mode, .owner = !into.gives_group});
      },
      "copy file {}", base::join_path(into.path, dest_name));
}

void TreeCopier::copy_special(const Directory& into, int source, const File& file, const std::string& dest_name) {
  base::with_context(
      [&] {
        const char* name = dest_name.c_str();
        // A socket is nothing without the process that listens: an empty file stands for it.
        const mode_t type = S_ISSOCK(file.info.st_mode) ? S_IFREG : file.info.st_mode & S_IFMT;
        const std::string link = S_ISLNK(file.info.st_mode) ? base::read_link_at(source, file.name) : "";
        const auto make = [&] {
          if (type == S_IFLNK) return ::symlinkat(link.c_str(), into.target.get(), name);
          return ::mknodat(into.target.get(), name, type | 0600, file.info.st_rdev);
        };
        int made = make();
        if (made != 0 && errno == EEXIST) {
          clear_way(into, dest_name);
          made = make();
        }
        if (made != 0) base::fail_errno(errno, "create");
        apply_metadata_at(into.target.get(), name, file.info, options_.rules);
      },
      "copy {}", base::join_path(into.path, dest_name));
}

void TreeCopier::clear_way(const Directory& into, const std::string& name) {
  if (::unlinkat(into.target.get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
  const int error = errno;
  struct stat there;
  const bool directory =
      ::fstatat(into.target.get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(there.st_mode);
  const std::string path = base::join_path(into.path, name);
  if (!directory) base::fail_errno(error, base::format("remove {}", path));
  if (options_.in_the_way == InTheWay::refuse) {
    base::fail(base::Code::failed_precondition, "cannot replace to directory {} with file", path);
  }
  base::remove_tree_at(into.target.get(), name);
}

void TreeCopier::note_failure(std::exception_ptr failure) {
  auto first = failure_.lock();
  if (!*first) *first = std::move(failure);
  failed_ = true;
}

void TreeCopier::wait() {
  if (group_) group_->wait();
  if (const auto failure = *failure_.lock()) std::rethrow_exception(failure);
  base::throw_if_stopped(stop_);
}

}  // namespace ops
