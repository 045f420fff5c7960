// SPDX-License-Identifier: Apache-2.0
#include "output/archive.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/subprocess.h"
#include "layer/tar_reader.h"
#include "layer/tar_writer.h"
#include "oci/layout.h"
#include "output/destination.h"

namespace output {
namespace {

class ArchiveTest : public ::testing::Test {
 protected:
  ArchiveTest() {
    layer::StringSink tar;
    layer::TarWriter writer(tar);
    layer::TarEntry entry;
    entry.name = "hello";
    entry.mode = 0644;
    entry.size = 6;
    writer.add(entry);
    writer.write("world\n");
    writer.finish();
    layer_bytes_ = tar.text;
    const auto info = content_->put(layer_bytes_);
    ImageToExport image;
    image.platform = oci::parse_platform("linux/amd64");
    image.config = R"({"os":"linux","architecture":"amd64","config":{"Cmd":["sh"]},"history":[{"created_by":"COPY"}]})";
    LayerBlob layer;
    layer.digest = layer.diff_id = info.digest;
    layer.size = info.size;
    layer.media_type = oci::kOciLayer;
    layer.created = 1'600'000'000 * base::kSecond;
    image.layers.push_back(layer);
    images_.push_back(image);
    image_ = assemble(images_, {});
    options_.names = normalized_names({"app:1", "registry.example.org/x/app"});
  }

  std::string oci_archive() {
    layer::StringSink sink;
    write_oci_archive(image_, options_, *content_, sink, {});
    return sink.text;
  }
  std::string docker_archive() {
    layer::StringSink sink;
    write_docker_archive(image_, options_, *content_, sink, {});
    return sink.text;
  }
  static std::map<std::string, std::string> members(const std::string& bytes,
                                                    std::vector<std::string>* order = nullptr) {
    std::map<std::string, std::string> result;
    layer::StringSource source(bytes);
    layer::TarReader reader(source);
    while (const layer::TarEntry* entry = reader.next()) {
      const std::string content = entry->size > 0 ? reader.read_content(1U << 20) : "";
      if (order != nullptr) order->push_back(entry->name);
      EXPECT_EQ(entry->mtime, 0);
      EXPECT_EQ(entry->uid, 0U);
      result[entry->name] = content;
    }
    return result;
  }
  static bool tool_missing(const char* name) {
    if (base::find_program(name)) return false;
    std::printf("skipped: %s is not installed\n", name);
    return true;
  }
  static std::string run(std::vector<std::string> argv) {
    base::Command command;
    command.argv = std::move(argv);
    const auto output = base::run_collect(command);
    EXPECT_TRUE(output.status.ok()) << output.err;
    return output.out;
  }

