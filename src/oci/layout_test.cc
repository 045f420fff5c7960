// SPDX-License-Identifier: Apache-2.0
#include "oci/layout.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace oci {
namespace {

class LayoutTest : public ::testing::Test {
 protected:
  Descriptor put(const std::string& bytes, std::string_view type = kOciManifest) {
    Descriptor descriptor;
    descriptor.media_type = std::string(type);
    descriptor.digest = base::sha256(bytes);
    descriptor.size = bytes.size();
    LayoutWriter(path_).put(descriptor, bytes);
    return descriptor;
  }
  static Annotations ref(const std::string& name) { return {{std::string(kAnnotationRefName), name}}; }
  std::string blob_path(const Descriptor& descriptor) const {
    return path_ + "/blobs/sha256/" + descriptor.digest.hex();
  }
  base::Code code_of(const std::function<void()>& body) {
    try {
      body();
    } catch (const base::Error& error) {
      return error.code();
    }
    return base::Code::unknown;
  }

  base::TemporaryDirectory dir_;
  std::string path_ = dir_.path() + "/layout";
  base::TemporaryDirectory store_dir_;
  std::unique_ptr<store::ContentStore> content_ = store::make_disk_content_store(store_dir_.path());
};

TEST_F(LayoutTest, KeepsOtherTagsWhenOneMoves) {
  const Descriptor one = put("one");
  const Descriptor two = put("two");
  LayoutWriter writer(path_);
  writer.tag(one, {ref("a"), ref("b")});
  writer.tag(two, {ref("a")});
  Layout layout(path_);
  EXPECT_EQ(layout.resolve("a", {}).digest, two.digest);
  EXPECT_EQ(layout.resolve("b", {}).digest, one.digest);
  EXPECT_EQ(layout.index().manifests.size(), 2U);
}

TEST_F(LayoutTest, ResolvesByFullNameByDigestAndByBeingTheOnlyOne) {
  const Descriptor one = put("one");
  Annotations name = ref("1");
  name[std::string(kAnnotationImageName)] = "docker.io/library/app:1";
  LayoutWriter(path_).tag(one, {name});
  Layout layout(path_);
  EXPECT_EQ(layout.resolve("docker.io/library/app:1", {}).digest, one.digest);
  EXPECT_EQ(layout.resolve(one.digest.str(), {}).digest, one.digest);
  EXPECT_EQ(layout.resolve("", {}).digest, one.digest);
}

TEST_F(LayoutTest, NamesTheTagsThereAreWhenOneIsMissing) {
  LayoutWriter(path_).tag(put("one"), {ref("a")});
  try {
    Layout(path_).resolve("b", {});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::not_found);
    EXPECT_NE(error.text().find("it has: a"), std::string::npos) << error.text();
  }
}

TEST_F(LayoutTest, FindsAManifestThatIsNotListed) {
  const std::string bytes = R"({"schemaVersion":2,"manifests":[]})";
  LayoutWriter(path_).tag(put("one"), {ref("a")});
  const Descriptor hidden = put(bytes);
  const Descriptor found = Layout(path_).resolve(hidden.digest.str(), {});
  EXPECT_EQ(found.media_type, kOciIndex);
  EXPECT_EQ(found.size, bytes.size());
}

