// SPDX-License-Identifier: Apache-2.0
#include "cli/enter.h"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(Enter, TheShellIsTheOneOfTheStep) {
  EXPECT_EQ(shell_of({"/bin/bash", "-euo", "pipefail", "-c", "make"}), std::vector<std::string>{"/bin/bash"});
  EXPECT_EQ(shell_of({"/bin/sh", "-c", "make"}), std::vector<std::string>{"/bin/sh"});
  EXPECT_EQ(shell_of({"/usr/bin/make", "all"}), std::vector<std::string>{"/bin/sh"});
  EXPECT_EQ(shell_of({}), std::vector<std::string>{"/bin/sh"});
}

}  // namespace
}  // namespace cli
