// SPDX-License-Identifier: Apache-2.0
#include "images/references.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/time.h"

namespace images {

std::set<base::Digest> blobs_of_images(const ImageStore& images) {
  std::set<base::Digest> needed;
  for (const auto& image : images.list()) {
    needed.insert(image.root.digest);
    try {
      for (const auto& digest : images.blobs_of(image)) needed.insert(digest);
    } catch (const base::Error& error) {
      base::log_warn("image {}: {}", image.name, error.text());
    }
  }
  return needed;
}

std::unordered_set<std::string> words_of(std::string_view text) {
  std::unordered_set<std::string> words;
  const auto is_id = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  constexpr std::size_t kShortestId = 8;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_id);
    const auto end = std::find_if_not(begin, text.end(), is_id);
    if (end - begin >= static_cast<std::ptrdiff_t>(kShortestId)) words.emplace(begin, end);
    at = static_cast<std::size_t>(end - text.begin());
  }
  return words;
}

void mark_pruned(const store::Store& store) {
  base::write_file_atomic(store.root() + "/pruned", base::format_rfc3339(base::system_clock().now()));
}

}  // namespace images
