// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/json_form.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dockerfile {
namespace {

using Strings = std::vector<std::string>;

TEST(JsonForm, ReadsArraysOfStrings) {
  EXPECT_EQ(parse_json_form(" [ \"a\" , \"b c\" ] \t"), (Strings{"a", "b c"}));
  EXPECT_EQ(parse_json_form("[]"), Strings{});
  EXPECT_EQ(parse_json_form(R"(["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude80"])"),
            (Strings{"\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x9a\x80"}));
}

TEST(JsonForm, ReplacesHalfPairsAndBadBytes) {
  EXPECT_EQ(parse_json_form(R"(["\ud83dx\ud83d\u0041"])"), (Strings{"\xef\xbf\xbdx\xef\xbf\xbd"
                                                                    "A"}));
  EXPECT_EQ(parse_json_form("[\"\xff\"]"), (Strings{"\xef\xbf\xbd"}));
}

TEST(JsonForm, IsNothingForWhatIsNoJsonArray) {
  for (const char* text : {"", "a", "[\"a\"", "[\"a\",]", "['a']", "[\"a\"] b", "[\"a\tb\"]", "[\"\\x\"]", "[01]",
                           "[1.]", "[1e999]", "[nul]", "[-]", "[\"\\u12\"]", "{\"a\":1}", "[{\"a\"}]"}) {
    EXPECT_EQ(parse_json_form(text), std::nullopt) << text;
  }
}

TEST(JsonForm, RefusesOtherElements) {
  for (const char* text : {"[1]", "[\"a\", null]", "[[\"a\"]]", "[{\"k\": [true, -1.5e3, {}]}]", "[false]"}) {
    EXPECT_THROW(parse_json_form(text), base::Error) << text;
  }
}

TEST(JsonForm, DoesNotFollowEndlessNesting) { EXPECT_EQ(parse_json_form(std::string(1000000, '[')), std::nullopt); }

}  // namespace
}  // namespace dockerfile
