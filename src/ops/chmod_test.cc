// SPDX-License-Identifier: Apache-2.0
#include "ops/chmod.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"

namespace ops {
namespace {

mode_t file(const char* text, mode_t mode) { return ModeChange::parse(text).apply(S_IFREG | mode); }
mode_t directory(const char* text, mode_t mode) { return ModeChange::parse(text).apply(S_IFDIR | mode); }

TEST(ModeChange, OctalReplacesEverything) {
  EXPECT_EQ(file("644", 06755), 0644U);
  EXPECT_EQ(file("04755", 0), 04755U);
  EXPECT_EQ(file("0", 07777), 0U);
}

TEST(ModeChange, AddsTakesAndSets) {
  EXPECT_EQ(file("u+x", 0644), 0744U);
  EXPECT_EQ(file("go-w", 0666), 0644U);
  EXPECT_EQ(file("a=r", 0777), 0444U);
  EXPECT_EQ(file("+x", 0600), 0711U);
  EXPECT_EQ(file("=", 0777), 0U);
  EXPECT_EQ(file("u=rw,g=r,o=", 0777), 0640U);
  EXPECT_EQ(file("u+x-w", 0600), 0500U);
}

TEST(ModeChange, CapitalXIsForDirectoriesAndWhatIsExecutable) {
  EXPECT_EQ(file("a+X", 0644), 0644U);
  EXPECT_EQ(file("a+X", 0744), 0755U);
  EXPECT_EQ(directory("a+X", 0600), 0711U);
  EXPECT_EQ(file("u=rwX,go=rX", 0600), 0644U);
  EXPECT_EQ(file("u=rwX,go=rX", 0700), 0755U);
  EXPECT_EQ(file("a-X", 0755), 0644U);
}

TEST(ModeChange, CopiesAClassToAnother) {
  EXPECT_EQ(file("g=u", 0700), 0770U);
  EXPECT_EQ(file("go=u", 0640), 0666U);
  EXPECT_EQ(file("o+g", 0750), 0755U);
  EXPECT_EQ(file("u-g", 0750), 0250U);
  EXPECT_EQ(file("u=rw,go=u-w", 0777), 0644U);
}

TEST(ModeChange, SetIdAndStickyBits) {
  EXPECT_EQ(file("u+s", 0755), 04755U);
  EXPECT_EQ(file("g+s", 0755), 02755U);
  EXPECT_EQ(file("o+s", 0755), 0755U);
  EXPECT_EQ(directory("+t", 0777), 01777U);
  EXPECT_EQ(file("u=rwx", 06755), 02755U);
  EXPECT_EQ(directory("a=rwx", 01755), 01777U);
}

TEST(ModeChange, RefusesWhatIsNoMode) {
  for (const char* text : {"", "8", "77777", "u", "u+q", "rwx", "u+x,", ",u+x", "u+x g-w", "x+r", "-1"}) {
    EXPECT_THROW(ModeChange::parse(text), base::Error) << text;
  }
}

}  // namespace
}  // namespace ops
