// SPDX-License-Identifier: Apache-2.0
// The names are those that a BuildKit gave (dockerd 28.5, `docker buildx build --network host --cache-to type=local`).
#include "llb/buildkit_key.h"

#include <gtest/gtest.h>

namespace llb {
namespace {

const base::Digest kImage =
    base::Digest::parse_or_throw("sha256:57faa420d71bcb30db42e679b0400eef76c5aa6aae3bea5a7c35b376e493dd3d");
const base::Digest kLayer =
    base::Digest::parse_or_throw("sha256:66a6cc25d288f449b42c497b8e43f2acceedcd5f2b90f2d78f1f6460303c7272");
const Platform kPlatform{.architecture = "amd64", .os = "linux", .os_version = "", .os_features = {}, .variant = ""};

Op run(const std::string& command) {
  ExecOp exec;
  exec.meta.args = {"/bin/sh", "-c", command};
  exec.meta.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  exec.meta.cwd = "/";
  exec.meta.remove_mount_stubs_recursive = true;
  exec.network = NetMode::host;
  Mount root;
  root.dest = "/";
  exec.mounts = {root};
  Op op;
  op.kind = exec;
  op.platform = kPlatform;
  return op;
}

Op copy(const std::string& src, const std::string& dest) {
  FileCopy copy;
  copy.src = src;
  copy.dest = dest;
  copy.follow_symlink = copy.dir_copy_contents = copy.create_dest_path = true;
  copy.allow_wildcard = copy.allow_empty_wildcard = true;
  FileAction action;
  action.secondary_input = 1;
  action.kind = copy;
  Op op;
  op.inputs = {{"a", 0}, {"b", 0}};
  op.kind = FileOp{{action}};
  return op;
}

TEST(BuildkitKey, NamesImagesByManifestAndByLayers) {
  const auto keys = buildkit_image_keys(kImage, kPlatform, {kLayer});
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(buildkit_record(keys[0]).str(), "sha256:89d2e1bf6f1f2097a81dd1a3a84bb5fc560de17918238d08ec8347941c931668");
  EXPECT_EQ(buildkit_record(keys[1]).str(), "sha256:b9bf20ad69061d9f4c3c813517e0a970337648b298de2a5192de4035f2b0d794");
}

TEST(BuildkitKey, NamesSteps) {
  EXPECT_EQ(buildkit_record(buildkit_exec_key(run("echo one > /one"))).str(),
            "sha256:64c9c4e8af50070e509d4d436c5f0a44e34c703ab7093d42d6f77a6899ab2535");
  EXPECT_EQ(buildkit_selector({"/"}), "sha256:8a5edab282632443219e051e4ade2d1d5bbc671c781051bf1437897cbdfea0f1");
  EXPECT_EQ(buildkit_selector({}), "");
}

TEST(BuildkitKey, WhatBuildKitLeavesOutIsLeftOut) {
  Op op = run("x");
  const auto plain = buildkit_exec_key(op);
  auto& exec = std::get<ExecOp>(op.kind);
  exec.meta.proxy_env = ProxyEnv{.http_proxy = "http://p"};
  exec.mounts[0].selector = "/sub";
  EXPECT_EQ(buildkit_exec_key(op), plain);
  exec.meta.extra_hosts = {{"name", "1.2.3.4"}};
  const auto with_host = buildkit_exec_key(op);
  EXPECT_NE(with_host, plain);
  exec.meta.extra_hosts[0].ip = "5.6.7.8";
  EXPECT_EQ(buildkit_exec_key(op), with_host);
  Mount cache;
  cache.dest = "/c";
  cache.type = MountType::cache;
  cache.cache = CacheOpt{"mine", CacheSharing::locked};
  exec.mounts.push_back(cache);
  const auto with_cache = buildkit_exec_key(op);
  EXPECT_NE(with_cache, with_host);
  exec.mounts[1].cache->id = "other";
  EXPECT_EQ(buildkit_exec_key(op), with_cache);
  exec.mounts[1].cache = CacheOpt{"/c", CacheSharing::shared};
  EXPECT_NE(buildkit_exec_key(op), with_cache) << "the default id was always part of the key";
}

TEST(BuildkitKey, NamesCopies) {
  EXPECT_EQ(buildkit_record(*buildkit_file_key(copy("f", "/f"))).str(),
            "sha256:f41954d9a6bb5b52733f3154627e2490beeabac549b32a657fccc876f275afeb");
  EXPECT_EQ(buildkit_record(*buildkit_file_key(copy("/elsewhere/d", "/d"))).str(),
            "sha256:9a966afe1d0cda8d04a87df24896493d1d5b16b09e1b91bd04639ca6e090ce91");
  Op scratch = copy("f", "/f");
  std::get<FileOp>(scratch.kind).actions[0].input = kEmpty;
  EXPECT_NE(buildkit_file_key(scratch), buildkit_file_key(copy("f", "/f")));
}

TEST(BuildkitKey, NamesOwnersOfCopies) {
  const auto owned = [](const UserOpt& user, const UserOpt& group) {
    Op op = copy("f", "/f");
    std::get<FileCopy>(std::get<FileOp>(op.kind).actions[0].kind).owner = ChownOpt{user, group};
    return op;
  };
  EXPECT_EQ(buildkit_record(*buildkit_file_key(owned({.name = "games", .input = 0}, {.id = 12}))).str(),
            "sha256:c2f6b85a1eb12412154a20ba60d896438bf85b6ddffcc5f531fa8651c43694df");
  EXPECT_EQ(buildkit_record(*buildkit_file_key(owned({.id = 0}, {.id = 12}))).str(),
            "sha256:c8fc76c424f333c492841bcc189230d62cebd5f5913e69b210f304882aa858f3");
  // Users of another input than the one that is written to.
  EXPECT_FALSE(buildkit_file_key(owned({.name = "games", .input = 1}, {.id = 12})));
}

TEST(BuildkitKey, NamesMerges) {
  Op op;
  op.kind = MergeOp{{0, 1}};
  EXPECT_EQ(buildkit_record(buildkit_merge_key(op)).str(),
            "sha256:5dbfbafede47210a7bd7363461bc885ec7310febe761daffdf666bfdae5970ff");
}

}  // namespace
}  // namespace llb
