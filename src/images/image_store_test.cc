// SPDX-License-Identifier: Apache-2.0
#include "images/image_store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "images/testing/sample_image.h"
#include "oci/platform.h"

namespace images {
namespace {

using testing::put_image;
using testing::put_index;

base::Code code_of(const auto& body) {
  try {
    body();
  } catch (const base::Error& error) {
    return error.code();
  }
  return base::Code::unknown;
}

class ImageStoreTest : public ::testing::Test {
 protected:
  store::ContentStore& content() { return store_->content(); }
  Image named(const std::string& name, const oci::Descriptor& root) {
    Image image;
    image.name = name;
    image.root = root;
    images_.put(image);
    return image;
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const auto& image : images_.list()) names.push_back(image.name);
    return names;
  }

  base::TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store");
  ImageStore images_{*store_};
};

TEST_F(ImageStoreTest, NameIsFoundAgainWithAllItSays) {
  auto root = put_image(content(), {"a"});
  root.annotations["k"] = "v";
  Image image;
  image.name = "docker.io/library/app:latest";
  image.root = root;
  image.origin = Origin::imported;
  image.created = 42;
  images_.put(image);
  const auto found = images_.find("docker.io/library/app:latest");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->root, root);
  EXPECT_EQ(found->origin, Origin::imported);
  EXPECT_EQ(found->created, 42);
  EXPECT_FALSE(images_.find("docker.io/library/app"));
}

TEST_F(ImageStoreTest, NameMovesToTheNewestImage) {
  named("docker.io/library/app:latest", put_image(content(), {"old"}));
  const auto newer = put_image(content(), {"new"});
  named("docker.io/library/app:latest", newer);
  EXPECT_EQ(images_.list().size(), 1U);
  EXPECT_EQ(images_.find("docker.io/library/app:latest")->root.digest, newer.digest);
}

TEST_F(ImageStoreTest, NamesSurviveAnotherBoot) {
  named("docker.io/library/app:latest", put_image(content(), {"a"}));
  store_.reset();
  store_ = store::Store::open(directory_.path() + "/store", {.boot = "another boot"});
  EXPECT_TRUE(ImageStore(*store_).find("docker.io/library/app:latest"));
}

TEST_F(ImageStoreTest, NameForAnAbsentImageIsRefusedUnlessOnlyRemembered) {
  auto root = put_image(content(), {"a"});
  content().remove(root.digest);
  EXPECT_EQ(code_of([&] { named("docker.io/library/app:latest", root); }), base::Code::not_found);
  EXPECT_TRUE(images_.list().empty());
  Image image;
  image.name = "docker.io/library/alpine:3";
  image.root = root;
  image.origin = Origin::pulled;
  EXPECT_NO_THROW(images_.put(image));
}

TEST_F(ImageStoreTest, RemoveSaysWhetherThereWasSuchAName) {
  named("docker.io/library/app:latest", put_image(content(), {"a"}));
  EXPECT_TRUE(images_.remove("docker.io/library/app:latest"));
  EXPECT_FALSE(images_.remove("docker.io/library/app:latest"));
  EXPECT_TRUE(images_.list().empty());
}

TEST_F(ImageStoreTest, ListIsSortedByName) {
  const auto root = put_image(content(), {"a"});
  for (const char* name : {"docker.io/library/b:1", "docker.io/library/a:2", "docker.io/library/a:1"})
    named(name, root);
  EXPECT_EQ(names(),
            (std::vector<std::string>{"docker.io/library/a:1", "docker.io/library/a:2", "docker.io/library/b:1"}));
}

TEST_F(ImageStoreTest, ImageIsFoundByShortNameAndByDigitsOfItsIds) {
  const auto root = put_image(content(), {"a"});
  named("docker.io/library/app:latest", root);
  const auto config = images_.details(images_.list()[0]).documents.manifest.config.digest;
  for (const std::string& text : {std::string("app"), std::string("app:latest"), root.digest.str(),
                                  root.digest.hex().substr(0, 12), config.str(), config.hex().substr(0, 4)}) {
    EXPECT_EQ(images_.get(text).root.digest, root.digest) << text;
  }
}

