// SPDX-License-Identifier: Apache-2.0
#include "attest/tree_subjects.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"

namespace attest {
namespace {

TEST(TreeSubjects, AreTheFilesWithTheirDigests) {
  const base::TemporaryDirectory room;
  base::make_directories(room.path() + "/b/c");
  base::write_file_atomic(room.path() + "/b/c/file", "text");
  base::write_file_atomic(room.path() + "/a", std::string(300'000, 'x'));
  ASSERT_EQ(::symlink("a", (room.path() + "/link").c_str()), 0);
  const base::Fd root = base::open_directory(room.path());
  const auto subjects = subjects_of_tree(root.get(), {});
  ASSERT_EQ(subjects.size(), 2U);
  EXPECT_EQ(subjects[0].name, "a");
  EXPECT_EQ(subjects[0].digest, base::sha256(std::string(300'000, 'x')));
  EXPECT_EQ(subjects[1].name, "b/c/file");
  EXPECT_EQ(subjects[1].digest, base::sha256("text"));
}

}  // namespace
}  // namespace attest
