// SPDX-License-Identifier: Apache-2.0
// The names are those that a BuildKit gave (dockerd 28.5, `docker buildx build --cache-to type=local`).
#include "ops/buildkit_content.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "llb/buildkit_key.h"

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
  std::vector<base::Digest> names_of(const std::vector<Selection>& selections,
                                     CopySource::Kind kind = CopySource::Kind::live) const {
    const base::Fd root = base::open_directory(room_.path());
    CopySource source;
    source.root = root.get();
    source.kind = kind;
    return buildkit_content(source, selections, {});
  }
  /// The name that all versions of BuildKit agree on.
  std::string name_of(const std::vector<Selection>& selections, CopySource::Kind kind = CopySource::Kind::live) const {
    const auto names = names_of(selections, kind);
    EXPECT_LE(names.size(), 1U);
    return names.empty() ? "" : names.front().str();
  }
  /// The name before BuildKit 0.26, where the newer one differs.
  std::string older_name_of(const std::vector<Selection>& selections) const {
    const auto names = names_of(selections);
    return names.size() == 2 ? names.back().str() : "";
  }
  void make_link(const std::string& name, const std::string& to) {
    ASSERT_EQ(::symlink(to.c_str(), path(name).c_str()), 0);
  }
  void make_tree() {
    make_directory("d");
    make_directory("d/e");
    write("f", "hello\n");
    write("a.txt", "a\n");
    write("b.txt", "b\n");
    write("d/x", "x\n");
    write("d/y", "y\n");
    write("d/e/z", "z\n");
    make_link("l", "f");
    make_link("m", "d");
  }
  static Selection copied(const std::string& path) { return {.path = path, .wildcard = true, .follow_links = true}; }

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
  EXPECT_NE(name_of({{.path = "/d"}, {.path = "/d/z", .follow_links = true}}), name_of({{.path = "/d"}}));
}

TEST_F(BuildkitContentTest, ALinkStandsForWhatItNames) {
  make_tree();
  EXPECT_EQ(name_of({copied("/l")}), "sha256:c24a47b576469b52903dd7e5045a62fee5855b447dee1771d67b829458d2c08e");
  EXPECT_EQ(name_of({copied("/m")}), "sha256:86522e0b14370511100405301c567b83dc170c0b900dfa7835371a5b0fef1417");
  EXPECT_NE(name_of({{.path = "/l"}}), name_of({copied("/l")}));
  make_link("dead", "nowhere");
  EXPECT_EQ(name_of({copied("/dead")}), "");
}

TEST_F(BuildkitContentTest, WhatADirectoryHoldsCountsOnce) {
  make_tree();
  const std::string name = "sha256:7d98f810cd52b15bc4a62b1c7aa1843226b3282db1ec9190e155109c803555d0";
  EXPECT_EQ(name_of({copied("/d"), copied("/d/x"), copied("/f")}), name);
  EXPECT_EQ(name_of({copied("/f"), copied("/d"), copied("/f")}), name);
}

TEST_F(BuildkitContentTest, WildcardsAndPatternsChooseAList) {
  make_tree();
  EXPECT_EQ(older_name_of({copied("/*.txt")}),
            "sha256:7d85d0a617c3efcff4b725b1bb396bfcebd49806ffaa845ba643a2379a55d552");
  EXPECT_EQ(older_name_of({copied("/f*"), copied("/l*")}),
            "sha256:70d103e2be503852f5affd59e55e624945435fbecb3dd5ffa46587b02833d0ae");
}

TEST_F(BuildkitContentTest, TreesHaveNoNameWithoutPaths) {
  make_tree();
  Selection without = copied("/d");
  without.excludes = {"y"};
  const std::string name = name_of({without});
  ASSERT_EQ(::rename(path("d/e/z").c_str(), path("d/z").c_str()), 0);
  EXPECT_NE(name_of({without}), name);
  EXPECT_NE(name_of({copied("/d*")}), "");
}

TEST_F(BuildkitContentTest, TheNewerNameHasThePathsBelowThePrefix) {
  make_tree();
  const auto file = [](const std::string& content) {
    return base::sha256(base::format("namemode{}uid0gid0size{}typeflag0linknameunamegnamedevmajor0devminor0{}", 0644,
                                     content.size(), content))
        .str();
  };
  const auto record = [](const std::string& list) {
    return llb::buildkit_record(base::sha256(base::sha256(list).str()), llb::kContentOutput);
  };
  using namespace std::string_literals;
  const auto names = names_of({copied("/*.txt")});
  ASSERT_EQ(names.size(), 2U);
  EXPECT_EQ(names.front(), record("\0a.txt"s + file("a\n") + "\0b.txt"s + file("b\n")));
  Selection within = copied("/d");
  within.includes = {"e/z"};
  const auto below = names_of({within});
  ASSERT_EQ(below.size(), 1U);
  const std::string directory =
      base::sha256("namemode493uid0gid0size0typeflag5linknameunamegnamedevmajor0devminor0").str();
  EXPECT_EQ(below.front(), record("\0"s + directory + "\0e"s + directory + "\0e\0z"s + file("z\n")));
}

TEST_F(BuildkitContentTest, NothingChosenAndOneOfTheNameAreNamedAlike) {
  make_tree();
  const auto empty = llb::buildkit_record(base::sha256(base::sha256("").str()), llb::kContentOutput);
  EXPECT_EQ(name_of({copied("/nothing*")}), empty.str());
  Selection itself = copied("/f");
  itself.excludes = {"g"};
  EXPECT_EQ(name_of({itself}), name_of({copied("/f")}));
}

TEST_F(BuildkitContentTest, SaysNothingWhereTheyMayDisagree) {
  write("f", "x");
  EXPECT_EQ(name_of({copied("/f\\*")}), "");
  EXPECT_EQ(name_of({{.path = "/missing"}}), "");
  EXPECT_EQ(name_of({{.path = "/"}}, CopySource::Kind::frozen), "");
  EXPECT_NE(name_of({{.path = "/"}}), "");
  EXPECT_EQ(name_of({}), "");
}

}  // namespace
}  // namespace ops
