// SPDX-License-Identifier: Apache-2.0
#include "attest/delivered_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace attest
