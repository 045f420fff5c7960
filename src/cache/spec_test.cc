// SPDX-License-Identifier: Apache-2.0
#include "cache/spec.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cache {
namespace {

std::string refusal(const auto& parse, std::string_view text) {
  try {
    parse(text);
  } catch (const base::Error& error) {
    return error.text() + (error.hint().empty() ? "" : " | " + error.hint());
  }
  return "accepted";
}

TEST(CacheSpec, ReadsBuildxsExportFlags) {
  const auto spec =
      parse_export("type=registry,ref=r.example/a:c,mode=max,compression=zstd,compression-level=7,ignore-error=true");
  EXPECT_EQ(spec.type, Type::registry);
  EXPECT_EQ(spec.mode, Mode::max);
  EXPECT_EQ(spec.ref, "r.example/a:c");
  EXPECT_EQ(spec.compression, layer::Compression::zstd);
  EXPECT_EQ(spec.level, 7);
  EXPECT_TRUE(spec.ignore_error);
  EXPECT_TRUE(spec.image_manifest);
  EXPECT_EQ(parse_export("type=local,dest=/x,tag=t").tag, "t");
  EXPECT_EQ(parse_export("type=inline").type, Type::inlined);
  EXPECT_EQ(parse_export("inline").type, Type::inlined);
  EXPECT_EQ(parse_export("r.example/a").ref, "r.example/a");
}

TEST(CacheSpec, DockersMediaTypesNeedAnIndex) {
  EXPECT_FALSE(parse_export("type=registry,ref=a,oci-mediatypes=false").image_manifest);
}

TEST(CacheSpec, ReadsBuildxsImportFlags) {
  EXPECT_EQ(parse_import("r.example/a:c").ref, "r.example/a:c");
  EXPECT_EQ(parse_import("type=registry,ref=r.example/a:c").ref, "r.example/a:c");
  const auto local = parse_import("type=local,src=./c,digest=sha256:x");
  EXPECT_EQ(local.type, Type::local);
  EXPECT_EQ(local.src, "./c");
  EXPECT_EQ(local.digest, "sha256:x");
}

TEST(CacheSpec, SaysWhatIsWrong) {
  EXPECT_EQ(refusal(parse_export, "type=registry"), "--cache-to type=registry: ref=NAME is missing");
  EXPECT_EQ(refusal(parse_export, "type=local"), "--cache-to type=local: dest=DIRECTORY is missing");
  EXPECT_EQ(refusal(parse_export, ""), "--cache-to : a value is missing");
  EXPECT_EQ(refusal(parse_export, "type=registry,ref=a,mod=max"),
            "--cache-to type=registry,ref=a,mod=max: unknown attribute mod | did you mean mode?");
  EXPECT_EQ(refusal(parse_export, "type=s3,bucket=x"),
            "--cache-to type=s3,bucket=x: a cache of type s3 is not available | use type=registry or type=local");
  EXPECT_EQ(refusal(parse_export, "type=local,dest=x,mode=all"),
            "--cache-to type=local,dest=x,mode=all: mode=all: want min or max");
  EXPECT_EQ(refusal(parse_import, "type=local"), "--cache-from type=local: src=DIRECTORY is missing");
  EXPECT_EQ(refusal(parse_import, "type=floppy"),
            "--cache-from type=floppy: type=floppy: want registry, local or inline");
  EXPECT_EQ(refusal(parse_import, "type=local,src"), "--cache-from type=local,src: \"src\" is not key=value");
}

TEST(CacheSpec, MountsAreAListInTheList) {
  const auto spec = parse_export("type=local,dest=d,mounts=deps,/root/.cache/go-build,mode=max");
  EXPECT_EQ(spec.mounts, (std::vector<std::string>{"deps", "/root/.cache/go-build"}));
  EXPECT_EQ(spec.mode, Mode::max);
  EXPECT_THROW(parse_export("type=local,dest=d,mode=max,deps"), base::Error);
  EXPECT_THROW(parse_export("type=local,dest=d,compression=estargz,oci-mediatypes=false"), base::Error);
}

}  // namespace
}  // namespace cache
