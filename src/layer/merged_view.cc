// SPDX-License-Identifier: Apache-2.0
#include "layer/merged_view.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "layer/tree.h"

namespace layer {

bool is_whiteout(const struct stat& status) {
  return S_ISCHR(status.st_mode) && major(status.st_rdev) == 0 && minor(status.st_rdev) == 0;
}

bool is_opaque(int directory, const std::string& name) {
  for (const auto* attribute : {"trusted.overlay.opaque", "user.overlay.opaque"}) {
    if (read_xattr(directory, name, attribute) == "y") return true;
  }
  return false;
}

MergedDirectory::MergedDirectory(std::span<const std::string> layers) {
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    layers_.push_back(std::make_shared<base::Fd>(base::open_directory(*layer)));
  }
}

std::optional<MergedDirectory::Found> MergedDirectory::find(const std::string& name) const {
  for (const auto& layer : layers_) {
    const auto status = stat_at(layer->get(), name);
    if (!status) continue;
    if (is_whiteout(*status)) return std::nullopt;
    return Found{*status, layer->get()};
  }
  return std::nullopt;
}

MergedDirectory MergedDirectory::enter(const std::string& name) const {
  MergedDirectory inner;
  for (const auto& layer : layers_) {
    base::Fd fd(::openat(layer->get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) {
      if (errno == ENOENT) continue;
      if (errno == ENOTDIR || errno == ELOOP) break;  // a file or a whiteout: nothing below shows
      base::fail_errno(errno, base::format("open {}", name));
    }
    const bool last = is_opaque(fd.get(), "");
    inner.layers_.push_back(std::make_shared<base::Fd>(std::move(fd)));
    if (last) break;
  }
  return inner;
}

std::vector<std::string> MergedDirectory::list() const {
  if (layers_.empty()) return {};
  std::set<std::string> seen;
  std::vector<std::string> visible;
  for (const auto& layer : layers_) {
    for (auto& name : base::list_directory(layer->get())) {
      if (!seen.insert(name).second) continue;
      const auto status = stat_at(layer->get(), name);
      if (status && !is_whiteout(*status)) visible.push_back(std::move(name));
    }
  }
  std::sort(visible.begin(), visible.end());
  return visible;
}

}  // namespace layer
