// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where a build's lock file is, and what it pins.
#include <optional>
#include <string>

#include "attest/lock_file.h"
#include "cli/contexts.h"
#include "cli/options.h"
#include "ops/source_lock.h"

namespace cli {

/// "Dockerfile.lock" beside the Dockerfile; "" where that is no file of this machine.
std::string lock_path(const BuildOptions& options, const BuildContexts& contexts);

/// The file's text, if there is one.
std::optional<std::string> read_lock(const std::string& path);

/// What the build is to be held to: the lock beside its Dockerfile unless --no-lock says otherwise. Throws with
/// --locked where there is none.
ops::SourceLock source_lock(const BuildOptions& options, const BuildContexts& contexts);

/// `digest` is that of the file's text, "" for a lock that is in no file.
ops::SourceLock to_source_lock(const attest::LockFile& lock, const std::string& path, ops::SourceLock::Mode mode,
                               std::string digest);

}  // namespace cli
