// SPDX-License-Identifier: Apache-2.0
#include "sandbox/tier.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "sandbox/userns.h"

namespace sandbox {
namespace {

TierFacts ordinary_user() {
  TierFacts facts;
  facts.uid = 1000;
  facts.gid = 100;
  facts.user_namespaces = true;
  facts.newuidmap = true;
  facts.subuids = {{100000, 65536}};
  facts.subgids = {{200000, 65536}};
  return facts;
}

TEST(Tier, RootWithItsCapabilitiesNeedsNoNamespace) {
  TierFacts facts;
  facts.sys_admin = true;
  EXPECT_EQ(choose_tier(facts).kind, TierKind::root);
}

TEST(Tier, RootOfAContainerWithoutCapabilitiesIsTreatedAsAnOrdinaryUser) {
  TierFacts facts;
  facts.user_namespaces = true;
  EXPECT_EQ(choose_tier(facts).kind, TierKind::single_id);
  facts.user_namespaces = false;
  EXPECT_EQ(choose_tier(facts).kind, TierKind::unavailable);
}

TEST(Tier, SubordinateIdsAreUsedWhereTheyExist) {
  const Tier tier = choose_tier(ordinary_user());
  EXPECT_EQ(tier.kind, TierKind::mapped_ids);
  EXPECT_EQ(tier.uids, (IdMap{{0, 1000, 1}, {1, 100000, 65536}}));
  EXPECT_EQ(tier.gids, (IdMap{{0, 100, 1}, {1, 200000, 65536}}));
  EXPECT_EQ(describe(tier), "rootless with 65537 ids in a user namespace");
}

TEST(Tier, WithoutThemTheReasonIsSaid) {
  TierFacts facts = ordinary_user();
  facts.newuidmap = false;
  EXPECT_EQ(describe(choose_tier(facts)),
            "rootless with a single id (files of other users cannot be made): newuidmap and newgidmap are not "
            "installed (package uidmap)");
  facts = ordinary_user();
  facts.subgids.clear();
  EXPECT_EQ(choose_tier(facts).kind, TierKind::single_id);
  EXPECT_EQ(choose_tier(facts).uids, (IdMap{{0, 1000, 1}}));
}

TEST(Tier, NamesCanBeReadBack) {
  for (const auto kind : {TierKind::root, TierKind::mapped_ids, TierKind::single_id, TierKind::unavailable}) {
    EXPECT_EQ(parse_tier(tier_name(kind)), kind);
  }
  EXPECT_FALSE(parse_tier("god").has_value());
}

TEST(IdMapTest, ReadsRowsByNameAndByNumberAndSkipsJunk) {
  const std::string text =
      "me:100000:65536\nother:1:2\n1000:300000:10\nme:junk:5\nme:5\nme:1:-3\nme:4294967290:100\n\nme:9:0\n";
  EXPECT_EQ(parse_subordinate_ids(text, "me", 1000), (SubordinateIds{{100000, 65536}, {300000, 10}}));
  EXPECT_TRUE(parse_subordinate_ids(text, "nobody", 65534).empty());
  EXPECT_EQ(parse_subordinate_ids("::\n:1:5\n", "", 7), (SubordinateIds{{1, 5}}));
}

TEST(IdMapTest, LeavesOutRangesThatOverlap) {
  EXPECT_EQ(make_id_map(1000, {{900, 200}, {2000, 10}, {2005, 10}, {3000, 1}}),
            (IdMap{{0, 1000, 1}, {1, 2000, 10}, {11, 3000, 1}}));
}

TEST(IdMapTest, KnowsWhichIdsExist) {
  const IdMap map = make_id_map(1000, {{2000, 10}});
  EXPECT_EQ(id_count(map), 11U);
  EXPECT_TRUE(is_mapped(map, 0));
  EXPECT_TRUE(is_mapped(map, 10));
  EXPECT_FALSE(is_mapped(map, 11));
  EXPECT_FALSE(is_mapped(map, 4294967295U));
}

TEST(IdMapTest, IsWrittenAsTheKernelAndTheProgramsWantIt) {
  const IdMap map = make_id_map(1000, {{2000, 10}});
  EXPECT_EQ(id_map_text(map), "0 1000 1\n1 2000 10\n");
  EXPECT_EQ(id_map_arguments(map), (std::vector<std::string>{"0", "1000", "1", "1", "2000", "10"}));
  EXPECT_EQ(id_map_from_json(base::Json::parse(to_json(map).dump())), map);
  EXPECT_TRUE(id_map_from_json(base::Json::parse("[[1,2],3]")).empty());
}

TEST(UserNamespace, EachGateIsNamedWithWhatOpensIt) {
  EXPECT_EQ(explain_userns_failure(ENOSPC, {"0", "", ""}).reason, "user.max_user_namespaces is 0");
  EXPECT_EQ(explain_userns_failure(EPERM, {"1000", "0", ""}).fix,
            "as root: sysctl -w kernel.unprivileged_userns_clone=1");
  EXPECT_EQ(explain_userns_failure(EPERM, {"1000", "1", "1"}).reason,
            "AppArmor restricts unprivileged user namespaces");
  EXPECT_EQ(explain_userns_failure(EINVAL, {"", "", ""}).reason, "this kernel was built without user namespaces");
  EXPECT_NE(explain_userns_failure(EPERM, {"1000", "", ""}).reason.find("seccomp"), std::string::npos);
}

TEST(UserNamespace, TryingLeavesThisProcessWhereItWas) {
  const uid_t before = ::getuid();
  (void)try_user_namespace();
  EXPECT_EQ(::getuid(), before);
}

}  // namespace
}  // namespace sandbox