TEST_F(ImageStoreTest, ReferencesThatNameNothingAreNotFound) {
  named("docker.io/library/app:latest", put_image(content(), {"a"}));
  for (const char* text : {"other", "app:2", "", "abc", "UPPER", "sha256:", "zzzz", "../etc", "00000000"}) {
    EXPECT_EQ(code_of([&] { images_.get(text); }), base::Code::not_found) << text;
  }
}

TEST_F(ImageStoreTest, DigitsOfSeveralImagesAreAmbiguousButSeveralNamesOfOneAreNot) {
  // Digests that begin alike do not come about by chance: the names are moved to them behind put().
  const auto name_digest = [&](const std::string& name, const std::string& hex) {
    auto image = named(name, put_image(content(), {"a"}));
    image.root.digest = base::Digest::parse_or_throw("sha256:" + hex);
    store_->names()
        .use()
        .prepare("UPDATE images SET root = ? WHERE name = ?")
        .bind(1, oci::to_json(image.root).dump())
        .bind(2, name)
        .run();
  };
  name_digest("docker.io/library/one:1", "abcd1" + std::string(59, '0'));
  name_digest("docker.io/library/one:2", "abcd1" + std::string(59, '0'));
  EXPECT_EQ(images_.get("abcd").name, "docker.io/library/one:1");
  name_digest("docker.io/library/two:1", "abcd2" + std::string(59, '0'));
  EXPECT_EQ(code_of([&] { images_.get("abcd"); }), base::Code::invalid_argument);
  EXPECT_EQ(images_.get("abcd2").name, "docker.io/library/two:1");
}

TEST_F(ImageStoreTest, NameThatIsOnlyRememberedIsNoImageAndHidesNone) {
  const auto remembered = put_image(content(), {"a"});
  Image image;
  image.name = "docker.io/library/aaa:1";
  image.root = remembered;
  image.origin = Origin::pulled;
  images_.put(image);
  EXPECT_EQ(images_.list().size(), 1U);
  content().remove(remembered.digest);
  const auto root = put_image(content(), {"b"});
  named("docker.io/library/app:1", root);
  EXPECT_EQ(names(), std::vector<std::string>{"docker.io/library/app:1"});
  EXPECT_EQ(images_.get(root.digest.hex().substr(0, 10)).name, "docker.io/library/app:1");
  EXPECT_TRUE(images_.find("docker.io/library/aaa:1")) << "the last answer of the registry is still known";
}

TEST_F(ImageStoreTest, DetailsCountLayersAndReadTheConfig) {
  const auto root = put_image(content(), {"aaa", "bb"});
  const auto details = images_.details(named("docker.io/library/app:latest", root));
  EXPECT_EQ(details.documents.config.diff_ids.size(), 2U);
  EXPECT_EQ(details.size, details.documents.manifest.config.size + 5);
}

TEST_F(ImageStoreTest, BlobsOfAnIndexAreThoseOfAllFetchedPlatforms) {
  const auto amd64 = put_image(content(), {"shared", "amd64 only"}, "amd64");
  const auto arm64 = put_image(content(), {"shared", "arm64 only"}, "arm64");
  auto absent = arm64;
  absent.digest = base::sha256("never fetched");
  const auto image = named("docker.io/library/app:latest", put_index(content(), {amd64, arm64, absent}));
  const auto blobs = images_.blobs_of(image);
  EXPECT_EQ(blobs.size(), 1U + 2U + 2U + 3U);  // index, manifests, configs, layers
  for (const char* text : {"shared", "amd64 only", "arm64 only"}) {
    EXPECT_NE(std::find(blobs.begin(), blobs.end(), base::sha256(text)), blobs.end()) << text;
  }
}

TEST_F(ImageStoreTest, EndlessNestingOfIndexesIsRefused) {
  auto root = put_image(content(), {"a"});
  for (int i = 0; i < 20; ++i) root = put_index(content(), {root});
  const auto image = named("docker.io/library/app:latest", root);
  EXPECT_EQ(code_of([&] { images_.blobs_of(image); }), base::Code::invalid_argument);
}

TEST_F(ImageStoreTest, OddNamesAreOnlyText) {
  const auto root = put_image(content(), {"a"});
  const std::string name = "docker.io/library/x'; DROP TABLE images; --:1";
  named(name, root);
  EXPECT_EQ(images_.find(name)->root.digest, root.digest);
}

}  // namespace
}  // namespace images
