// SPDX-License-Identifier: Apache-2.0
#include "output/layer_groups.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace output {
namespace {

using Lengths = std::vector<std::size_t>;

Lengths plan(const std::vector<std::uint64_t>& sizes, const Grouping& grouping, std::size_t base) {
  return plan_groups(sizes, grouping, base);
}

TEST(LayerGroups, WithoutAWishEveryLayerStaysAlone) {
  EXPECT_EQ(plan({1, 2, 3}, {}, 1), (Lengths{1, 1, 1}));
  EXPECT_EQ(plan({}, {.squash = Squash::all}, 0), Lengths{});
}

TEST(LayerGroups, FinalJoinsWhatTheBuildAdded) {
  EXPECT_EQ(plan({9, 9, 1, 2, 3}, {.squash = Squash::final}, 2), (Lengths{1, 1, 3}));
  EXPECT_EQ(plan({9, 9}, {.squash = Squash::final}, 2), (Lengths{1, 1}));
  EXPECT_EQ(plan({1, 2}, {.squash = Squash::final}, 0), Lengths{2});
}

TEST(LayerGroups, AllJoinsTheBaseToo) {
  EXPECT_EQ(plan({9, 9, 1}, {.squash = Squash::all}, 2), Lengths{3});
  EXPECT_EQ(plan({9, 9, 1}, {.squash = Squash::all, .max_layers = 2}, 2), Lengths{3});
}

TEST(LayerGroups, ALimitJoinsTheSmallestNeighboursAndSparesTheBase) {
  EXPECT_EQ(plan({1, 1, 100, 1, 1, 50}, {.max_layers = 5}, 2), (Lengths{1, 1, 1, 2, 1}));
  EXPECT_EQ(plan({1, 1, 100, 1, 1, 50}, {.max_layers = 4}, 2), (Lengths{1, 1, 1, 3}));
  EXPECT_EQ(plan({1, 1, 100, 1, 1, 50}, {.max_layers = 6}, 2), (Lengths{1, 1, 1, 1, 1, 1}));
}

TEST(LayerGroups, WithoutRoomBesideTheBaseItIsJoinedToo) {
  EXPECT_EQ(plan({1, 1, 100, 1}, {.max_layers = 2}, 3), (Lengths{2, 2}));
  EXPECT_EQ(plan({5, 6, 7}, {.max_layers = 1}, 1), Lengths{3});
}

TEST(LayerGroups, RefusesWhatIsNoLimit) {
  EXPECT_EQ(parse_max_layers("max:3"), 3U);
  for (const auto* text : {"max:0", "max:", "3", "max:-1", "true"}) {
    EXPECT_THROW(parse_max_layers(text), base::Error) << text;
  }
  EXPECT_EQ(parse_squash("all"), Squash::all);
  EXPECT_THROW(parse_squash("some"), base::Error);
}

}  // namespace
}  // namespace output
