// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rego/program.h"

TEST(Rego, Starts) {
  const auto program = rego::Program::compile({{"p.rego", "package a\nx := [y | some y in input.l; y > 1]\n"}}, {});
  const auto value =
      rego::evaluate(*program, {.input = rego::Value::of_json(base::Json::parse("{\"l\":[1,2,3]}"))}, {"a", "x"});
  ASSERT_TRUE(value);
  EXPECT_EQ(value->text(), "[2, 3]");
}
