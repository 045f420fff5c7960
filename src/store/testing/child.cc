// SPDX-License-Identifier: Apache-2.0
#include "store/testing/child.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>

#include "base/error.h"
#include "base/file.h"

namespace store::testing {
namespace {

std::map<std::string, std::function<void(const std::string&)>>& scenarios() {
  static std::map<std::string, std::function<void(const std::string&)>> table;
  return table;
}

/// Runs the scenario that the environment names, before any test. gtest's main sets environments up first.
class Runner final : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* name = ::getenv("SLIPWAY_TEST_SCENARIO");
    if (!name) return;
    int code = 0;
    try {
      scenarios().at(name)(::getenv("SLIPWAY_TEST_ROOT"));
    } catch (const std::exception& error) {
      base::write_all(2, std::string(error.what()) + "\n");
      code = 1;
    }
    ::_exit(code);
  }
};

base::Command command_for(const std::string& name, const std::string& root, std::string_view fault) {
  base::Command command;
  command.argv = {base::read_link_at(-100, "/proc/self/exe")};
  command.environment = {"SLIPWAY_TEST_SCENARIO=" + name, "SLIPWAY_TEST_ROOT=" + root};
  if (!fault.empty()) command.environment->push_back("SLIPWAY_FAULT=" + std::string(fault));
  return command;
}

}  // namespace

ChildScenario::ChildScenario(std::string name, std::function<void(const std::string& root)> body) {
  if (scenarios().empty()) ::testing::AddGlobalTestEnvironment(new Runner);
  scenarios()[std::move(name)] = std::move(body);
}

base::Output run_scenario(const std::string& name, const std::string& root, std::string_view fault) {
  return base::run_collect(command_for(name, root, fault));
}

base::Child start_scenario(const std::string& name, const std::string& root) {
  return base::Child::start(command_for(name, root, ""));
}

void announce(const std::string& root, const std::string& mark) { base::write_file_atomic(root + "." + mark, ""); }

void await(const std::string& root, const std::string& mark) {
  while (!base::exists(root + "." + mark)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace store::testing
