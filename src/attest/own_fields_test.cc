// SPDX-License-Identifier: Apache-2.0
#include "attest/own_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace attest {
namespace {

using ::testing::HasSubstr;

class OwnFieldsTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    base::write_file_atomic(room_.path() + "/" + name, text);
  }
  std::string wrong() const {
    try {
      read_own_fields(room_.path());
      return "";
    } catch (const base::Error& error) {
      return error.text();
    }
  }
  base::TemporaryDirectory room_;
};

TEST_F(OwnFieldsTest, AreThoseOfAllFilesInOrder) {
  write("20-site.json", R"({"site": "north", "rack": {"row": 2}})");
  write("10-all.json", R"({"site": "unknown", "owner": "build team"})");
  write("README", "not read");
  EXPECT_EQ(read_own_fields(room_.path()).dump(), R"({"site":"north","owner":"build team","rack":{"row":2}})");
}

TEST_F(OwnFieldsTest, AreNoneWithoutTheDirectory) {
  EXPECT_EQ(read_own_fields(room_.path() + "/none").dump(), "{}");
  EXPECT_EQ(read_own_fields(room_.path()).dump(), "{}");
}

TEST_F(OwnFieldsTest, WhatIsWrongIsNamedWithItsFile) {
  write("a.json", "[1]");
  EXPECT_THAT(wrong(), HasSubstr("/a.json: it is no JSON object"));
  write("a.json", "{");
  EXPECT_THAT(wrong(), HasSubstr("/a.json"));
  ASSERT_EQ(::unlink((room_.path() + "/a.json").c_str()), 0);
  ASSERT_EQ(::mkfifo((room_.path() + "/a.json").c_str(), 0600), 0);
  EXPECT_THAT(wrong(), HasSubstr("/a.json: it is no regular file"));
  ASSERT_EQ(::unlink((room_.path() + "/a.json").c_str()), 0);
  write("a.json", R"({"slipway_lock": "sha256:00"})");
  EXPECT_THAT(wrong(), HasSubstr("/a.json: the builder itself states slipway_lock"));
}

}  // namespace
}  // namespace attest
