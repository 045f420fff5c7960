// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/suggest.h"

#include <gtest/gtest.h>

namespace dockerfile {
namespace {

TEST(Suggest, FindsTheNearestOption) {
  EXPECT_EQ(suggest("buid", {"base", "build", "bud"}), "build");
  EXPECT_EQ(suggest("tmp", {"bind", "tmpfs"}), "tmpfs");
}

TEST(Suggest, IsSilentWhenNothingIsNearOrTheWordIsRight) {
  EXPECT_EQ(suggest("xyz", {"build"}), std::nullopt);
  EXPECT_EQ(suggest("build", {"built", "build"}), std::nullopt);
  EXPECT_EQ(suggest("x", {}), std::nullopt);
}

TEST(Suggest, AnswersInTheCaseOfTheWord) {
  EXPECT_EQ(suggest("RNU", {"RUN"}, LetterCase::ignore), "RUN");
  EXPECT_EQ(suggest("cpoy", {"COPY"}, LetterCase::ignore), "copy");
  EXPECT_EQ(suggest("Frm", {"FROM"}, LetterCase::ignore), "from");
}

TEST(Suggest, AppendsToAMessage) {
  EXPECT_EQ(with_suggestion("no x", "buildd", {"build"}), "no x (did you mean build?)");
  EXPECT_EQ(with_suggestion("no x", "other", {"build"}), "no x");
}

}  // namespace
}  // namespace dockerfile
