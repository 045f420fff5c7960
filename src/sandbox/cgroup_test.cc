// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cgroup.h"

#include <gtest/gtest.h>

#include <string>

namespace sandbox {
namespace {

std::string mount_line(const std::string& point, const std::string& type) {
  return "31 23 0:28 / " + point + " rw,nosuid - " + type + " " + type + " rw\n";
}

TEST(CgroupLayoutTest, TellsTheFourKindsOfHosts) {
  EXPECT_EQ(detect_cgroup_layout(""), CgroupLayout::none);
  EXPECT_EQ(detect_cgroup_layout(mount_line("/sys/fs/cgroup", "cgroup2")), CgroupLayout::v2);
  const std::string v1 = mount_line("/sys/fs/cgroup", "tmpfs") + mount_line("/sys/fs/cgroup/memory", "cgroup");
  EXPECT_EQ(detect_cgroup_layout(v1), CgroupLayout::v1);
  EXPECT_EQ(detect_cgroup_layout(v1 + mount_line("/sys/fs/cgroup/unified", "cgroup2")), CgroupLayout::hybrid);
}

TEST(CgroupLayoutTest, LooksOnlyAtTheUsualPlaceAndSurvivesJunk) {
  EXPECT_EQ(detect_cgroup_layout(mount_line("/mnt/cgroup", "cgroup2")), CgroupLayout::none);
  EXPECT_EQ(detect_cgroup_layout("junk\n - \n1 2 - cgroup2\n\n"), CgroupLayout::none);
}

TEST(CgroupLayoutTest, NamesCanBeReadBack) {
  for (const auto layout : {CgroupLayout::none, CgroupLayout::v1, CgroupLayout::v2, CgroupLayout::hybrid}) {
    EXPECT_EQ(parse_cgroup_layout(cgroup_layout_name(layout)), layout);
  }
}

TEST(CgroupLimits, AnyLimitCounts) {
  EXPECT_FALSE(Limits{}.any());
  Limits limits;
  limits.cpuset_cpus = "0";
  EXPECT_TRUE(limits.any());
  limits = {};
  limits.memory_swap = -1;
  EXPECT_TRUE(limits.any());
}

TEST(CgroupOom, AGroupThatDoesNotExistSaysNothing) {
  EXPECT_FALSE(oom_kills(CgroupLayout::v2, "/no/such/group").has_value());
  EXPECT_FALSE(oom_kills(CgroupLayout::v1, "/no/such/group").has_value());
}

}  // namespace
}  // namespace sandbox
