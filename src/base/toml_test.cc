// SPDX-License-Identifier: Apache-2.0
#include "base/toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace base {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string failure(std::string_view text) {
  try {
    Toml::parse(text, "f.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid_argument);
    return error.text();
  }
  return "taken";
}

TEST(Toml, IsRead) {
  const auto document = Toml::parse("a = 1\n[b]\nc = ['x', true]\n\nd.e = 0x10\nf = 1.5\n", "f.toml");
  ASSERT_TRUE(document.find("a")->number());
  EXPECT_EQ(*document.find("a")->number(), 1);
  EXPECT_EQ(document.find("b")->line(), 2U);
  const Toml* list = document.find("b")->find("c");
  ASSERT_TRUE(list && list->array());
  EXPECT_EQ(list->line(), 3U);
  EXPECT_EQ(*list->array()->at(0).text(), "x");
  EXPECT_TRUE(*list->array()->at(1).flag());
  EXPECT_EQ(*document.find("b")->find("d")->find("e")->number(), 16);
  EXPECT_EQ(document.find("b")->find("d")->line(), 5U);
  const Toml* fraction = document.find("b")->find("f");
  EXPECT_FALSE(fraction->number() || fraction->text() || fraction->flag() || fraction->array() || fraction->table());
}

TEST(Toml, FindsNothingWhereThereIsNothing) {
  const auto document = Toml::parse("a = 1\n", "f.toml");
  EXPECT_EQ(document.find("b"), nullptr);
  EXPECT_EQ(document.find("a")->find("b"), nullptr);
  EXPECT_TRUE(Toml::parse("", "f.toml").table()->empty());
}

TEST(Toml, SaysWhereItIsWrong) {
  EXPECT_THAT(failure("[a]\nb = \n"), StartsWith("f.toml:2: Error while parsing"));
  EXPECT_THAT(failure("a = \"\xff\"\n"), StartsWith("f.toml:1: "));
}

// What toml++ itself ends the program at.
TEST(Toml, IsNoTomlWhereTheLibraryIsSurprised) {
  for (const char* header : {"[.0\"", "[.", "[.a]", "[ .a]", "[[.a]]", "[=]", "[#]", "[\n"}) {
    EXPECT_THAT(failure(header), StartsWith("f.toml:1: ")) << header;
    EXPECT_THAT(failure(std::string("a = [\n  1,\n]\n# b\n") + header + "\nc = 1\n[d]\n"), StartsWith("f.toml:5: "))
        << header;
  }
}

// Its table of white space has holes, at which its behaviour is undefined.
TEST(Toml, MayHoldAnyLetter) {
  for (const char* letter : {"\u00a0", "\u00b0", "\u00e9", "\u3042", "\u2100", "\u1690", "\ufefe", "\U0001f600"}) {
    const std::string text = letter;
    EXPECT_THAT(failure("a = 1\n" + text + " = 1\n"), StartsWith("f.toml:2: ")) << text;
    EXPECT_THAT(failure("a = 1\n[" + text + "]\n"), StartsWith("f.toml:2: ")) << text;
    EXPECT_EQ(*Toml::parse("a = '" + text + "' # " + text + "\n", "f.toml").find("a")->text(), text);
  }
}

TEST(Toml, IsNotDeepEnoughToExhaustTheStack) {
  std::string key = "a";
  for (int i = 0; i < 100; ++i) key += ".a";
  EXPECT_EQ(failure(key + " = 1\n"), "taken");
  const auto nested = [&](int levels) {
    std::string value = "1";
    for (int i = 0; i < levels; ++i) value = "[\n{" + key + " = " + value + "}]";
    return key + " = " + value;
  };
  EXPECT_EQ(failure(nested(10)), "taken");
  EXPECT_THAT(failure(nested(100)), HasSubstr("exceeded maximum nested value depth"));
  for (int i = 0; i < 11; ++i) key += "." + key;  // long beyond any stack
  EXPECT_THAT(failure("\n" + key + " = 1\n"),
              StartsWith("f.toml:2: more than 128 words with dots between in one line"));
  EXPECT_EQ(failure("# " + std::string(1000, '.') + "\na = '" + std::string(1000, '.') + "'\n"), "taken");
}

}  // namespace
}  // namespace base
