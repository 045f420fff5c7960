// SPDX-License-Identifier: Apache-2.0
#include "layer/same_layer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <functional>

#include "base/file.h"

namespace layer {
namespace {

class SameLayer : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string& root : {a_, b_}) {
      base::make_directories(root + "/d");
      base::write_file_atomic(root + "/d/file", "text");
      base::write_file_atomic(root + "/other", "text");
      ASSERT_EQ(::symlink("file", (root + "/d/link").c_str()), 0);
    }
    ASSERT_TRUE(same_layer(a_, b_, {}));
  }
  bool same() const { return same_layer(a_, b_, {}) && same_layer(b_, a_, {}); }

  base::TemporaryDirectory directory_;
  const std::string a_ = directory_.path() + "/a";
  const std::string b_ = directory_.path() + "/b";
};

TEST_F(SameLayer, TimesAreNoDifference) {
  const timeval times[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimes((b_ + "/d/file").c_str(), times), 0);
  ASSERT_EQ(::utimes((b_ + "/d").c_str(), times), 0);
  EXPECT_TRUE(same());
}

TEST_F(SameLayer, BytesAreOne) {
  base::write_file_atomic(b_ + "/d/file", "TEXT");
  EXPECT_FALSE(same());
}

TEST_F(SameLayer, SoAreBytesAtTheEndOfALargeFile) {
  for (const std::string& root : {a_, b_}) {
    base::write_file_atomic(root + "/large", std::string(700'000, 'x') + (root == a_ ? "1" : "2"));
  }
  EXPECT_FALSE(same());
}

TEST_F(SameLayer, SoAreSizesNamesModesOwnersAndLinks) {
  const auto undo = [&](const std::function<void()>& make, const std::function<void()>& back) {
    make();
    EXPECT_FALSE(same());
    back();
    EXPECT_TRUE(same());
  };
  const std::string file = b_ + "/d/file";
  undo([&] { ASSERT_EQ(::truncate(file.c_str(), 3), 0); }, [&] { base::write_file_atomic(file, "text"); });
  undo([&] { ASSERT_EQ(::chmod(file.c_str(), 0700), 0); }, [&] { ASSERT_EQ(::chmod(file.c_str(), 0644), 0); });
  undo([&] { base::write_file_atomic(b_ + "/more", ""); }, [&] { ASSERT_EQ(::unlink((b_ + "/more").c_str()), 0); });
  undo([&] { ASSERT_EQ(::chmod((b_ + "/d").c_str(), 0700), 0); },
       [&] { ASSERT_EQ(::chmod((b_ + "/d").c_str(), 0755), 0); });
  undo([&] { ASSERT_EQ(::rename((b_ + "/other").c_str(), (b_ + "/otherwise").c_str()), 0); },
       [&] { ASSERT_EQ(::rename((b_ + "/otherwise").c_str(), (b_ + "/other").c_str()), 0); });
  const std::string link = b_ + "/d/link";
  undo(
      [&] {
        ::unlink(link.c_str());
        ASSERT_EQ(::symlink("elif", link.c_str()), 0);
      },
      [&] {
        ::unlink(link.c_str());
        ASSERT_EQ(::symlink("file", link.c_str()), 0);
      });
  if (::geteuid() == 0) {
    undo([&] { ASSERT_EQ(::chown(file.c_str(), 7, 7), 0); }, [&] { ASSERT_EQ(::chown(file.c_str(), 0, 0), 0); });
  }
}

TEST_F(SameLayer, SoAreHardLinks) {
  ASSERT_EQ(::unlink((b_ + "/other").c_str()), 0);
  ASSERT_EQ(::link((b_ + "/d/file").c_str(), (b_ + "/other").c_str()), 0);
  EXPECT_FALSE(same());
}

TEST_F(SameLayer, SoAreWhiteoutsOpaqueDirectoriesAndAttributes) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::mknod((b_ + "/gone").c_str(), S_IFCHR, makedev(0, 0)), 0);
  EXPECT_FALSE(same());
  ASSERT_EQ(::mknod((a_ + "/gone").c_str(), S_IFCHR, makedev(0, 0)), 0);
  EXPECT_TRUE(same());
  ASSERT_EQ(::setxattr((b_ + "/d").c_str(), "trusted.overlay.origin", "x", 1, 0), 0);
  EXPECT_TRUE(same()) << "a note of overlayfs";
  ASSERT_EQ(::setxattr((b_ + "/d").c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
  EXPECT_FALSE(same());
}

}  // namespace
}  // namespace layer
