// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/go_values.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dockerfile {
namespace {

std::string duration_failure(std::string_view text) {
  try {
    parse_duration(text);
  } catch (const base::Error& error) {
    return error.text();
  }
  return "";
}

TEST(GoValues, ReadBooleans) {
  EXPECT_EQ(parse_bool("T"), true);
  EXPECT_EQ(parse_bool("False"), false);
  EXPECT_EQ(parse_bool("yes"), std::nullopt);
  EXPECT_EQ(parse_bool(""), std::nullopt);
}

TEST(GoValues, ReadUnsignedNumbersWithoutSigns) {
  EXPECT_EQ(parse_uint32("0755", 8), 0755u);
  EXPECT_EQ(parse_uint32("4294967295", 10), 4294967295u);
  for (const char* bad : {"", "4294967296", "-1", "+1", "9x", " 1"}) {
    EXPECT_EQ(parse_uint32(bad, 10), std::nullopt) << bad;
  }
}

TEST(GoValues, ReadDurations) {
  EXPECT_EQ(parse_duration("1h2m3.5s"), 3723500000000);
  EXPECT_EQ(parse_duration("-1.5ms"), -1500000);
  EXPECT_EQ(parse_duration("0"), 0);
  EXPECT_EQ(parse_duration(".5us"), 500);
  EXPECT_EQ(parse_duration("-9223372036854775808ns"), INT64_MIN);
}

TEST(GoValues, NameWhatIsWrongWithADuration) {
  EXPECT_EQ(duration_failure(""), "time: invalid duration \"\"");
  EXPECT_EQ(duration_failure("bad"), "time: invalid duration \"bad\"");
  EXPECT_EQ(duration_failure("5"), "time: missing unit in duration \"5\"");
  EXPECT_EQ(duration_failure("5d"), "time: unknown unit \"d\" in duration \"5d\"");
  EXPECT_EQ(duration_failure("5\xc2\xb5"), "time: unknown unit \"\\xc2\\xb5\" in duration \"5\\xc2\\xb5\"");
  EXPECT_EQ(duration_failure("."), "time: invalid duration \".\"");
  EXPECT_NE(duration_failure("9223372036854775808ns"), "");
  EXPECT_NE(duration_failure("99999999999999999999s"), "");
}

TEST(GoValues, ReadRamSizes) {
  EXPECT_EQ(parse_ram_size("64m"), 64 << 20);
  EXPECT_EQ(parse_ram_size("1.5 GiB"), 1610612736);
  EXPECT_EQ(parse_ram_size("512"), 512);
  EXPECT_EQ(parse_ram_size("3b"), 3);
  for (const char* bad : {"", "m", "-1k", "1x", "1kx", "1kibx", "1 2 m", "x1"}) {
    EXPECT_EQ(parse_ram_size(bad), std::nullopt) << bad;
  }
}

TEST(GoValues, SplitCsvWithQuotes) {
  EXPECT_EQ(parse_csv("a,\"b,\"\"c\"\"\",,d\n"), (std::vector<std::string>{"a", "b,\"c\"", "", "d"}));
  for (const char* bad : {"", "\n", "a\"b", "\"a", "\"a\"b", "x,\""}) EXPECT_THROW(parse_csv(bad), base::Error) << bad;
}

}  // namespace
}  // namespace dockerfile
