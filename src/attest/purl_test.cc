// SPDX-License-Identifier: Apache-2.0
#include "attest/purl.h"

#include <gtest/gtest.h>

namespace attest {
namespace {

TEST(Purl, NamesImagesAsBuildKitDoes) {
  EXPECT_EQ(image_purl(oci::Reference::parse("busybox"), "linux/amd64"),
            "pkg:docker/busybox@latest?platform=linux%2Famd64");
  EXPECT_EQ(image_purl(oci::Reference::parse("127.0.0.1:5000/team/app:1.2"), ""),
            "pkg:docker/127.0.0.1%3A5000/team/app@1.2");
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(image_purl(oci::Reference::parse("app@" + digest), "", "oci"), "pkg:oci/app?digest=" + digest);
}

TEST(Purl, EscapesWhatWouldEndAPart) {
  EXPECT_EQ(purl({.type = "npm", .name_space = "@babel", .name = "core", .version = "7.0.0"}),
            "pkg:npm/%40babel/core@7.0.0");
  EXPECT_EQ(purl({.type = "deb",
                  .name_space = "debian",
                  .name = "libstdc++6",
                  .version = "12.2.0-14+deb12u1",
                  .qualifiers = {{"arch", "amd64"}, {"distro", ""}}}),
            "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64");
  EXPECT_EQ(purl({.type = "golang", .name_space = "github.com/a", .name = "b", .version = "v1?x#y"}),
            "pkg:golang/github.com/a/b@v1%3Fx%23y");
}

}  // namespace
}  // namespace attest
