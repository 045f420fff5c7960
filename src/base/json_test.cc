// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace base {
namespace {

TEST(Json, KeepsTheOrderOfMembers) {
  const Json doc = Json::parse(R"({"z":1,"a":[true,null,"x"],"m":{"k":-2.5}})");
  EXPECT_EQ(doc.dump(), R"({"z":1,"a":[true,null,"x"],"m":{"k":-2.5}})");
}

TEST(Json, EscapesAsGoDoes) {
  EXPECT_EQ(Json("a<b>&\"\\\n\x01").dump(), R"("a\u003cb\u003e\u0026\"\\\n\u0001")");
  EXPECT_EQ(Json("\xe2\x80\xa8").dump(), R"("\u2028")");
  EXPECT_EQ(Json("bad \xff byte").dump(), R"("bad \ufffd byte")");
  EXPECT_EQ(Json("h\xc3\xa9").dump(), "\"h\xc3\xa9\"");
}

TEST(Json, ReadsAbsentMembersAsNull) {
  const Json doc = Json::parse(R"({"a":{"b":"c"}})");
  EXPECT_EQ(doc["a"]["b"].string_or(""), "c");
  EXPECT_EQ(doc["x"]["y"].string_or("none"), "none");
  EXPECT_TRUE(doc["x"].is_null());
}

TEST(Json, SetReplacesAndOmitsEmptyValuesWhenAsked) {
  Json doc;
  doc.set("a", 1).set("b", "x").set("a", 2).set_nonempty("c", "").set_nonempty("d", Json::array());
  EXPECT_EQ(doc.dump(), R"({"a":2,"b":"x"})");
}

TEST(Json, IndentsLikeMarshalIndent) {
  EXPECT_EQ(Json::parse(R"({"a":[1],"b":{}})").dump(2), "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
}

TEST(Json, RefusesMalformedText) {
  EXPECT_THROW(Json::parse(std::string_view("[\"a\"]\0[", 7)), Error);
  for (const char* text : {"", "{", "[1,]", "{\"a\":1}x", "\"\xff\"", "nul", "1e999"}) {
    EXPECT_THROW(Json::parse(text), Error) << text;
  }
}

TEST(Json, RefusesDeepNestingWithoutOverflow) {
  EXPECT_THROW(Json::parse(std::string(100000, '[')), Error);
  EXPECT_NO_THROW(Json::parse(std::string(500, '[') + std::string(500, ']')));
}

TEST(Json, WritesFloatsAsGoDoes) {
  EXPECT_EQ(Json(1e21).dump(), "1e+21");
  EXPECT_EQ(Json(1e-7).dump(), "1e-7");
  EXPECT_EQ(Json(0.5).dump(), "0.5");
  EXPECT_EQ(Json(std::int64_t{9007199254740993}).dump(), "9007199254740993");
}

TEST(Json, TypeMismatchThrowsInsteadOfGuessing) {
  EXPECT_THROW(Json("1").as_int(), Error);
  EXPECT_THROW(Json(1).as_string(), Error);
  EXPECT_THROW(Json(1).set("a", 1), Error);
}

}  // namespace
}  // namespace base
