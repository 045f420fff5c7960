// SPDX-License-Identifier: Apache-2.0
#include "cli/call.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cli {
namespace {

std::optional<Call> parsed(const std::string& call, const std::string& check = "") {
  BuildOptions options;
  options.call = call;
  options.check = check == "--check";
  return parse_call(options);
}

TEST(Call, IsNothingForABuild) {
  EXPECT_FALSE(parsed("build"));
  EXPECT_FALSE(parsed("format=json"));
}

TEST(Call, TakesNameAndSettingsInAnyOrder) {
  EXPECT_EQ(parsed("check")->request, "frontend.lint");
  EXPECT_EQ(parsed("lint")->request, "frontend.lint");
  EXPECT_EQ(parsed("build", "--check")->request, "frontend.lint");
  EXPECT_TRUE(parsed("format=json", "--check")->json);
  const auto call = parsed("format=json,outline,ignorestatus=1");
  EXPECT_EQ(call->request, "frontend.outline");
  EXPECT_TRUE(call->json);
  EXPECT_TRUE(call->ignore_status);
}

TEST(Call, RefusesWhatItDoesNotKnow) {
  EXPECT_THROW(parsed("lnit"), base::Error);
  EXPECT_THROW(parsed("check,format=xml"), base::Error);
  EXPECT_THROW(parsed("check,colour=red"), base::Error);
  EXPECT_THROW(parsed("check,ignorestatus=perhaps"), base::Error);
  EXPECT_THROW(parsed("outline", "--check"), base::Error);
}

}  // namespace
}  // namespace cli
