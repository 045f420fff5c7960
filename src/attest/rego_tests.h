// SPDX-License-Identifier: Apache-2.0
#pragma once
// Tests of policies: rules named test_… in files beside them, which hold with an input of their own.
//
//     test_latest_is_denied if not data.docker.allow with input as {"image": {"tag": "latest"}}
//
// Nothing is looked up: a test is about the input that it gives. A function about signatures is replaced
// (`with verify_git_signature as …`) or its test fails.
#include <string>
#include <string_view>
#include <vector>

#include "attest/rego_functions.h"

namespace attest {

struct RegoTestResult {
  std::string name;  ///< "data.docker.test_latest_is_denied"
  bool passed = false;
  std::string error;                 ///< what ended it, or ""
  std::vector<std::string> printed;  ///< by print(…)
};

/// Runs the tests that have `filter` in their names, in order. Throws for modules that are no policies.
std::vector<RegoTestResult> run_policy_tests(std::vector<rego::ModuleText> modules, const ReadPolicyFile& read,
                                             std::string_view filter);

}  // namespace attest
