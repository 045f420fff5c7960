// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace base {
namespace {

TEST(AtomicFile, AppearsAtCommitAndReplacesWhatWasThere) {
  TemporaryDirectory dir;
  const std::string path = dir.path() + "/f";
  write_file_atomic(path, "old");
  AtomicFile file(path);
  write_all(file.fd(), std::string_view("new"));
  EXPECT_EQ(read_file(path), "old");
  file.commit();
  EXPECT_EQ(read_file(path), "new");
  EXPECT_EQ(list_directory(dir.path()).size(), 1U);
}

TEST(AtomicFile, LeavesNothingWhenItIsDropped) {
  TemporaryDirectory dir;
  {
    AtomicFile file(dir.path() + "/f");
  }
  EXPECT_TRUE(list_directory(dir.path()).empty());
}

TEST(AtomicFile, NamesThePathWhenTheDirectoryIsMissing) {
  TemporaryDirectory dir;
  try {
    AtomicFile file(dir.path() + "/none/f");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
    EXPECT_NE(error.text().find("/none/f"), std::string::npos);
  }
}

}  // namespace
}  // namespace base
