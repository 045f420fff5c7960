// SPDX-License-Identifier: Apache-2.0
#pragma once
// Paths in images of any operating system: Windows images take drive letters and backslashes.
// Failure: throws invalid_argument for drives other than C: and for UNC paths.
#include <string>
#include <string_view>

namespace dockerfile {

enum class TrailingSlash : bool { drop, keep };

/// `path` below `parent` as an absolute path with slashes and without drive letter.
std::string normalize_path(std::string_view parent, std::string_view path, std::string_view os, TrailingSlash slash);
/// The working directory after `WORKDIR path` in `current`; backslashes on Windows.
std::string normalize_workdir(std::string_view current, std::string_view path, std::string_view os);
bool is_absolute_on(std::string_view path, std::string_view os);
std::string with_slashes(std::string_view path, std::string_view os);
/// Only changes Windows paths: the drive letter, which must be C, goes, and so do backslashes.
std::string without_drive(std::string_view path, std::string_view os, TrailingSlash slash);

}  // namespace dockerfile
