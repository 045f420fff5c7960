// SPDX-License-Identifier: Apache-2.0
#pragma once
// What dead processes leave in a store: half-written files and lock files.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace store {

/// Removes temporary files, unfinished ingests that nobody has written to for `keep_ingests`, copies of
/// meta.db that were never put in place, context indexes of a month ago, and the files of named locks that nobody
/// holds. The caller has the store alone. Returns how many files went.
std::size_t remove_leftovers(const std::string& root, base::Nanos keep_ingests);

/// Bytes of unfinished ingests and temporary files.
std::uint64_t ingest_bytes(const std::string& root);

}  // namespace store
