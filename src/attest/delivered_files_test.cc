// SPDX-License-Identifier: Apache-2.0
#include "attest/delivered_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "attest/noted_files.h"
#include "base/file.h"
#include "base/path.h"

namespace attest {
namespace {

/// MD5 of "library".
constexpr const char* kSum = "d521f765a49c72507257a2620612ee96";

class DeliveredFilesTest : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    base::make_directories(std::string(base::dir_name(room_.path() + "/" + path)));
    base::write_file_atomic(room_.path() + "/" + path, text);
  }
  bool has(const std::string& path) {
    const base::Fd root = base::open_directory(room_.path());
    return DeliveredFiles(root.get()).has(path, base::open_file(room_.path() + "/" + path, O_RDONLY));
  }
  base::TemporaryDirectory room_;
};

TEST_F(DeliveredFilesTest, OnlyTheBytesOfThePackageAreDelivered) {
  put("usr/lib/a.so", "library");
  EXPECT_FALSE(has("usr/lib/a.so")) << "there is no database";
  put("var/lib/dpkg/info/a.md5sums", std::string(kSum) + "  usr/lib/a.so\nnonsense\n");
  EXPECT_TRUE(has("usr/lib/a.so"));
  put("usr/lib/a.so", "library, changed");
  EXPECT_FALSE(has("usr/lib/a.so"));
  put("srv/a.so", "library");
  EXPECT_FALSE(has("srv/a.so")) << "the same bytes in another place are of somebody else";
}

TEST_F(DeliveredFilesTest, PlacesBeforeTheMergeOfUsrAndDistroless) {
  put("usr/lib/old.so", "library");
  put("usr/lib/small.so", "library");
  put("var/lib/dpkg/info/old.md5sums", std::string(kSum) + "  lib/old.so\n");
  put("var/lib/dpkg/status.d/small.md5sums", std::string(kSum) + "  usr/lib/small.so\n");
  EXPECT_TRUE(has("usr/lib/old.so"));
  EXPECT_TRUE(has("usr/lib/small.so"));
}

TEST_F(DeliveredFilesTest, AKeyOfAPackageIsNoSecretAndACopyOfItIs) {
  const std::string key = "-----BEGIN PRIVATE KEY-----\n" + std::string(64, 'A') + "\n-----END PRIVATE KEY-----\n";
  put("usr/share/test.pem", key);
  put("srv/test.pem", key);
  const auto secrets = [&] {
    const base::Fd root = base::open_directory(room_.path());
    std::vector<std::string> paths;
    for (const auto& file : note_files(root.get(), {{room_.path(), "RUN it"}}, 0, {}).secrets) {
      paths.push_back(file.path);
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  };
  EXPECT_EQ(secrets(), (std::vector<std::string>{"srv/test.pem", "usr/share/test.pem"}));
  put("var/lib/dpkg/info/t.md5sums", "6ffba89417f4736068ec63e6c7131027  usr/share/test.pem\n");
  EXPECT_EQ(secrets(), (std::vector<std::string>{"srv/test.pem"}));
}

}  // namespace
}  // namespace attest
