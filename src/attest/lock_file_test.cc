// SPDX-License-Identifier: Apache-2.0
#include "attest/lock_file.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace attest {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kOther = "sha256:" + std::string(64, 'b');
const std::string kWhen = "2026-11-28T10:00:00Z";

LockFile some() {
  return {{{"image", "docker.io/library/b:1", "linux/amd64", kDigest, kWhen},
           {"git", "https://example.org/x.git#v1", "", std::string(40, 'c'), kWhen},
           {"image", "docker.io/library/a:1", "linux/arm64", kDigest, kWhen}}};
}

TEST(LockFile, IsSortedAndReadsItself) {
  const std::string text = format_lock(some());
  EXPECT_LT(text.find("git "), text.find("a:1"));
  EXPECT_LT(text.find("a:1"), text.find("b:1"));
  EXPECT_EQ(format_lock(parse_lock(text, "x")), text);
  EXPECT_EQ(parse_lock(text, "x").entries.size(), 3U);
}

TEST(LockFile, RefusesWhatItCannotReadWithTheLine) {
  const auto failure = [](const std::string& entry) {
    try {
      parse_lock("version 1\n" + entry + "\n", "Dockerfile.lock");
    } catch (const base::Error& error) {
      return error.text();
    }
    return std::string();
  };
  EXPECT_EQ(failure("image a linux/amd64 sha256:12 " + kWhen), "Dockerfile.lock:2: \"sha256:12\" is no digest");
  EXPECT_EQ(failure("git a - " + kDigest + " " + kWhen), "Dockerfile.lock:2: \"" + kDigest + "\" is no commit");
  EXPECT_EQ(failure("rpm a - " + kDigest + " " + kWhen), "Dockerfile.lock:2: unknown kind \"rpm\"");
  EXPECT_EQ(failure("image a - " + kDigest + " " + kWhen),
            "Dockerfile.lock:2: images have a platform, other sources none");
  EXPECT_EQ(failure("<<<<<<< HEAD"), "Dockerfile.lock:2: an entry has five fields: kind, name, platform, pin, since");
  EXPECT_EQ(failure("http a - " + kDigest + " yesterday"), "Dockerfile.lock:2: \"yesterday\" is no time");
  const std::string twice = "http a - " + kDigest + " " + kWhen + "\nhttp a - " + kOther + " " + kWhen;
  EXPECT_EQ(failure(twice), "Dockerfile.lock:3: a second entry for http a");
  EXPECT_THROW(parse_lock("image a b c d\n", "x"), base::Error);
  EXPECT_THROW(parse_lock("version 2\n", "x"), base::Error);
}

TEST(LockFile, ComparesAndKeepsTheDatesOfWhatStayed) {
  std::vector<LockEntry> found = some().entries;
  for (auto& entry : found) entry.since = "2027-01-01T00:00:00Z";
  found[0].pin = kOther;
  found.pop_back();
  found.push_back({"http", "https://example.org/f", "", kDigest, "2027-01-01T00:00:00Z"});
  const LockFile now = merge_locks(some(), found);
  for (const auto& entry : now.entries) EXPECT_EQ(entry.since == kWhen, entry.kind == "git") << entry.name;
  const auto changes = compare_locks(some(), now);
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].entry.kind, "http");
  EXPECT_EQ(changes[0].before, "");
  EXPECT_EQ(changes[1].before + changes[1].entry.pin, kDigest + kOther);
  EXPECT_EQ(changes[2].entry.pin, "");
  EXPECT_TRUE(compare_locks(now, now).empty());
}

}  // namespace
}  // namespace attest