TEST_F(LayoutTest, CopiesABlobIntoTheStoreOnce) {
  const Descriptor blob = put(std::string(600'000, 'x'));
  LayoutWriter(path_).tag(blob, {});
  Layout layout(path_);
  std::uint64_t last = 0;
  layout.fetch_blob(blob, *content_, [&](std::uint64_t current, std::uint64_t) { last = current; }, {});
  EXPECT_EQ(last, blob.size);
  EXPECT_EQ(content_->find(blob.digest)->size, blob.size);
  ::unlink(blob_path(blob).c_str());
  layout.fetch_blob(blob, *content_, {}, {});  // there already: the layout is not asked
}

TEST_F(LayoutTest, RefusesBytesThatAreNotWhatTheirNameSays) {
  const Descriptor blob = put("honest");
  LayoutWriter(path_).tag(blob, {});
  ::chmod(blob_path(blob).c_str(), 0644);
  base::write_file_atomic(blob_path(blob), "h0nest");
  Layout layout(path_);
  EXPECT_EQ(code_of([&] { layout.fetch_manifest(blob, {}); }), base::Code::data_loss);
  EXPECT_EQ(code_of([&] { layout.fetch_blob(blob, *content_, {}, {}); }), base::Code::data_loss);
  base::write_file_atomic(blob_path(blob), "honest and more");
  EXPECT_EQ(code_of([&] { layout.fetch_manifest(blob, {}); }), base::Code::data_loss);
  EXPECT_EQ(code_of([&] { layout.fetch_blob(blob, *content_, {}, {}); }), base::Code::data_loss);
  EXPECT_FALSE(content_->find(blob.digest));
}

TEST_F(LayoutTest, BadBytesOfAnotherSourceDoNotSpoilAGoodOne) {
  const Descriptor blob = put("the whole truth");
  LayoutWriter(path_).tag(blob, {});
  {
    // What a lying source sent before it was given up.
    store::IngestOptions options;
    options.expect = blob.digest;
    options.expect_size = blob.size;
    const auto ingest = content_->ingest("blob-" + blob.digest.hex(), options);
    ingest->write(std::as_bytes(std::span(std::string_view("the whole l"))));
  }
  Layout layout(path_);
  layout.fetch_blob(blob, *content_, {}, {});
  EXPECT_EQ(content_->read(blob.digest, 100), "the whole truth");
}

TEST_F(LayoutTest, IsNotLedOutOfTheDirectoryOrIntoAFifo) {
  const Descriptor blob = put("bytes");
  LayoutWriter(path_).tag(blob, {});
  const std::string outside = dir_.path() + "/outside";
  base::write_file_atomic(outside, "bytes");
  ::unlink(blob_path(blob).c_str());
  ::symlink("../../../outside", blob_path(blob).c_str());
  Layout layout(path_);
  EXPECT_EQ(code_of([&] { layout.fetch_manifest(blob, {}); }), base::Code::not_found);
  ::unlink(blob_path(blob).c_str());
  ::mkfifo(blob_path(blob).c_str(), 0644);
  EXPECT_EQ(code_of([&] { layout.fetch_blob(blob, *content_, {}, {}); }), base::Code::data_loss);
}

TEST_F(LayoutTest, SaysWhatADirectoryIsNot) {
  EXPECT_EQ(code_of([&] { Layout layout(path_ + "/none"); }), base::Code::not_found);
  EXPECT_EQ(code_of([&] { Layout layout(dir_.path()); }), base::Code::invalid_argument);
  base::write_file_atomic(dir_.path() + "/oci-layout", R"({"imageLayoutVersion":"9.0"})");
  EXPECT_EQ(code_of([&] { Layout layout(dir_.path()); }), base::Code::invalid_argument);
}

TEST_F(LayoutTest, WriterCopiesFromTheStoreAndVerifies) {
  const auto info = content_->put("layer");
  Descriptor blob;
  blob.digest = info.digest;
  blob.size = info.size;
  LayoutWriter writer(path_);
  writer.put_blob(blob, *content_, {});
  EXPECT_EQ(base::read_file(blob_path(blob)), "layer");
  Descriptor lie = blob;
  lie.size = 4;
  EXPECT_EQ(code_of([&] { writer.put_blob(lie, *content_, {}); }), base::Code::data_loss);
}

TEST_F(LayoutTest, ResolvesAnImageThroughItsIndex) {
  const std::string config_bytes = R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}})";
  const Descriptor config = put(config_bytes, kOciConfig);
  base::Json manifest = base::Json::object();
  manifest.set("schemaVersion", 2).set("mediaType", kOciManifest).set("config", to_json(config)).set("layers", nullptr);
  Descriptor entry = put(manifest.dump());
  entry.platform = parse_platform("linux/amd64");
  const Descriptor root = put(layout_index({entry}), kOciIndex);
  LayoutWriter(path_).tag(root, {ref("multi")});
  Layout layout(path_);
  const auto image =
      resolve_image(layout, layout.resolve("multi", {}), PlatformMatcher::runs_on(parse_platform("linux/amd64")), {});
  EXPECT_EQ(image.config.raw, config_bytes);
  EXPECT_EQ(image.manifest_descriptor.digest, entry.digest);
  try {
    resolve_image(layout, root, PlatformMatcher::runs_on(parse_platform("linux/arm64")), {});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::not_found);
    EXPECT_NE(error.text().find("linux/amd64"), std::string::npos) << error.text();
  }
}

TEST_F(LayoutTest, RefusesIndexesNestedTooDeep) {
  Descriptor inner = put(layout_index({}), kOciIndex);
  for (int i = 0; i < 6; ++i) {
    inner.platform = parse_platform("linux/amd64");
    inner = put(layout_index({inner}), kOciIndex);
  }
  LayoutWriter(path_).tag(inner, {});
  Layout layout(path_);
  EXPECT_EQ(code_of([&] { resolve_image(layout, inner, PlatformMatcher::runs_on(parse_platform("linux/amd64")), {}); }),
            base::Code::invalid_argument);
}

}  // namespace
}  // namespace oci
