// SPDX-License-Identifier: Apache-2.0
#include "attest/sbom.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace attest {
namespace {

Components some() {
  Component zlib{.type = "deb", .name_space = "debian", .name = "zlib1g", .version = "1.2.13", .license = "Zlib"};
  zlib.copied = {"lib/libz.so.1"};
  zlib.stage = "libs";
  zlib.layer = 1;
  zlib.step = "COPY /lib/libz.so.1 /lib/";
  Component own{.type = "npm", .name_space = "@s", .name = "x", .version = "1.0.0", .license = "LicenseRef-Own OR MIT"};
  Component gcc{
      .type = "deb", .name_space = "debian", .name = "gcc", .version = "12", .scope = Scope::build, .stage = "build"};
  return {own, zlib, gcc};
}

const BilledImage kImage{"app:1", "", 1700000000 * base::kSecond + 5, "0.1"};

TEST(Spdx, NamesEveryPackageItsLicenceAndWhereItCameFrom) {
  const auto json = spdx_document(kImage, some());
  EXPECT_EQ(json["spdxVersion"].as_string(), "SPDX-2.3");
  EXPECT_EQ(json["creationInfo"]["created"].as_string(), "2023-11-14T22:13:20Z");
  ASSERT_EQ(json["packages"].items().size(), 4U);
  std::map<std::string, base::Json> packages;
  for (const auto& package : json["packages"].items()) packages[package["name"].as_string()] = package;
  EXPECT_EQ(packages["zlib1g"]["licenseDeclared"].as_string(), "Zlib");
  EXPECT_EQ(packages["zlib1g"]["comment"].as_string(),
            "copied from stage libs: lib/libz.so.1; by COPY /lib/libz.so.1 /lib/");
  EXPECT_EQ(packages["@s/x"]["externalRefs"].items()[0]["referenceLocator"].as_string(), "pkg:npm/%40s/x@1.0.0");
  EXPECT_EQ(json["hasExtractedLicensingInfos"].items()[0]["licenseId"].as_string(), "LicenseRef-Own");
  std::map<std::string, std::string> types;
  for (const auto& relation : json["relationships"].items()) {
    types[relation["spdxElementId"].as_string() + " " + relation["relatedSpdxElement"].as_string()] =
        relation["relationshipType"].as_string();
  }
  EXPECT_EQ(types["SPDXRef-DOCUMENT SPDXRef-Image"], "DESCRIBES");
  EXPECT_EQ(types[packages["gcc"]["SPDXID"].as_string() + " SPDXRef-Image"], "BUILD_DEPENDENCY_OF");
  EXPECT_EQ(types["SPDXRef-Image " + packages["zlib1g"]["SPDXID"].as_string()], "CONTAINS");
}

TEST(Spdx, EqualComponentsGiveEqualBytesInWhateverOrder) {
  Components turned = some();
  std::reverse(turned.begin(), turned.end());
  EXPECT_EQ(spdx_document(kImage, some()).dump(), spdx_document(kImage, turned).dump());
  turned.pop_back();
  EXPECT_NE(spdx_document(kImage, some())["documentNamespace"].as_string(),
            spdx_document(kImage, turned)["documentNamespace"].as_string());
}

TEST(CycloneDx, SaysTheSame) {
  const auto json = cyclonedx_document(kImage, some());
  EXPECT_EQ(json["specVersion"].as_string(), "1.5");
  EXPECT_TRUE(json["serialNumber"].as_string().starts_with("urn:uuid:"));
  EXPECT_EQ(json["serialNumber"].as_string().size(), 9U + 36U);
  ASSERT_EQ(json["components"].items().size(), 3U);
  for (const auto& component : json["components"].items()) {
    const std::string name = component["name"].as_string();
    EXPECT_EQ(component["scope"].as_string(), name == "gcc" ? "excluded" : "required");
    const std::string licenses = component["licenses"].dump();
    EXPECT_EQ(licenses, name == "zlib1g" ? R"([{"license":{"id":"Zlib"}}])"
                        : name == "x"    ? R"([{"expression":"LicenseRef-Own OR MIT"}])"
                                         : "null");
  }
}

TEST(Bills, TellWhatChanged) {
  Components now = some();
  now[1].version = "1.3.0";
  now.push_back({.type = "pypi", .name = "new", .version = "1"});
  now.erase(now.begin());
  const auto changes = compare_bills(some(), now);
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].name + " " + changes[0].before + " " + changes[0].now, "deb zlib1g 1.2.13 1.3.0");
  EXPECT_EQ(changes[1].kind, BillChange::Kind::added);
  EXPECT_EQ(changes[2].name, "npm @s/x");
  EXPECT_EQ(changes[2].kind, BillChange::Kind::removed);
  EXPECT_TRUE(compare_bills(now, now).empty());
}

}  // namespace
}  // namespace attest
