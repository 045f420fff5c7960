// SPDX-License-Identifier: Apache-2.0
#include "output/spec.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace output {
namespace {

std::string error_of(std::string_view text) {
  try {
    parse_spec(text);
  } catch (const base::Error& error) {
    return error.text();
  }
  return "nothing was thrown";
}

TEST(Spec, ShorthandsAreATarOnStdoutAndADirectory) {
  EXPECT_EQ(parse_spec("-").type, Type::tar);
  EXPECT_TRUE(parse_spec("-").to_stdout());
  EXPECT_EQ(parse_spec("./out").type, Type::local);
  EXPECT_EQ(parse_spec("./out").dest, "./out");
  EXPECT_EQ(parse_spec("/a=b").dest, "/a=b");
}

TEST(Spec, ReadsTheAttributesOfAnImage) {
  const Spec spec = parse_spec(
      R"(type=oci,dest=/x.tar,"name=a:1,b",compression=zstd,compression-level=7,force-compression=true,rewrite-timestamp=1,)"
      R"(source-date-epoch=5,annotation.K=v=w,annotation-index.Com.Ex=y,annotation-manifest[linux/arm64].z=q)");
  EXPECT_EQ(spec.type, Type::oci);
  EXPECT_EQ(spec.dest, "/x.tar");
  EXPECT_EQ(spec.names, (std::vector<std::string>{"a:1", "b"}));
  EXPECT_EQ(spec.compression.kind, layer::Compression::zstd);
  EXPECT_EQ(spec.compression.level, 7);
  EXPECT_TRUE(spec.compression.force);
  EXPECT_TRUE(spec.rewrite_timestamp);
  EXPECT_EQ(spec.source_date_epoch, 5 * base::kSecond);
  EXPECT_EQ(spec.annotations, (std::vector<AnnotationValue>{{AnnotationLevel::manifest, "", "K", "v=w"},
                                                            {AnnotationLevel::index, "", "Com.Ex", "y"},
                                                            {AnnotationLevel::manifest, "linux/arm64", "z", "q"}}));
}

TEST(Spec, KeysAreCaseInsensitive) { EXPECT_FALSE(parse_spec("TYPE=oci,Dest=d,TAR=false").tar); }

TEST(Spec, RegistryIsAnImageThatIsPushed) {
  EXPECT_TRUE(parse_spec("type=registry,name=a").push);
  EXPECT_FALSE(parse_spec("type=registry,push=false").push);
  EXPECT_TRUE(parse_spec("type=image,push=").push);
}

TEST(Spec, KnowsWhereThingsGo) {
  EXPECT_EQ(parse_spec("type=oci").dest, "-");
  EXPECT_EQ(parse_spec("type=docker").dest, "");
  EXPECT_TRUE(parse_spec("type=docker,tar=false,dest=d").is_directory());
  EXPECT_NE(error_of("type=local").find("dest is required"), std::string::npos);
  EXPECT_NE(error_of("type=oci,tar=false").find("dest is required"), std::string::npos);
  EXPECT_NE(error_of("type=local,dest=-").find("cannot be stdout"), std::string::npos);
  EXPECT_NE(error_of("type=image,dest=x").find("does not apply"), std::string::npos);
}

TEST(Spec, SuggestsWhatWasMeant) {
  EXPECT_EQ(error_of("type=ocii"), R"(invalid output "type=ocii": unknown output type "ocii" (did you mean "oci"?))");
  EXPECT_NE(error_of("type=oci,compressio=gzip").find("(did you mean \"compression\"?)"), std::string::npos);
  EXPECT_NE(error_of("type=oci,compression=gzp").find("(did you mean \"gzip\"?)"), std::string::npos);
  EXPECT_NE(error_of("type=oci,annotation-indx.k=v").find("(did you mean \"index\"?)"), std::string::npos);
}

class BadSpec : public ::testing::TestWithParam<const char*> {};
TEST_P(BadSpec, IsRefused) { EXPECT_THROW(parse_spec(GetParam()), base::Error) << GetParam(); }
INSTANTIATE_TEST_SUITE_P(
    All, BadSpec,
    ::testing::Values("", "type=", "dest=x,name=y", "type=oci,tar", "type=oci,tar=maybe", "type=oci,\"x",
                      "type=local,name=x", "type=oci,compression=lzma",
                      "type=oci,compression=estargz,oci-mediatypes=false", "type=oci,compression-level=x",
                      "type=oci,compression=gzip,compression-level=10", "type=oci,compression-level=99",
                      "type=oci,compression=zstd,oci-mediatypes=false",
                      "type=oci,oci-artifact=true,oci-mediatypes=false", "type=oci,source-date-epoch=x",
                      "type=oci,source-date-epoch=99999999999999", "type=local,dest=d,mode=x",
                      "type=tar,annotation.k=v", "type=oci,annotation.=v", "type=oci,annotation-manifest[linux.k=v",
                      "type=oci,platform-split=true", "type=cacheonly,dest=x"));

TEST(Spec, OnlyOneMayTakeStandardOutput) {
  EXPECT_NO_THROW(validate({parse_spec("-"), parse_spec("out")}));
  EXPECT_THROW(validate({parse_spec("-"), parse_spec("type=oci")}), base::Error);
}

TEST(Annotation, ReadsTypesAndPlatforms) {
  EXPECT_EQ(parse_annotation("a.b=c"), (std::vector<AnnotationValue>{{AnnotationLevel::manifest, "", "a.b", "c"}}));
  EXPECT_EQ(parse_annotation("index,manifest[linux/amd64]:k=v:w"),
            (std::vector<AnnotationValue>{{AnnotationLevel::index, "", "k", "v:w"},
                                          {AnnotationLevel::manifest, "linux/amd64", "k", "v:w"}}));
  for (const char* bad : {"", "k", "=v", "index:=v", "inde:k=v", "index,:k=v", "manifest[x:k=v"}) {
    EXPECT_THROW(parse_annotation(bad), base::Error) << bad;
  }
}

}  // namespace
}  // namespace output
