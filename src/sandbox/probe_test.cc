// SPDX-License-Identifier: Apache-2.0
#include "sandbox/probe.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"

namespace sandbox {
namespace {

/// A machine on which everything stands open for an ordinary user.
MachineFacts good_machine() {
  MachineFacts facts;
  facts.tier.uid = 1000;
  facts.tier.gid = 1000;
  facts.tier.user_namespaces = true;
  facts.tier.newuidmap = true;
  facts.tier.subuids = {{100000, 65536}};
  facts.tier.subgids = {{100000, 65536}};
  facts.kernel_release = "6.1.0-18-amd64";
  facts.overlay = true;
  facts.seccomp_filter = true;
  facts.cgroups = CgroupLayout::v2;
  facts.runtime = "/usr/bin/crun";
  facts.runtime_version = "crun version 1.8.1";
  facts.network.path = "/usr/bin/slirp4netns";
  facts.nofile_soft = 1024;
  facts.nofile_hard = 1048576;
  return facts;
}

Gate gate(const MachineFacts& facts, std::string_view name) {
  for (const auto& entry : judge(facts)) {
    if (entry.name == name) return entry;
  }
  ADD_FAILURE() << "no gate " << name;
  return {};
}

TEST(Probe, EveryGateThatIsNotOkSaysWhatOpensIt) {
  MachineFacts bad;
  bad.tier.uid = 1000;
  bad.tier.user_namespaces_reason = "user.max_user_namespaces is 0";
  bad.gates.max_user_namespaces = "0";
  bad.kernel_release = "4.18.0-553.el8";
  bad.network = {"", "neither slirp4netns nor pasta is installed", "install the package slirp4netns"};
  bad.overlay_reason = "Operation not permitted";
  for (const auto& entry : judge(bad)) {
    EXPECT_NE(entry.state, GateState::ok) << entry.name;
    EXPECT_NE(entry.detail, "") << entry.name;
    EXPECT_NE(entry.fix, "") << entry.name;
  }
}

TEST(Probe, AGoodMachineIsLimitedOnlyInItsControlGroups) {
  for (const auto& entry : judge(good_machine())) {
    EXPECT_EQ(entry.state, entry.name == "control groups" ? GateState::limited : GateState::ok) << entry.name;
  }
}

TEST(Probe, RootNeedsNoUserNamespaces) {
  MachineFacts facts = good_machine();
  facts.tier = {};
  facts.tier.sys_admin = true;
  EXPECT_EQ(gate(facts, "user namespaces").state, GateState::ok);
  EXPECT_EQ(gate(facts, "subordinate ids").state, GateState::ok);
  EXPECT_EQ(gate(facts, "control groups").state, GateState::ok);
  EXPECT_EQ(gate(facts, "tier").detail, "root: every id, no user namespace");
}

TEST(Probe, NamesTheShutGateOfUserNamespaces) {
  MachineFacts facts = good_machine();
  facts.tier.user_namespaces = false;
  facts.tier.user_namespaces_reason = "AppArmor restricts unprivileged user namespaces";
  facts.gates.max_user_namespaces = "63000";
  facts.gates.apparmor_restrict = "1";
  EXPECT_EQ(gate(facts, "user namespaces").state, GateState::shut);
  EXPECT_NE(gate(facts, "user namespaces").fix.find("apparmor_restrict_unprivileged_userns=0"), std::string::npos);
  EXPECT_EQ(gate(facts, "tier").state, GateState::shut);
}

TEST(Probe, WithoutSubordinateIdsTheTierIsLimited) {
  MachineFacts facts = good_machine();
  facts.tier.subuids.clear();
  EXPECT_EQ(gate(facts, "subordinate ids").state, GateState::limited);
  EXPECT_EQ(gate(facts, "tier").state, GateState::limited);
  facts = good_machine();
  facts.tier.subgids = {{100000, 1000}};
  EXPECT_EQ(gate(facts, "subordinate ids").state, GateState::limited);
  EXPECT_EQ(gate(facts, "subordinate ids").detail, "1000 ids");
}

TEST(Probe, ReadsKernelVersionsWithSuffixes) {
  MachineFacts facts = good_machine();
  for (const char* release : {"5.11.0", "5.11-rc1", "5.15.167.4-microsoft-standard", "6.18.44-x"}) {
    facts.kernel_release = release;
    EXPECT_EQ(gate(facts, "kernel").state, GateState::ok) << release;
  }
  for (const char* release : {"5.10.0-30", "4.19", "", "junk"}) {
    facts.kernel_release = release;
    EXPECT_EQ(gate(facts, "kernel").state, GateState::limited) << release;
  }
}

TEST(Probe, RuncWorksButIsSlower) {
  MachineFacts facts = good_machine();
  facts.runtime = "/usr/sbin/runc";
  EXPECT_EQ(gate(facts, "OCI runtime").state, GateState::limited);
}

TEST(Probe, ReadsThisMachine) {
  const base::TemporaryDirectory directory;
  const MachineFacts facts = read_machine_facts(directory.path());
  EXPECT_NE(facts.kernel_release, "");
  EXPECT_TRUE(facts.seccomp_filter);
  EXPECT_GE(facts.nofile_hard, facts.nofile_soft);
  EXPECT_EQ(judge(facts).size(), 10U);
  EXPECT_TRUE(base::list_directory(directory.path()).empty()) << "the overlay trial left something";
}

TEST(Probe, TriesTheOverlayAboveAStoreThatIsNotThereYet) {
  const base::TemporaryDirectory directory;
  const MachineFacts above = read_machine_facts(directory.path());
  const MachineFacts below = read_machine_facts(directory.path() + "/not/yet");
  EXPECT_EQ(below.overlay, above.overlay);
  EXPECT_EQ(below.overlay_reason, above.overlay_reason);
  EXPECT_TRUE(base::list_directory(directory.path()).empty());
}

TEST(Probe, SaysWhyTheOverlayCouldNotBeTried) {
  const MachineFacts facts = read_machine_facts("/proc/self/not-yet");
  EXPECT_FALSE(facts.overlay);
  EXPECT_NE(facts.overlay_reason, "");
}

}  // namespace
}  // namespace sandbox
