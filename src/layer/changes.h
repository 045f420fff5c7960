// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a layer directory changes over the ones below it, as a sequence of single changes in walk
// order. The tar differ and everything else that wants to know "what did this step do" listens.
#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>

namespace layer {

enum class ChangeKind : std::uint8_t {
  add,        ///< not there below
  modify,     ///< differs from the one below
  unchanged,  ///< as below; only told of hard-linked files below an opaque directory
  remove,     ///< was there below
};

struct FileChange {
  ChangeKind kind;
  const std::string& path;  ///< relative to the root
  const std::string& name;
  int directory = -1;                   ///< of the upper layer, where `name` lies; -1 for remove
  const struct stat* status = nullptr;  ///< nullptr for remove
};

enum class NextChange : std::uint8_t { go_on, stop };

/// What the upper directory is: one layer in overlayfs' form, or a whole filesystem (a mounted chain), in
/// which whatever it lacks was removed.
enum class UpperForm : std::uint8_t { layer, filesystem };

/// `lowers`: layer directories, bottom first; `upper`: the layer's own. A removed tree is one change.
/// Whiteouts of what is not there below, and directories that are only on the way, are not told.
void walk_changes(std::span<const std::string> lowers, const std::string& upper, UpperForm form,
                  const std::stop_token& stop, const std::function<NextChange(const FileChange&)>& visit);

}  // namespace layer
