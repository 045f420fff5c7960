// SPDX-License-Identifier: Apache-2.0
#include "store/content_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/testing/child.h"
#include "store/testing/content_store_suite.h"

namespace store {
namespace {

using testing::bytes_of;
using testing::code_thrown_by;
using testing::ContentStoreFixture;

class DiskFixture final : public ContentStoreFixture {
 public:
  ContentStore& content() override { return *content_; }

 private:
  base::TemporaryDirectory directory_;
  std::unique_ptr<ContentStore> content_ = make_disk_content_store(directory_.path());
};

const auto kDisk = testing::ContentStoreFactory([] { return std::make_unique<DiskFixture>(); });

}  // namespace

namespace testing {
INSTANTIATE_TEST_SUITE_P(Disk, ContentStoreSuite, ::testing::Values(kDisk));
}

namespace {

class DiskContent : public ::testing::Test {
 protected:
  std::string blob_path(std::string_view bytes) const {
    return directory_.path() + "/blobs/sha256/" + base::sha256(bytes).hex();
  }
  base::TemporaryDirectory directory_;
  std::unique_ptr<ContentStore> content_ = make_disk_content_store(directory_.path());
};

TEST_F(DiskContent, BlobsAreReadOnlyFilesNamedByTheirHexDigest) {
  content_->put("x");
  const auto info = base::lstat_if_exists(blob_path("x"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->st_mode & 07777, 0444U);
}

TEST_F(DiskContent, OnlyRegularFilesCountAsBlobs) {
  content_->put("x");
  const std::string name = directory_.path() + "/blobs/sha256/" + std::string(64, 'a');
  ASSERT_EQ(::symlink("/etc/passwd", name.c_str()), 0);
  base::write_file_atomic(directory_.path() + "/blobs/sha256/README", "not a blob");
  EXPECT_FALSE(content_->find(base::Digest::parse_or_throw("sha256:" + std::string(64, 'a'))));
  EXPECT_EQ(content_->list().size(), 1U);
}

TEST_F(DiskContent, AdoptedFileBecomesTheBlob) {
  const std::string file = directory_.path() + "/made-elsewhere";
  base::write_file_atomic(file, "layer");
  content_->adopt(file, {base::sha256("layer"), 5});
  EXPECT_FALSE(base::exists(file));
  EXPECT_EQ(content_->read(base::sha256("layer"), 100), "layer");
}

TEST_F(DiskContent, AdoptedFileOfAKnownBlobIsDropped) {
  content_->put("layer");
  const std::string file = directory_.path() + "/made-elsewhere";
  base::write_file_atomic(file, "layer");
  content_->adopt(file, {base::sha256("layer"), 5});
  EXPECT_FALSE(base::exists(file));
}

TEST_F(DiskContent, NothingIsLeftBesideBlobsAfterCommits) {
  for (const char* text : {"one", "two", "one"}) {
    auto ingest = content_->ingest("same name", {.expect = base::sha256(text)});
    ingest->write(bytes_of(text));
    ingest->commit();
  }
  EXPECT_TRUE(base::list_directory(directory_.path() + "/ingest").empty());
}

// A full file system of its own would need root: the ingest's descriptor is pointed at /dev/full.
const testing::ChildScenario kFullDisk("full disk", [](const std::string& root) {
  if (::access("/dev/full", W_OK) != 0) return;
  auto content = make_disk_content_store(root);
  auto ingest = content->ingest("a", {.expect = base::sha256("x")});
  // The ingest's file is the only one in the directory.
  for (const auto& name : base::list_directory(root + "/ingest")) {
    if (name.ends_with(".lock")) continue;
    const std::string path = root + "/ingest/" + name;
    for (int fd = 3; fd < 64; ++fd) {
      struct stat a{}, b{};
      if (::fstat(fd, &a) == 0 && ::stat(path.c_str(), &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev) {
        ::dup2(::open("/dev/full", O_WRONLY | O_CLOEXEC), fd);
      }
    }
  }
  ingest->write(bytes_of("x"));
});

TEST_F(DiskContent, FullDiskSaysSoAndNamesTheFile) {
  const auto output = testing::run_scenario("full disk", directory_.path());
  EXPECT_EQ(output.status.code, 1);
  EXPECT_NE(output.err.find("No space left on device"), std::string::npos) << output.err;
}

const testing::ChildScenario kPutTwo("put two", [](const std::string& root) {
  auto content = make_disk_content_store(root);
  content->put("first");
  auto ingest = content->ingest("second", {.expect = base::sha256("second")});
  ingest->write(bytes_of(std::string_view("second").substr(ingest->offset())));
  ingest->commit();
});

TEST_F(DiskContent, KilledAtAnyPointLeavesEachBlobWholeOrAbsent) {
  int point = 1;
  for (;; ++point) {
    ASSERT_LT(point, 100);
    const auto output = testing::run_scenario("put two", directory_.path(), base::format("kill@{}", point));
    for (const auto& blob : content_->list()) {
      const std::string bytes = content_->read(blob.digest, 100);
      EXPECT_EQ(base::sha256(bytes), blob.digest) << "killed at point " << point;
    }
    if (output.status.ok()) break;
    ASSERT_EQ(output.status.signal, SIGKILL) << output.err;
    for (const auto& blob : content_->list()) content_->remove(blob.digest);
  }
  EXPECT_GE(point, 4) << "no commit points were reached";
  EXPECT_EQ(content_->list().size(), 2U);
}

TEST_F(DiskContent, FailureAtACommitPointIsReportedAndRepeatable) {
  const auto output = testing::run_scenario("put two", directory_.path(), "fail@store.blob.synced");
  EXPECT_EQ(output.status.code, 1);
  EXPECT_TRUE(content_->list().empty());
  EXPECT_TRUE(testing::run_scenario("put two", directory_.path()).status.ok());
}

const testing::ChildScenario kHoldIngest("hold an ingest", [](const std::string& root) {
  auto content = make_disk_content_store(root);
  auto ingest = content->ingest("download", {.expect = base::sha256("abcdef")});
  ingest->write(bytes_of("abc"));
  testing::announce(root, "written");
  ::pause();
});

TEST_F(DiskContent, DownloadOfAKilledProcessIsTakenOver) {
  auto child = testing::start_scenario("hold an ingest", directory_.path());
  testing::await(directory_.path(), "written");
  ::unlink((directory_.path() + ".written").c_str());
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_THROW(content_->ingest("download", {.expect = base::sha256("abcdef")}, stopped.get_token()), base::Cancelled);
  child.kill(SIGKILL);
  child.wait();
  auto ingest = content_->ingest("download", {.expect = base::sha256("abcdef")});
  EXPECT_EQ(ingest->offset(), 3U);
  ingest->write(bytes_of("def"));
  ingest->commit();
}

}  // namespace
}  // namespace store
