// SPDX-License-Identifier: Apache-2.0
#pragma once
// Random names.
#include <cstddef>
#include <string>

namespace base {

/// `length` characters of [0-9a-z] from getrandom(2); the first is a letter.
std::string random_id(std::size_t length = 25);

}  // namespace base
