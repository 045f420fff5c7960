// SPDX-License-Identifier: Apache-2.0
#include "layer/apply.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "layer/compress.h"
#include "layer/extract.h"
#include "layer/merged_view.h"
#include "layer/tree.h"

namespace layer {
namespace {

void check_digest(const base::Digest& got, const std::optional<base::Digest>& want) {
  if (!want || *want == got) return;
  base::fail(base::Code::data_loss, "the layer's content has digest {}, but the image promises {}", got.str(),
             want->str());
}

/// Owner, mode, times and attributes, but nothing that overlayfs reads.
void copy_directory_attributes(int from, int to, const std::string& path) {
  struct stat status;
  SLIP_SYSCALL(::fstat(from, &status), "stat {}", path);
  SLIP_SYSCALL(::fchown(to, status.st_uid, status.st_gid), "set the owner of {}", path);
  for (const auto& [key, value] : read_xattrs(from, "")) {
    if (key.starts_with("trusted.") || key.starts_with("user.overlay.")) continue;
    if (::fsetxattr(to, key.c_str(), value.data(), value.size(), 0) != 0 && errno != ENOTSUP && errno != EPERM) {
      base::fail_errno(errno, base::format("set attribute {} of {}", key, path));
    }
  }
  SLIP_SYSCALL(::fchmod(to, status.st_mode & 07777), "set the mode of {}", path);
  const timespec times[] = {status.st_atim, status.st_mtim};
  SLIP_SYSCALL(::futimens(to, times), "set the times of {}", path);
}

}  // namespace

Applied apply_tar(Source& tar, int directory, const ApplyOptions& options, const std::stop_token& stop) {
  HashingSource hashed(tar);
  TarReader reader(hashed);
  Extractor out(directory,
                {.whiteouts = Whiteouts::convert,
                 .overlay_xattrs = options.overlay_xattrs,
                 .owners = options.owners,
                 .devices = options.devices,
                 .owner = {}},
                stop);
  while (const auto* entry = reader.next()) {
    base::with_context([&] { out.add(*entry, reader); }, "unpacking \"{}\"", entry->name);
  }
  out.finish();
  drain(hashed);  // the digest covers what follows the end of the archive too
  const auto& implied = out.implied_directories();
  Applied applied{.diff_id = hashed.digest(),
                  .uncompressed_size = hashed.size(),
                  .file_bytes = out.file_bytes(),
                  .files = out.files(),
                  .implied_directories = {implied.begin(), implied.end()},
                  .skipped_devices = out.skipped_devices()};
  check_digest(applied.diff_id, options.expect);
  return applied;
}

Applied apply_blob(Source& blob, int directory, const ApplyOptions& options, const std::stop_token& stop) {
  const auto plain = make_decompressor(blob);
  return apply_tar(*plain, directory, options, stop);
}

void adopt_directories(int directory, std::span<const std::string> implied, std::span<const std::string> lowers) {
  const MergedDirectory root(lowers);
  for (const auto& path : implied) {
    auto below = root;
    for (const auto& name : base::split(path, '/')) {
      if (!name.empty()) below = below.enter(name);
    }
    const int from = below.top();
    if (from < 0) continue;
    const auto to = base::open_in_root(directory, path, O_RDONLY | O_DIRECTORY, base::LastLink::keep);
    copy_directory_attributes(from, to.get(), path);
  }
}

}  // namespace layer
