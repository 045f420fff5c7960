// SPDX-License-Identifier: Apache-2.0
#pragma once
// The native driver: copies in place of mounts, with the same layer directories as a result.
//
// materialise() writes the merged tree of a chain into a directory; capture() compares that
// directory, after it was changed, with the chain and writes the difference as a layer directory
// with whiteouts and opaque marks. Owner, mode, times, attributes, devices and hard links are kept.
#include <ctime>
#include <span>
#include <stop_token>
#include <string>

namespace snapshot {

/// Copies the merged tree of `layers` (bottom first) into the existing directory `into`.
void materialise(std::span<const std::string> layers, const std::string& into, const std::stop_token& stop);

/// Moves what differs between `tree` and the merged `layers` into the empty directory `upper` of the
/// same file system; `tree` is used up. Files whose status changed at `made` or later are compared by
/// content even where size and times agree: their times may have been set back.
void capture(std::span<const std::string> layers, const std::string& tree, const std::string& upper,
             const timespec& made, const std::stop_token& stop);

}  // namespace snapshot
