// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where a store may lie, and getting it to the disk.
#include <string>
#include <string_view>

namespace store {

/// "nfs", "smb" … for a file system type of statfs(2) on which locks cannot be trusted, otherwise "".
std::string_view network_filesystem(long type);

/// Throws failed_precondition when `directory` lies on a network file system.
void refuse_network_filesystem(const std::string& directory);

/// Throws failed_precondition when `directory` is there, is not empty and is no store: a mistyped
/// --root must not scatter files over somebody's home.
void refuse_foreign_directory(const std::string& directory);

/// Flushes the file systems that hold the store's parts (usually one).
void sync_filesystems(const std::string& root);

}  // namespace store
