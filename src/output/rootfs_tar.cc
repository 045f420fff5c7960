// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/strings.h"
#include "base/task.h"
#include "layer/tree.h"
#include "output/rootfs.h"

namespace output {
namespace {

layer::TarType type_of(const struct stat& info) {
  switch (info.st_mode & S_IFMT) {
    case S_IFDIR: return layer::TarType::directory;
    case S_IFLNK: return layer::TarType::symlink;
    case S_IFCHR: return layer::TarType::char_device;
    case S_IFBLK: return layer::TarType::block_device;
    case S_IFIFO: return layer::TarType::fifo;
    default: return layer::TarType::file;
  }
}

void set_time(layer::TarEntry& entry, const struct stat& info, std::optional<base::Nanos> epoch) {
  if (epoch) {
    entry.mtime = *epoch / base::kSecond;
    return;
  }
  // Go's tar writer rounds to the nearest second when it chooses the format itself.
  entry.mtime = info.st_mtim.tv_sec + (info.st_mtim.tv_nsec >= base::kSecond / 2 ? 1 : 0);
}

// The overlay file system's own marks mean nothing outside of it.
layer::Xattrs exported_xattrs(const layer::TreeEntry& file) {
  layer::Xattrs xattrs = file.xattrs();
  std::erase_if(xattrs, [](const auto& item) {
    return item.first.starts_with("trusted.overlay.") || item.first.starts_with("user.overlay.");
  });
  return xattrs;
}

class RootfsTar {
 public:
  RootfsTar(layer::TarWriter& tar, const RootfsOptions& options, const std::stop_token& stop)
      : tar_(tar), options_(options), stop_(stop) {}

  void add_prefix() {
    layer::TarEntry entry;
    entry.name = options_.prefix;
    entry.type = layer::TarType::directory;
    entry.mode = 0755;
    entry.mtime = options_.epoch.value_or(0) / base::kSecond;
    tar_.add(entry);
  }

  void add(const layer::TreeEntry& file) {
    const struct stat& info = file.stat();
    layer::TarEntry entry;
    entry.name = options_.prefix + file.path() + (file.is_directory() ? "/" : "");
    entry.type = type_of(info);
    entry.mode = info.st_mode & 07777U;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
    entry.xattrs = exported_xattrs(file);
    set_time(entry, info, options_.epoch);
    if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) {
      entry.device_major = major(info.st_rdev);
      entry.device_minor = minor(info.st_rdev);
    }
    if (file.is_symlink()) {
      entry.link_name = file.link_target();
      if (!options_.prefix.empty() && entry.link_name.starts_with('/')) {
        entry.link_name = "/" + options_.prefix + entry.link_name.substr(1);
      }
    } else if (const std::string* first = file.first_link()) {
      entry.type = layer::TarType::hard_link;
      entry.link_name = options_.prefix + *first;
    } else if (file.is_file()) {
      entry.size = static_cast<std::uint64_t>(info.st_size);
    }
    tar_.add(entry);
    if (entry.size > 0) content(file, entry.size);
  }

 private:
  void content(const layer::TreeEntry& file, std::uint64_t size) {
    const base::Fd source = file.open();
    std::uint64_t offset = 0;
    while (offset < size) {
      base::throw_if_stopped(stop_);
      const std::size_t want = std::min<std::uint64_t>(buffer_.size(), size - offset);
      const std::size_t got = base::read_up_to(source.get(), buffer_.data(), want);
      if (got == 0) base::fail(base::Code::data_loss, "{} became shorter while it was read", file.path());
      tar_.write(std::string_view(buffer_.data(), got));
      offset += got;
      done_ += got;
      if (options_.progress) options_.progress(done_);
    }
  }

  layer::TarWriter& tar_;
  const RootfsOptions& options_;
  const std::stop_token& stop_;
  std::string buffer_ = std::string(std::size_t{1} << 18, '\0');
  std::uint64_t done_ = 0;
};

}  // namespace

void write_rootfs_tar(int root_fd, layer::TarWriter& tar, const RootfsOptions& options, const std::stop_token& stop) {
  RootfsTar writer(tar, options, stop);
  if (!options.prefix.empty()) writer.add_prefix();
  layer::walk_tree(root_fd, {.root = layer::VisitRoot::no, .stop = stop}, [&](const layer::TreeEntry& file) {
    writer.add(file);
    return layer::Visit::go_on;
  });
}

std::string platform_prefix(std::string_view platform_id) { return base::replace_all(platform_id, "/", "_") + "/"; }

}  // namespace output
