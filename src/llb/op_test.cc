// SPDX-License-Identifier: Apache-2.0
#include "llb/op.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/error.h"
#include "llb/definition.h"

namespace llb {
namespace {

/// One length-delimited protobuf field, written by hand.
std::string field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}

Op with_kind(OpKind kind) {
  Op op;
  op.inputs.push_back({"sha256:aa", 1});
  op.kind = std::move(kind);
  op.worker_constraints.emplace();
  return op;
}

TEST(Op, WritesMembersByNumberAndTheKindLast) {
  Op op;
  op.kind = SourceOp{"local://context", {{"local.session", "s"}, {"local.differ", "none"}}};
  op.worker_constraints.emplace();
  const auto differ = field(2, field(1, "local.differ") + field(2, "none"));
  const auto session = field(2, field(1, "local.session") + field(2, "s"));
  EXPECT_EQ(marshal(op), field(11, "") + field(3, field(1, "local://context") + differ + session));
}

TEST(Op, WritesNothingForATerminalOpButItsInput) {
  Op op;
  op.inputs.push_back({"sha256:aa", 0});
  EXPECT_EQ(marshal(op), field(1, field(1, "sha256:aa")));
  EXPECT_EQ(kind_name(op), "");
}

TEST(Op, ReadsBackAnExecWithEverything) {
  ExecOp exec;
  exec.meta.args = {"/bin/sh", "-c", "true"};
  exec.meta.env = {"A=1", "B="};
  exec.meta.cwd = "/src";
  exec.meta.user = "me:us";
  exec.meta.proxy_env = ProxyEnv{"a", "b", "c", "d", "e"};
  exec.meta.extra_hosts = {{"h", "10.0.0.1"}};
  exec.meta.hostname = "name";
  exec.meta.ulimits = {{"nofile", -1, 5}};
  exec.meta.cgroup_parent = "group";
  exec.meta.remove_mount_stubs_recursive = true;
  exec.meta.valid_exit_codes = {0, 7};
  exec.mounts.push_back({.input = 0, .dest = "/", .output = 0});
  exec.mounts.push_back(
      {.input = kEmpty, .dest = "/t", .output = kSkipOutput, .type = MountType::tmpfs, .tmpfs_size = 0});
  exec.mounts.push_back({.input = kEmpty,
                         .selector = "/s",
                         .dest = "/c",
                         .output = kSkipOutput,
                         .readonly = true,
                         .type = MountType::cache,
                         .cache = CacheOpt{"id", CacheSharing::locked},
                         .content_cache = ContentCache::off});
  exec.mounts.push_back({.dest = "/k", .type = MountType::secret, .secret = SecretOpt{"k", 1, 2, 0400, true}});
  exec.mounts.push_back({.dest = "/a", .type = MountType::ssh, .ssh = SshOpt{"default", 0, 0, 0600, false}});
  exec.network = NetMode::host;
  exec.security = SecurityMode::insecure;
  exec.secret_env = {{"id", "NAME", true}};
  exec.cdi_devices = {{"vendor.com/gpu=0", true}};
  auto op = with_kind(exec);
  op.platform =
      Platform{.architecture = "arm64", .os = "linux", .os_version = "1", .os_features = {"f"}, .variant = "v8"};
  op.worker_constraints->push_back("label==x");
  EXPECT_EQ(unmarshal(marshal(op)), op);
}

TEST(Op, ReadsBackEveryKindOfFileAction) {
  const ChownOpt owner{UserOpt{.name = "me", .input = 0}, UserOpt{.id = 0}};
  FileOp file;
  FileCopy copy{.src = "/a*", .dest = "/b/", .owner = owner, .mode = 0755};
  copy.allow_wildcard = copy.follow_symlink = copy.attempt_unpack = true;
  copy.include_patterns = {"x"};
  copy.exclude_patterns = {"y"};
  copy.required_paths = {"z"};
  copy.mode_str = "u+x";
  file.actions = {{0, 1, kSkipOutput, copy},
                  {2, kEmpty, kSkipOutput, FileMkfile{"/f", 0644, std::string("\xff\0", 2), owner, 5}},
                  {3, kEmpty, kSkipOutput, FileMkdir{"/d", 0755, true, std::nullopt, -1}},
                  {4, kEmpty, kSkipOutput, FileRm{"/r", true, false}},
                  {5, kEmpty, 0, FileSymlink{"/old", "/new", std::nullopt, 7}}};
  const auto op = with_kind(file);
  EXPECT_EQ(unmarshal(marshal(op)), op);
}

TEST(Op, ReadsBackTheOtherKinds) {
  for (const OpKind& kind : {OpKind(MergeOp{{0, 1}}), OpKind(DiffOp{0, kEmpty}), OpKind(PassthroughOp{"p", {0}})}) {
    const auto op = with_kind(kind);
    EXPECT_EQ(unmarshal(marshal(op)), op) << kind_name(op);
  }
  BuildOp build{kEmpty, {{"buildkit.llb.definition", 0}}, std::make_shared<Definition>(), {{"a", "b"}}};
  const auto back = std::get<BuildOp>(unmarshal(marshal(with_kind(build))).kind);
  EXPECT_EQ(back.inputs, build.inputs);
  EXPECT_EQ(back.attrs, build.attrs);
  ASSERT_TRUE(back.definition);
}

TEST(Op, RefusesTextThatIsNotUtf8) {
  const auto op = with_kind(SourceOp{"local://\xff", {}});
  EXPECT_THROW(marshal(op), base::Error);
}

TEST(Op, RefusesBytesThatAreNoMessage) {
  EXPECT_THROW(unmarshal("\x0a\xff"), base::Error);
  const auto whole = marshal(with_kind(SourceOp{"local://context", {{"k", "v"}}}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    try {
      unmarshal(std::string_view(whole).substr(0, size));
    } catch (const base::Error&) {
    }
  }
}

TEST(Op, RefusesNumbersOutsideOfTheirEnums) {
  // Op.exec.network = 9
  EXPECT_THROW(unmarshal(field(2, std::string("\x18\x09", 2))), base::Error);
}

TEST(SourceOp, NamesItsScheme) {
  EXPECT_EQ((SourceOp{"docker-image://a/b", {}}.scheme()), "docker-image");
  EXPECT_EQ((SourceOp{"nonsense", {}}.scheme()), "");
  EXPECT_EQ((SourceOp{"local://x", {{"a", "b"}}}.attr("a")), "b");
  EXPECT_EQ((SourceOp{"local://x", {}}.attr("a")), "");
}

}  // namespace
}  // namespace llb
