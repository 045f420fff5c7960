// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/run_mount.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dockerfile {
namespace {

std::string keep(std::string_view word) { return std::string(word); }

std::string failure(std::string_view text) {
  try {
    parse_mount(text, keep);
  } catch (const base::Error& error) {
    return error.text();
  }
  return "";
}

TEST(RunMount, IsAReadOnlyBindByDefault) {
  const Mount mount = parse_mount("from=base,source=/s,target=/t", keep);
  EXPECT_EQ(mount.type, MountType::bind);
  EXPECT_EQ(mount.from, "base");
  EXPECT_EQ(mount.source, "/s");
  EXPECT_EQ(mount.target, "/t");
  EXPECT_TRUE(mount.readonly);
  EXPECT_FALSE(parse_mount("target=/t,rw", keep).readonly);
  EXPECT_FALSE(parse_mount("target=/t,readonly=false", keep).readonly);
}

TEST(RunMount, ReadsEveryType) {
  const Mount cache = parse_mount("type=CACHE,id=x,dst=/c,sharing=Locked,uid=1,gid=2,mode=0700", keep);
  EXPECT_EQ(cache.type, MountType::cache);
  EXPECT_EQ(cache.sharing, MountSharing::locked);
  EXPECT_FALSE(cache.readonly);
  EXPECT_EQ(cache.uid, 1u);
  EXPECT_EQ(cache.gid, 2u);
  EXPECT_EQ(cache.mode, 0700u);
  EXPECT_EQ(parse_mount("type=tmpfs,target=/t,size=1k", keep).size_limit, 1024);
  const Mount secret = parse_mount("type=secret,id=k,env=KEY,required", keep);
  EXPECT_TRUE(secret.required);
  EXPECT_EQ(secret.env, "KEY");
  EXPECT_TRUE(parse_mount("type=ssh,required=true", keep).required);
}

TEST(RunMount, ExpandsEveryValue) {
  const auto expander = [](std::string_view word) { return word == "$T" ? std::string("tmpfs") : std::string(word); };
  EXPECT_EQ(parse_mount("type=$T,target=/t", expander).type, MountType::tmpfs);
}

TEST(RunMount, ChecksBeforeExpansionWhatItCan) {
  EXPECT_NO_THROW(check_mount("type=$T,target=/t,nonsense"));
  EXPECT_NO_THROW(check_mount("from=cost$"));
  EXPECT_THROW(check_mount("from=$BASE"), base::Error);
  EXPECT_THROW(check_mount(""), base::Error);
}

TEST(RunMount, SaysWhatIsWrong) {
  EXPECT_EQ(failure(""), "failed to parse csv mounts: EOF");
  EXPECT_EQ(failure("type=tmp"), "unsupported mount type \"tmp\" (did you mean tmpfs?)");
  EXPECT_EQ(failure("typ=tmpfs"), "unexpected key 'typ' in 'typ=tmpfs' (did you mean type?)");
  EXPECT_EQ(failure("target"), "invalid field 'target' must be a key=value pair");
  EXPECT_EQ(failure("ro=x"), "invalid value for ro: x");
  EXPECT_EQ(failure("required"), "unexpected key 'required' for mount type 'bind'");
  EXPECT_EQ(failure("size=1"), "unexpected key 'size' for mount type 'bind'");
  EXPECT_EQ(failure("type=tmpfs,size=bad"), "invalid value for size: bad");
  EXPECT_EQ(failure("mode=9"), "invalid value 9 for mode");
  EXPECT_EQ(failure("uid=1"), "uid not allowed for \"bind\" type mounts");
  EXPECT_EQ(failure("type=cache,sharing=bogus"), "unsupported sharing value \"bogus\"");
  EXPECT_EQ(failure("sharing=shared"), "invalid cache sharing set for bind mount");
  EXPECT_EQ(failure("type=secret"), "invalid secret mount. one of source, target required");
  EXPECT_EQ(failure("type=secret,id=a,source=b"), "both source and id can't be set");
  EXPECT_EQ(failure("type=secret,from=a"), "secret mount should not have a from");
}

TEST(RunMount, ASecretMayBeKeyedByItsValue) {
  const auto mount = parse_mount("type=secret,id=a,cache=value", keep);
  EXPECT_TRUE(mount.keyed_by_value);
  EXPECT_EQ(failure("type=secret,id=a,cache=maybe"), "invalid value for cache: maybe: want value");
  EXPECT_TRUE(failure("type=cache,target=/x,cache=value").starts_with("unexpected key 'cache'"));
}

TEST(RunDevice, ReadsLongAndShortForms) {
  EXPECT_EQ(parse_device("vendor.com/gpu=all").name, "vendor.com/gpu=all");
  EXPECT_TRUE(parse_device("vendor.com/gpu,required").required);
  EXPECT_FALSE(parse_device("name=a,required=false").required);
  EXPECT_THROW(parse_device("name=a,name=b"), base::Error);
  EXPECT_THROW(parse_device("a,b"), base::Error);
  EXPECT_THROW(parse_device("a,b=c"), base::Error);
}

}  // namespace
}  // namespace dockerfile
