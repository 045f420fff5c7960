// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/ignore_file.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dockerfile {
namespace {

TEST(IgnoreFile, CleansPatterns) {
  EXPECT_EQ(read_ignore_file("\xef\xbb\xbf/a/b/\n\n  # kept\n#gone\r\n \t c/../d \r\n! /e\n!\n/\n"),
            (std::vector<std::string>{"a/b", "# kept", "d", "!e", "!", "/"}));
}

TEST(IgnoreFile, MayBeEmpty) { EXPECT_TRUE(read_ignore_file("").empty()); }

TEST(IgnoreFile, RefusesOverlongLines) { EXPECT_THROW(read_ignore_file("a\n" + std::string(70000, 'x')), base::Error); }

}  // namespace
}  // namespace dockerfile
