// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/git_ref.h"

#include <gtest/gtest.h>

namespace dockerfile {
namespace {

GitRef ref_of(std::string_view text) {
  const auto result = parse_git_ref(text);
  EXPECT_TRUE(result.is_git) << text;
  EXPECT_TRUE(result.ref) << text << ": " << (result.error ? result.error->text() : "");
  return result.ref.value_or(GitRef());
}

std::string failure(std::string_view text) {
  const auto result = parse_git_ref(text);
  return result.error ? result.error->text() : "";
}

TEST(GitRef, ReadsAllForms) {
  const GitRef web = ref_of("https://u:p@git.test/org/app.git#v1:/sub/../dir/");
  EXPECT_EQ(web.remote, "https://u:p@git.test/org/app.git");
  EXPECT_EQ(web.short_name, "app");
  EXPECT_EQ(web.ref, "v1");
  EXPECT_EQ(web.subdir, "dir");
  EXPECT_EQ(ref_of("git@git.test:org/app.git?ref=x#").remote, "git@git.test:org/app.git");
  EXPECT_TRUE(ref_of("git://git.test/app").unencrypted_tcp);
  EXPECT_EQ(ref_of("ssh://git@git.test:22/app").short_name, "app");
  const GitRef short_form = ref_of("github.com/org/app#main");
  EXPECT_TRUE(short_form.indistinguishable_from_local);
  EXPECT_EQ(short_form.remote, "github.com/org/app");
}

TEST(GitRef, ReadsQueries) {
  const GitRef ref = ref_of(
      "https://git.test/a.git?tag=v1&subdir=s&commit=abc&keep-git-dir&submodules=false&mtime=commit&fetch-by-commit=1");
  EXPECT_EQ(ref.ref, "refs/tags/v1");
  EXPECT_EQ(ref.subdir, "s");
  EXPECT_EQ(ref.checksum, "abc");
  EXPECT_EQ(ref.keep_git_dir, true);
  EXPECT_EQ(ref.submodules, false);
  EXPECT_EQ(ref.mtime, "commit");
  EXPECT_TRUE(ref.fetch_by_commit);
  EXPECT_EQ(ref_of("https://git.test/a.git?branch=refs/heads/b").ref, "refs/heads/b");
}

TEST(GitRef, TellsOtherTextsFromWrongReferences) {
  for (const char* text :
       {"https://git.test/a", "./a.git", "a", "git.test/a.git", "git@git.test/a", "ftp://x/a.git", ""}) {
    EXPECT_FALSE(parse_git_ref(text).is_git) << text;
    EXPECT_NE(failure(text), "") << text;
  }
  EXPECT_TRUE(parse_git_ref("https://git.test/a.git?bogus=1").is_git);
}

TEST(GitRef, SaysWhatIsWrong) {
  EXPECT_EQ(failure("https://g/a.git?bogus=1"), "unexpected query \"bogus\"");
  EXPECT_EQ(failure("https://g/a.git?ref="), "query \"ref\" has no value");
  EXPECT_EQ(failure("https://g/a.git?ref=a&ref=b"), "query \"ref\" has multiple values");
  EXPECT_EQ(failure("https://g/a.git?ref=a#b"), "ref conflicts: \"b\" vs \"a\"");
  EXPECT_EQ(failure("https://g/a.git?tag=a&branch=b"), "branch conflicts with tag");
  EXPECT_EQ(failure("https://g/a.git?mtime=x"), "invalid mtime value: \"x\" (must be \"checkout\" or \"commit\")");
  EXPECT_EQ(failure("https://g/a.git?submodules=x"), "invalid submodules value: \"x\"");
  EXPECT_EQ(failure("ftp://g/a.git"), "ftp: invalid protocol");
}

TEST(GitRef, WritesTheFragmentForm) {
  EXPECT_EQ(git_fragment_form("https://g/a.git?ref=v1&subdir=/s", WithSubdir::yes), "https://g/a.git#v1:s");
  EXPECT_EQ(git_fragment_form("https://g/a.git?ref=v1&subdir=/s", WithSubdir::no), "https://g/a.git#v1");
  EXPECT_EQ(git_fragment_form("local", WithSubdir::yes), std::nullopt);
}

TEST(GitRef, KnowsTransportsAndCommits) {
  EXPECT_TRUE(is_git_transport("ssh://g/a"));
  EXPECT_TRUE(is_git_transport("me@g:a"));
  EXPECT_FALSE(is_git_transport("ftp://g/a"));
  EXPECT_TRUE(is_commit_sha(std::string(40, 'a')));
  EXPECT_FALSE(is_commit_sha(std::string(40, 'A')));
  EXPECT_FALSE(is_commit_sha("abc"));
}

}  // namespace
}  // namespace dockerfile
