// SPDX-License-Identifier: Apache-2.0
#pragma once
// The environment of an image config: entries in the order in which their names first came.
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dockerfile {

class ImageEnv {
 public:
  ImageEnv() = default;
  /// As they stand in a config, malformed and doubled ones too.
  explicit ImageEnv(std::vector<std::string> entries) : entries_(std::move(entries)) {
    for (std::size_t i = 0; i < entries_.size(); ++i) places_.emplace(name_of(entries_[i]), i);
  }

  /// Replaces the variable where it (first) stands, or appends it.
  void set(const std::string& name, const std::string& value) {
    const auto [place, fresh] = places_.emplace(name, entries_.size());
    if (fresh) entries_.emplace_back();
    entries_[place->second] = name + "=" + value;
  }
  bool has(std::string_view name) const { return places_.contains(name); }
  const std::vector<std::string>& entries() const { return entries_; }

 private:
  static std::string name_of(std::string_view entry) { return std::string(entry.substr(0, entry.find('='))); }

  std::vector<std::string> entries_;                        ///< "NAME=value"
  std::map<std::string, std::size_t, std::less<>> places_;  ///< where a name first stands
};

}  // namespace dockerfile
