// SPDX-License-Identifier: Apache-2.0
#include "layer/diff.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "layer/changes.h"
#include "layer/tar_writer.h"
#include "layer/tree.h"

namespace layer {
namespace {

constexpr const char* kCapability = "security.capability";
constexpr std::size_t kFilePiece = std::size_t{256} * 1024;

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

/// Turns changes, given in walk order, into tar entries.
class LayerTar {
 public:
  LayerTar(const std::string& upper, Sink& sink, const DiffOptions& options)
      : upper_(base::open_directory(upper)), tar_(sink), options_(options), buffer_(kFilePiece) {}

  void handle(const FileChange& change) {
    if (change.kind == ChangeKind::remove) return remove(change.path);
    if (S_ISSOCK(change.status->st_mode)) return;
    const bool linked = change.status->st_nlink > 1 && !S_ISDIR(change.status->st_mode);
    if (linked) {
      handle_linked(change);
    } else {
      write(change);
    }
  }

  Diffed finish() {
    tar_.finish();
    return done_;
  }

 private:
  void remove(const std::string& path) {
    include_parents(path);
    const auto slash = path.rfind('/') + 1;  // 0 when there is none
    emit({.name = path.substr(0, slash) + ".wh." + path.substr(slash)});
  }

  /// The first name that is written carries the content, the others become links to it: also those
  /// met before, which did not change themselves.
  void handle_linked(const FileChange& change) {
    const auto inode = change.status->st_ino;
    if (const auto first = first_names_.find(inode); first != first_names_.end()) {
      include_parents(change.path);
      emit(as_link(header(change), change.path, first->second));
    } else if (change.kind == ChangeKind::unchanged) {
      unchanged_names_[inode].push_back(change.path);
    } else {
      first_names_.emplace(inode, change.path);
      const auto entry = write(change);
      for (const auto& name : unchanged_names_[inode]) {
        include_parents(name);
        emit(as_link(entry, name, change.path));
      }
      unchanged_names_.erase(inode);
    }
  }

  TarEntry write(const FileChange& change) {
    auto entry = header(change);
    include_parents(change.path);
    if (entry.type == TarType::directory) written_directories_.insert(change.path);
    emit(entry);
    if (entry.type == TarType::file && entry.size != 0) write_content(change, entry.size);
    return entry;
  }

  /// Lists the directories above `path` that are not in the archive yet.
  void include_parents(const std::string& path) {
    const auto parent = parent_of(path);
    if (parent.empty() || !written_directories_.insert(parent).second) return;
    include_parents(parent);
    const auto fd = base::open_in_root(upper_.get(), parent, O_RDONLY | O_DIRECTORY, base::LastLink::keep);
    const auto status = stat_at(fd.get(), "");
    emit(header({ChangeKind::modify, parent, "", fd.get(), &*status}));
  }

  TarEntry header(const FileChange& change) const {
    const auto& status = *change.status;
    TarEntry entry;
    entry.name = change.path;
    entry.mode = status.st_mode & 07777;
    entry.uid = status.st_uid;
    entry.gid = status.st_gid;
    entry.mtime = status.st_mtim.tv_sec;  // whole seconds, rounded down
    if (options_.clamp_mtime) entry.mtime = std::min(entry.mtime, *options_.clamp_mtime);
    set_type(entry, change);
    if (auto capability = read_xattr(change.directory, change.name, kCapability)) {
      if (!capability->empty()) entry.xattrs.emplace(kCapability, std::move(*capability));
    }
    return entry;
  }

  static void set_type(TarEntry& entry, const FileChange& change) {
    const auto& status = *change.status;
    switch (status.st_mode & S_IFMT) {
      case S_IFREG: entry.size = static_cast<std::uint64_t>(status.st_size); break;
      case S_IFIFO: entry.type = TarType::fifo; break;
      case S_IFDIR:
        entry.type = TarType::directory;
        entry.name += '/';
        break;
      case S_IFLNK:
        entry.type = TarType::symlink;
        entry.link_name = base::read_link_at(change.directory, change.name);
        break;
      default:
        entry.type = S_ISBLK(status.st_mode) ? TarType::block_device : TarType::char_device;
        entry.device_major = major(status.st_rdev);
        entry.device_minor = minor(status.st_rdev);
    }
  }

  static TarEntry as_link(TarEntry entry, const std::string& name, const std::string& target) {
    entry.name = name;
    entry.type = TarType::hard_link;
    entry.link_name = target;
    entry.size = 0;
    return entry;
  }

  void emit(const TarEntry& entry) {
    tar_.add(entry);
    ++done_.entries;
  }

  void write_content(const FileChange& change, std::uint64_t size) {
    const auto file = open_for_reading(change.directory, change.name);
    for (auto left = size; left != 0;) {
      const auto want = std::min<std::uint64_t>(left, kFilePiece);
      const auto got = base::read_up_to(file.get(), buffer_.data(), want);
      if (got != want) {
        base::fail(base::Code::aborted, "read {}: it became shorter while the layer was written", change.path);
      }
      tar_.write(std::span<const std::byte>(buffer_.data(), got));
      left -= got;
    }
    done_.file_bytes += size;
  }

  base::Fd upper_;
  TarWriter tar_;
  const DiffOptions& options_;
  std::vector<std::byte> buffer_;
  std::unordered_set<std::string> written_directories_;
  std::unordered_map<ino_t, std::string> first_names_;
  std::unordered_map<ino_t, std::vector<std::string>> unchanged_names_;
  Diffed done_;
};

}  // namespace

Diffed write_diff(std::span<const std::string> lowers, const std::string& upper, Sink& out, const DiffOptions& options,
                  const std::stop_token& stop) {
  LayerTar tar(upper, out, options);
  walk_changes(lowers, upper, options.form, stop, [&](const FileChange& change) {
    base::with_context([&] { tar.handle(change); }, "writing \"{}\" to the layer", change.path);
    return NextChange::go_on;
  });
  return tar.finish();
}

bool is_empty_diff(std::span<const std::string> lowers, const std::string& upper, const std::stop_token& stop) {
  bool is_empty = true;
  walk_changes(lowers, upper, UpperForm::layer, stop, [&](const FileChange& change) {
    if (change.kind == ChangeKind::unchanged || (change.status && S_ISSOCK(change.status->st_mode))) {
      return NextChange::go_on;
    }
    is_empty = false;
    return NextChange::stop;
  });
  return is_empty;
}

}  // namespace layer
