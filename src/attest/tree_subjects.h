// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a statement beside files is about: those files (BuildKit's local and tar exporters).
#include <stop_token>
#include <vector>

#include "attest/statement.h"

namespace attest {

/// Every regular file below the directory, by its path from there, with the digest of its content. Throws what keeps a
/// file from being read, and Cancelled.
std::vector<Subject> subjects_of_tree(int root, const std::stop_token& stop);

}  // namespace attest