  base::TemporaryDirectory dir_;
  std::unique_ptr<store::ContentStore> content_ = store::make_disk_content_store(dir_.path() + "/store");
  std::string layer_bytes_;
  std::vector<ImageToExport> images_;
  AssembledImage image_;
  ArchiveOptions options_;
};

TEST_F(ArchiveTest, HasItsMembersInOrderAndTwoNamesForOneImage) {
  std::vector<std::string> order;
  const auto files = members(oci_archive(), &order);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.front(), "blobs/");
  EXPECT_EQ(order.back(), "oci-layout");
  EXPECT_EQ(files.count("manifest.json"), 0U);
  EXPECT_EQ(files.at("oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
  const auto index = oci::Index::parse(files.at("index.json"));
  ASSERT_EQ(index.manifests.size(), 2U);
  EXPECT_EQ(index.manifests[0].digest, index.manifests[1].digest);
  EXPECT_EQ(index.manifests[0].annotations,
            (oci::Annotations{{"io.containerd.image.name", "docker.io/library/app:1"},
                              {"org.opencontainers.image.created", "2020-09-13T12:26:40Z"},
                              {"org.opencontainers.image.ref.name", "1"}}));
  EXPECT_EQ(index.manifests[1].annotations.at("org.opencontainers.image.ref.name"), "latest");
  for (const auto& [name, content] : files) {
    if (!name.starts_with("blobs/sha256/") || name.ends_with('/')) continue;
    EXPECT_EQ(base::sha256(content).hex(), name.substr(13));
  }
}

TEST_F(ArchiveTest, IsTheSameEveryTime) { EXPECT_EQ(oci_archive(), oci_archive()); }

TEST_F(ArchiveTest, HasNoNameAnnotationsWithoutNames) {
  options_.names.clear();
  const auto index = oci::Index::parse(members(oci_archive()).at("index.json"));
  ASSERT_EQ(index.manifests.size(), 1U);
  EXPECT_EQ(index.manifests[0].annotations.count("org.opencontainers.image.ref.name"), 0U);
}

TEST_F(ArchiveTest, TellsDockerWhatToLoad) {
  const auto files = members(docker_archive());
  const auto list = base::Json::parse(files.at("manifest.json"));
  EXPECT_EQ(
      list.dump(),
      base::format(
          R"([{{"Config":"blobs/sha256/{}","RepoTags":["app:1","registry.example.org/x/app:latest"],"Layers":["blobs/sha256/{}"]}}])",
          image_.config_digest->hex(), image_.layers[0].digest.hex()));
  options_.names.clear();
  EXPECT_NE(members(docker_archive()).at("manifest.json").find("\"RepoTags\":null"), std::string::npos);
}

TEST_F(ArchiveTest, RefusesAnIndexForDocker) {
  AssembleOptions options;
  options.shape = Shape::always_index;
  image_ = assemble(images_, options);
  EXPECT_THROW(docker_archive(), base::Error);
}

TEST_F(ArchiveTest, NoticesALayerThatRottedInTheStore) {
  const std::string path = dir_.path() + "/store/blobs/sha256/" + image_.layers[0].digest.hex();
  std::string rotten = layer_bytes_;
  rotten[600] ^= 1;
  ::chmod(path.c_str(), 0644);
  base::write_file_atomic(path, rotten);
  try {
    oci_archive();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::data_loss);
  }
}

TEST_F(ArchiveTest, WritesADirectoryThatKeepsItsOtherImages) {
  const std::string path = dir_.path() + "/layout";
  write_oci_directory(image_, options_, *content_, path, {});
  options_.names.clear();
  write_oci_directory(image_, options_, *content_, path, {});
  oci::Layout layout(path);
  EXPECT_EQ(layout.index().manifests.size(), 3U);
  for (const char* name : {"1", "latest", "docker.io/library/app:1"}) {
    const auto image = oci::resolve_image(layout, layout.resolve(name, {}),
                                          oci::PlatformMatcher::strict(oci::parse_platform("linux/amd64")), {});
    EXPECT_EQ(image.manifest.layers.size(), 1U);
  }
}

TEST_F(ArchiveTest, CanBeReadBySkopeo) {
  if (tool_missing("skopeo")) GTEST_SKIP();
  base::write_file_atomic(dir_.path() + "/oci.tar", oci_archive());
  base::write_file_atomic(dir_.path() + "/docker.tar", docker_archive());
  for (const std::string& source :
       {"oci-archive:" + dir_.path() + "/oci.tar:1", "docker-archive:" + dir_.path() + "/docker.tar:app:1"}) {
    const auto json = base::Json::parse(run({"skopeo", "inspect", "--override-arch", "amd64", source}));
    EXPECT_EQ(json["Layers"].items().size(), 1U) << source;
    run({"skopeo", "copy", "--override-arch", "amd64", source, "dir:" + dir_.path() + "/copy"});
    base::remove_tree(dir_.path() + "/copy");
  }
}

TEST_F(ArchiveTest, CanBeUnpackedByUmoci) {
  if (tool_missing("umoci")) GTEST_SKIP();
  const std::string path = dir_.path() + "/layout";
  write_oci_directory(image_, options_, *content_, path, {});
  run({"umoci", "unpack", "--rootless", "--image", path + ":1", dir_.path() + "/bundle"});
  EXPECT_EQ(base::read_file(dir_.path() + "/bundle/rootfs/hello"), "world\n");
}

TEST_F(ArchiveTest, AFileAppearsAtCommitOnly) {
  const std::string path = dir_.path() + "/out.tar";
  {
    auto dropped = open_destination(path, "oci");
    dropped->sink().write("half");
  }
  EXPECT_FALSE(base::exists(path));
  auto destination = open_destination(path, "oci");
  destination->sink().write("whole");
  EXPECT_FALSE(base::exists(path));
  destination->commit();
  EXPECT_EQ(base::read_file(path), "whole");
}

TEST_F(ArchiveTest, ADestinationIsCheckedBeforeAnythingIsBuilt) {
  EXPECT_THROW(check_destination(dir_.path(), "oci"), base::Error);
  EXPECT_THROW(check_destination(dir_.path() + "/none/x.tar", "oci"), base::Error);
  EXPECT_NO_THROW(check_destination(dir_.path() + "/x.tar", "oci"));
  EXPECT_THROW(normalized_names({"UPPER"}), base::Error);
}

}  // namespace
}  // namespace output
