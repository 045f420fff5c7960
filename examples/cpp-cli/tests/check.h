// SPDX-License-Identifier: Apache-2.0
// The smallest test framework: CHECK prints what was wrong, and the program's exit code counts.
#pragma once
#include <iostream>

inline int failures = 0;

#define CHECK(condition)                                                                  \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::cerr << __FILE__ << ':' << __LINE__ << ": " << #condition << " is false\n";    \
      ++failures;                                                                         \
    }                                                                                     \
  } while (false)
