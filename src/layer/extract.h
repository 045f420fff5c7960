// SPDX-License-Identifier: Apache-2.0
#pragma once
// The common part of applying layers and unpacking archives: tar entries become files below one
// directory, out of which nothing leads. See apply.h for the order of things at each file.
//
//     Extractor out(directory, {.whiteouts = Whiteouts::convert});
//     while (const auto* entry = tar.next()) out.add(*entry, tar);
//     out.finish();
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "layer/apply.h"
#include "layer/archive.h"
#include "layer/tar_reader.h"

namespace layer {

/// `convert`: ".wh." names become overlay whiteouts. `plain`: they are names like others.
enum class Whiteouts : std::uint8_t { convert, plain };

struct ExtractOptions {
  Whiteouts whiteouts = Whiteouts::plain;
  OverlayXattrs overlay_xattrs = OverlayXattrs::trusted;
  Owners owners = Owners::keep;
  Devices devices = Devices::make;
  std::optional<UnpackOwner> owner;
};

class Extractor {
 public:
  /// `root` stays open until finish().
  Extractor(int root, const ExtractOptions& options, std::stop_token stop);

  /// Makes the entry; takes its content from `tar`.
  void add(const TarEntry& entry, TarReader& tar);
  /// Sets the times of directories.
  void finish();

  std::uint64_t files() const { return files_; }
  std::uint64_t file_bytes() const { return file_bytes_; }
  const std::set<std::string>& implied_directories() const { return implied_; }
  const std::vector<std::string>& skipped_devices() const { return skipped_; }

 private:
  struct Place {
    int directory;  ///< belongs to the extractor, until the next enter()
    std::string name;
  };

  int enter(const std::string& directory);
  base::Fd make_parents(const std::string& directory);
  base::Fd make_parent(int at, const std::string& name, const std::string& path);

  bool add_whiteout(const std::string& directory, const std::string& name);
  void hide(const Place& place);
  void mark_opaque(int directory, const std::string& name);
  bool clear_way(const Place& place, const TarEntry& entry);
  void make(const Place& place, const TarEntry& entry, TarReader& tar);
  void make_file(const Place& place, const TarEntry& entry, TarReader& tar);
  void make_hard_link(const Place& place, const TarEntry& entry);
  void set_attributes(const Place& place, const TarEntry& entry);
  void set_xattr(const Place& place, const TarEntry& entry, const std::string& key, const std::string& value);

  int root_;
  ExtractOptions options_;
  std::stop_token stop_;
  std::optional<std::string> parent_path_;  ///< of parent_
  base::Fd parent_;
  std::map<std::string, std::pair<std::int64_t, std::uint32_t>> directory_times_;
  std::set<std::string> implied_;
  std::vector<std::string> skipped_;
  std::uint64_t files_ = 0;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace layer
