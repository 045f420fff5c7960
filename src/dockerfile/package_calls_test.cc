// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/package_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dockerfile {
namespace {

using testing::ElementsAre;
using Action = PackageCall::Action;
using Manager = PackageCall::Manager;

std::optional<PackageCall> read(std::string_view script) { return package_call(shell_calls(script).at(0)); }

TEST(PackageCalls, SeesActionAndPackagesBetweenFlags) {
  const auto call = read("apt-get -y -o Dpkg::Use-Pty=0 install --no-install-recommends gcc=4:12 -t bookworm curl");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->manager, Manager::apt);
  EXPECT_EQ(call->action, Action::install);
  EXPECT_THAT(call->packages, ElementsAre("gcc=4:12", "curl"));
  EXPECT_EQ(PackageCall::name_of("gcc=4:12"), "gcc");
  EXPECT_FALSE(call->from_file);
}

TEST(PackageCalls, KnowsTheManagersOfImages) {
  EXPECT_EQ(read("apk add --no-cache -t .deps gcc")->action, Action::install);
  EXPECT_THAT(read("apk add --no-cache -t .deps gcc")->packages, ElementsAre("gcc"));
  EXPECT_EQ(read("dnf -y update")->action, Action::upgrade);
  EXPECT_EQ(read("yum groupinstall x")->manager, Manager::dnf);
  EXPECT_EQ(read("zypper -n in gcc")->action, Action::install);
  EXPECT_EQ(read("pacman -Sy gcc")->action, Action::install);
  EXPECT_EQ(read("pacman -Scc")->action, Action::clean);
  EXPECT_EQ(read("python3 -m pip install x")->manager, Manager::pip);
  EXPECT_TRUE(read("apt-get distclean")->is_distclean);
  EXPECT_FALSE(read("apt-get clean")->is_distclean);
  EXPECT_FALSE(read("apt-cache policy"));
  EXPECT_FALSE(read("python3 -m venv x"));
}

TEST(PackageCalls, SeesWhereThePackagesAreNamedElsewhere) {
  EXPECT_TRUE(read("apt-get install ./a.deb")->from_file);
  EXPECT_TRUE(read("apt-get install $(cat list)")->from_file);
  EXPECT_TRUE(read("xargs apt-get install < list")->from_file);
  EXPECT_TRUE(read("pip install -r requirements.txt")->from_file);
}

TEST(PackageCalls, TellsBuildToolsFromLibraries) {
  for (const char* name : {"gcc", "gcc-12", "g++", "build-essential", "openjdk-21-jdk-headless", "cmake=3.25"}) {
    EXPECT_TRUE(is_build_tool(name)) << name;
  }
  for (const char* name : {"gcc-12-base", "libgcc-s1", "openjdk-21-jre", "libpq-dev", "python3", "clang-format-19"}) {
    EXPECT_FALSE(is_build_tool(name)) << name;
  }
}

TEST(PackageCalls, SeesInstallationsFromAManifest) {
  for (const char* script :
       {"npm ci", "npm install --omit=dev", "yarn", "yarn --frozen-lockfile", "pnpm i", "bundle install -j4",
        "composer install --no-dev", "go mod download", "pip install -r requirements.txt"}) {
    EXPECT_TRUE(manifest_install(shell_calls(script).at(0))) << script;
  }
  for (const char* script :
       {"npm install -g npm", "npm install express", "npm run build", "yarn build", "pnpm add -g turbo",
        "pip install flask", "pip install -e . -r x", "go build ./...", "cargo build"}) {
    EXPECT_FALSE(manifest_install(shell_calls(script).at(0))) << script;
  }
}

}  // namespace
}  // namespace dockerfile
