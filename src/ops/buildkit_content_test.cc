// SPDX-License-Identifier: Apache-2.0
// The names are those that a BuildKit gave (dockerd 28.5, `docker buildx build --cache-to type=local`).
#include "ops/buildkit_content.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace ops {
namespace {

class BuildkitContentTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text, mode_t mode = 0644) {
    base::write_file_atomic(path(name), text);
    ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
  }
  void make_directory(const std::string& name, mode_t mode = 0755) {
    base::make_directories(path(name));
    ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
  }
  std::string path(const std::string& name) const { return room_.path() + "/" + name; }
  std::string name_of(const std::vector<Selection>& selections, CopySource::Kind kind = CopySource::Kind::live) const {
    const base::Fd root = base::open_directory(room_.path());
    CopySource source;
    source.root = root.get();
    source.kind = kind;
    const auto name = buildkit_content(source, selections, {});
    return name ? name->str() : "";
  }

  base::TemporaryDirectory room_;
};

TEST_F(BuildkitContentTest, NamesFilesAndDirectoriesAsBuildKitDoes) {
  write("f", "hello\n");
  make_directory("d");
  write("d/x", "x\n");
  EXPECT_EQ(name_of({{.path = "/f"}}), "sha256:c24a47b576469b52903dd7e5045a62fee5855b447dee1771d67b829458d2c08e");
  EXPECT_EQ(name_of({{.path = "/d", .wildcard = true, .follow_links = true}}),
            "sha256:192e58e4fa639dffcc8a7ce38143817880328680cc4aaa4935b8246b6ce74fce");
}

TEST_F(BuildkitContentTest, EverythingThatCountsCounts) {
  make_directory("d");
  write("d/x", "x\n");
  ASSERT_EQ(::symlink("x", path("d/link").c_str()), 0);
  const std::string before = name_of({{.path = "/d"}});
  EXPECT_EQ(name_of({{.path = "/d"}}), before);
  ASSERT_EQ(::chmod(path("d/x").c_str(), 0755), 0);
  const std::string other_mode = name_of({{.path = "/d"}});
  EXPECT_NE(other_mode, before);
  ASSERT_EQ(::unlink(path("d/link").c_str()), 0);
  ASSERT_EQ(::symlink("y", path("d/link").c_str()), 0);
  const std::string other_link = name_of({{.path = "/d"}});
  EXPECT_NE(other_link, other_mode);
  ASSERT_EQ(::rename(path("d/x").c_str(), path("d/z").c_str()), 0);
  EXPECT_NE(name_of({{.path = "/d"}}), other_link);
  EXPECT_NE(name_of({{.path = "/d"}, {.path = "/d/z"}}), name_of({{.path = "/d"}}));
}

TEST_F(BuildkitContentTest, SaysNothingWhereTheyMayDisagree) {
  write("f", "x");
  ASSERT_EQ(::symlink("f", path("link").c_str()), 0);
  EXPECT_EQ(name_of({{.path = "/*", .wildcard = true}}), "");
  EXPECT_EQ(name_of({{.path = "/f", .includes = {"f"}}}), "");
  EXPECT_EQ(name_of({{.path = "/f", .excludes = {"g"}}}), "");
  EXPECT_EQ(name_of({{.path = "/link"}}), "");
  EXPECT_EQ(name_of({{.path = "/missing"}}), "");
  EXPECT_EQ(name_of({{.path = "/"}}, CopySource::Kind::frozen), "");
  EXPECT_NE(name_of({{.path = "/"}}), "");
  EXPECT_EQ(name_of({}), "");
}

}  // namespace
}  // namespace ops
