// SPDX-License-Identifier: Apache-2.0
#pragma once
// A second process for tests: the test program again, running one named scenario.
//
//     const ChildScenario kFill("fill", [](const std::string& root) { Store::open(root)->content().put("x"); });
//     auto status = run_scenario("fill", root, "kill@store.blob.synced");
//
// The scenario runs in a fresh process, so that SLIPWAY_FAULT and kill -9 hit it alone.
#include <functional>
#include <string>
#include <string_view>

#include "base/subprocess.h"

namespace store::testing {

/// Registers a scenario; a static object of the test file.
class ChildScenario {
 public:
  ChildScenario(std::string name, std::function<void(const std::string& root)> body);
};

/// Exit code 0 when the body returned, 9+128 when it was killed; what it threw is on `err`.
base::Output run_scenario(const std::string& name, const std::string& root, std::string_view fault = "");
/// Started and not waited for. The scenario may say that it has come somewhere with announce().
base::Child start_scenario(const std::string& name, const std::string& root);

/// In a scenario: makes the file `root`.`mark`. In the test: waits for it.
void announce(const std::string& root, const std::string& mark);
void await(const std::string& root, const std::string& mark);

}  // namespace store::testing
