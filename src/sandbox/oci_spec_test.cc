// SPDX-License-Identifier: Apache-2.0
#include "sandbox/oci_spec.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/error.h"
#include "sandbox/capabilities.h"
#include "sandbox/hosts.h"
#include "sandbox/runtime.h"
#include "sandbox/seccomp_program.h"

namespace sandbox {
namespace {

World root_world() {
  World world;
  world.tier = TierKind::root;
  world.fresh_proc = true;
  world.cgroups = CgroupLayout::v2;
  world.device_gate = "/slipway/x";
  return world;
}

const SpecPlaces kPlaces{"/w/hosts", "/w/resolv.conf", ""};

base::Json config_of(const World& world, const ContainerSpec& spec, const SpecPlaces& places = kPlaces) {
  std::vector<std::string> notes;
  return base::Json::parse(oci_config(world, spec, places, notes));
}

std::vector<std::string> targets(const std::vector<Mount>& mounts) {
  std::vector<std::string> list;
  for (const auto& mount : mounts) list.push_back(mount.target);
  return list;
}

std::vector<std::string> namespaces(const base::Json& config) {
  std::vector<std::string> list;
  for (const auto& entry : config["linux"]["namespaces"].items()) list.push_back(entry["type"].as_string());
  std::sort(list.begin(), list.end());
  return list;
}

TEST(OciSpec, MountsComeInTheOrderOfBuildKit) {
  ContainerSpec spec;
  spec.mounts = {{"/z", "bind", "/s", {}}, {"/a/b", "bind", "/s", {}}, {"/a", "bind", "/s", {}}};
  EXPECT_EQ(targets(oci_mounts(root_world(), spec, kPlaces)),
            (std::vector<std::string>{"/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys",
                                      "/etc/resolv.conf", "/etc/hosts", "/sys/fs/cgroup", "/a", "/a/b", "/z"}));
}

TEST(OciSpec, ATerminalIsMadeOnlyWhenItIsAskedFor) {
  ContainerSpec spec;
  EXPECT_FALSE(config_of(root_world(), spec)["process"]["terminal"].bool_or(true));
  spec.terminal = true;
  EXPECT_TRUE(config_of(root_world(), spec)["process"]["terminal"].bool_or(false));
  const Bundle bundle{"/w/bundles/x", "x"};
  const auto words = runtime_argv(root_world(), bundle, RuntimeCgroups::unmanaged, true);
  EXPECT_NE(std::find(words.begin(), words.end(), "--console-socket"), words.end());
  const auto plain = runtime_argv(root_world(), bundle, RuntimeCgroups::unmanaged);
  EXPECT_EQ(std::find(plain.begin(), plain.end(), "--console-socket"), plain.end());
}

TEST(OciSpec, AMountOfTheStepReplacesADefaultOne) {
  ContainerSpec spec;
  spec.mounts = {{"/dev/shm", "bind", "/mine", {"rbind"}}};
  const auto mounts = oci_mounts(root_world(), spec, kPlaces);
  EXPECT_EQ(mounts[3].source, "/mine");
  EXPECT_EQ(std::count(mounts.begin(), mounts.end(), mounts[3]), 1);
}

TEST(OciSpec, TheHostNetworkIsSharedAndNoneIsANamespace) {
  ContainerSpec spec;
  EXPECT_EQ(namespaces(config_of(root_world(), spec)),
            (std::vector<std::string>{"cgroup", "ipc", "mount", "pid", "uts"}));
  spec.network = Network::none;
  EXPECT_EQ(namespaces(config_of(root_world(), spec)),
            (std::vector<std::string>{"cgroup", "ipc", "mount", "network", "pid", "uts"}));
}

TEST(OciSpec, AClosedNetworkHasAFilterOfItsOwn) {
  if (seccomp_program_text(Socketcall::any).empty()) GTEST_SKIP() << "no program for this architecture";
  const auto filter = [](Network network) {
    ContainerSpec spec;
    spec.network = network;
    return config_of(root_world(), spec)["annotations"]["run.oci.seccomp_bpf_data"].as_string();
  };
  for (const auto network : {Network::host, Network::joined}) {
    EXPECT_EQ(filter(network), seccomp_program_text(Socketcall::any));
  }
  for (const auto network : {Network::none, Network::closed}) {
    EXPECT_EQ(filter(network), seccomp_program_text(Socketcall::no_socket));
  }
}

TEST(OciSpec, InsecureHasNoFilterAndHidesNothing) {
  ContainerSpec spec;
  spec.security = Security::insecure;
  const base::Json config = config_of(root_world(), spec);
  EXPECT_TRUE(config["linux"]["seccomp"].is_null());
  EXPECT_TRUE(config["annotations"].is_null());
  EXPECT_TRUE(config["linux"]["maskedPaths"].is_null());
  spec.security = Security::sandbox;
  EXPECT_FALSE(config_of(root_world(), spec)["linux"]["seccomp"].is_null());
}

TEST(OciSpec, AProcOfTheSurroundingsIsBoundAndNotCovered) {
  World world = root_world();
  world.fresh_proc = false;
  const base::Json config = config_of(world, {});
  EXPECT_EQ(config["mounts"].items()[0]["type"].as_string(), "bind");
  for (const auto& path : config["linux"]["maskedPaths"].string_items())
    EXPECT_FALSE(path.starts_with("/proc")) << path;
  EXPECT_EQ(namespaces(config).at(3), "pid") << "signals still stay inside";
}

TEST(OciSpec, WithoutADeviceGateRootMayNotMakeDevices) {
  World world = root_world();
  const auto may_make = [&] {
    const auto names = config_of(world, {})["process"]["capabilities"]["bounding"].string_items();
    return std::find(names.begin(), names.end(), "CAP_MKNOD") != names.end();
  };
  EXPECT_TRUE(may_make());
  world.device_gate.clear();
  EXPECT_FALSE(may_make());
  world.tier = TierKind::mapped_ids;
  EXPECT_TRUE(may_make()) << "in a user namespace the kernel sees to it";
}

TEST(OciSpec, ASingleIdHasNoGroupsToSet) {
  World world = root_world();
  world.tier = TierKind::single_id;
  world.uids = world.gids = {{0, 1000, 1}};
  ContainerSpec spec;
  spec.user.additional_gids = {5};
  const base::Json config = config_of(world, spec);
  EXPECT_FALSE(config["process"]["user"].contains("additionalGids"));
  for (const auto& mount : config["mounts"].items()) {
    const auto options = mount["options"].string_items();
    EXPECT_EQ(std::find(options.begin(), options.end(), "gid=5"), options.end());
    EXPECT_NE(mount["type"].as_string(), "cgroup");
    EXPECT_NE(mount["type"].as_string(), "sysfs") << "the host's network namespace owns it";
  }
}

TEST(OciSpec, TheUsersPrimaryGroupIsAmongItsGroups) {
  ContainerSpec spec;
  spec.user = {1000, 7, {50}};
  const base::Json config = config_of(root_world(), spec);
  const auto& gids = config["process"]["user"]["additionalGids"].items();
  ASSERT_EQ(gids.size(), 2U);
  EXPECT_EQ(gids[0].as_int(), 7);
}

TEST(OciSpec, LimitsGoIntoTheGroupOnlyWhenThereIsOne) {
  ContainerSpec spec;
  spec.limits.memory = 1 << 20;
  spec.limits.cpuset_cpus = "0";
  EXPECT_TRUE(config_of(root_world(), spec)["linux"]["resources"].is_null());
  const base::Json config = config_of(root_world(), spec, {"/h", "/r", "/slipway/x"});
  EXPECT_EQ(config["linux"]["cgroupsPath"].as_string(), "/slipway/x");
  EXPECT_EQ(config["linux"]["resources"]["memory"]["limit"].as_int(), 1 << 20);
  EXPECT_EQ(config["linux"]["resources"]["cpu"]["cpus"].as_string(), "0");
}

TEST(OciLimits, AreLoweredAndSaidSo) {
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  std::vector<std::string> notes;
  const auto hard = static_cast<std::int64_t>(now.rlim_max);
  const base::Json lowered = oci_rlimits({{"nofile", hard + 10, hard + 10}}, false, notes);
  EXPECT_EQ(lowered.items()[0]["hard"].as_int(), hard);
  EXPECT_EQ(lowered.items()[0]["soft"].as_int(), hard);
  ASSERT_EQ(notes.size(), 1U);
  const base::Json kept = oci_rlimits({{"nofile", 5, 10}}, false, notes);
  EXPECT_EQ(kept.items()[0]["type"].as_string(), "RLIMIT_NOFILE");
  EXPECT_EQ(kept.items()[0]["soft"].as_int(), 5);
  EXPECT_EQ(notes.size(), 1U);
}

TEST(OciLimits, UnlimitedIsWrittenAsTheLargestNumber) {
  ContainerSpec spec;
  spec.ulimits = {{"core", -1, -1}};
  rlimit now{};
  ::getrlimit(RLIMIT_CORE, &now);
  if (now.rlim_max != RLIM_INFINITY) GTEST_SKIP() << "the core limit is limited here";
  std::vector<std::string> notes;
  const std::string text = oci_config(root_world(), spec, kPlaces, notes);
  EXPECT_NE(text.find(R"("hard":18446744073709551615)"), std::string::npos);
}

TEST(OciLimits, AnUnknownNameIsAnError) {
  std::vector<std::string> notes;
  EXPECT_THROW(oci_rlimits({{"nofiles", 1, 1}}, false, notes), base::Error);
}

TEST(Capabilities, TheDefaultsAreDockersFourteen) {
  EXPECT_EQ(default_capabilities().size(), 14U);
  EXPECT_EQ(capability_names(0b11), (std::vector<std::string>{"CAP_CHOWN", "CAP_DAC_OVERRIDE"}));
  EXPECT_EQ(capability_names(1ULL << 40), std::vector<std::string>{"CAP_CHECKPOINT_RESTORE"});
  EXPECT_TRUE(capability_names(1ULL << 63).empty());
}

TEST(HostsText, HasLoopbackThenTheExtraHosts) {
  EXPECT_EQ(hosts_text("box", {{"a", "1.1.1.1"}, {"b", "::2"}}),
            "127.0.0.1\tlocalhost box\n::1\tlocalhost ip6-localhost ip6-loopback\n1.1.1.1\ta\n::2\tb\n");
}

TEST(RuntimeLog, TellsProgramsThatDoNotExistFromContainersThatCannotBeMade) {
  const std::vector<std::string> argv = {"/no/such"};
  const auto code = [&](const char* message) {
    base::Json entry = base::Json::object();
    entry.set("msg", message).set("level", "error");
    return parse_runtime_log(entry.dump() + "\n", argv).exit_code;
  };
  EXPECT_EQ(code("executable file `/no/such` not found: No such file or directory"), 127);
  EXPECT_EQ(code("executable file `sh` not found in $PATH: No such file or directory"), 127);
  EXPECT_EQ(
      code("runc run failed: unable to start container process: exec: \"/no/such\": stat /no/such: no such file or "
           "directory"),
      127);
  EXPECT_EQ(code("exec: \"/no/such\": permission denied"), 126);
  EXPECT_EQ(code("open executable: Permission denied"), 126);
  EXPECT_EQ(code("exec container process `/no/such`: Exec format error"), 126);
  EXPECT_EQ(code("mount `/x` to `/y`: No such file or directory"), 0);
  EXPECT_EQ(parse_runtime_log("", argv).message, "");
  EXPECT_EQ(parse_runtime_log("plain words", argv).message, "plain words");
}

}  // namespace
}  // namespace sandbox
