// SPDX-License-Identifier: Apache-2.0
#pragma once
// Golden texts in testdata/: compared, or rewritten when SLIPWAY_ACCEPT is set.
#include <cstdlib>
#include <string>

#include "base/file.h"

namespace progress::testing {

/// The text the file should hold; with SLIPWAY_ACCEPT=1 the file is made to hold `actual` first.
inline std::string golden(const std::string& directory, const std::string& name, const std::string& actual) {
  const auto path = directory + "/" + name;
  if (std::getenv("SLIPWAY_ACCEPT") != nullptr) base::write_file_atomic(path, actual);
  return base::read_file_if_exists(path).value_or("(no " + path + ": run with SLIPWAY_ACCEPT=1)");
}

}  // namespace progress::testing
