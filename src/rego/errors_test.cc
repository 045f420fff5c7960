// SPDX-License-Identifier: Apache-2.0
// What is no policy, said with its place; and what must not take a machine down.
#include <gtest/gtest.h>

#include "base/error.h"
#include "rego/program.h"

namespace {

using rego::Value;

std::string fault_of(const std::string& text) {
  try {
    rego::Program::compile({{"p.rego", text}}, {});
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::invalid_argument);
    return error.text();
  }
}

TEST(RegoErrors, SayFileLineAndColumn) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "p.rego:1:1: the text ends where 'package' is wanted"},
      {"package a\nx := ", "p.rego:2:6: the text ends where a term is wanted"},
      {"package a\n\nallow {\n  true\n}", "p.rego:3:7: 'if' is missing in front of the rule's body"},
      {"package a\nx := 1 y := 2", "p.rego:2:8: 'y' stands where a new line is wanted"},
      {"package a\nx := \"abc", "p.rego:2:6: the string does not end on its line"},
      {"package a\nx := `abc", "p.rego:2:6: the raw string does not end"},
      {"package a\nx := \"\\q\"", "p.rego:2:6: the string has an escape that is not known"},
      {"package a\nx := 01", "p.rego:2:6: a number must not start with 0"},
      {"package a\nx := @", "p.rego:2:6: '@' has no meaning here"},
      {"package a\nx := $\"{input\"", "p.rego:2:14: the string does not end on its line"},
      {"package a\nx := $\"{1} ", "p.rego:2:6: the template does not end"},
      {"package a\nx := $`{1 2}`", "where '}$' after an expression is wanted"},
      {"package a\nx := $\"{}\"", "'}$' stands where a term is wanted"},
      {"package a\nx if {}", "p.rego:2:7: a body must not be empty"},
      {"package a\nx if { a := 1 b := 2 }", "where a new line or ';' is wanted"},
      {"package a\nx", "'x' alone is no rule"},
      {"package a\nx if true; y", "p.rego:2:12: 'y' alone is no rule"},
      {"package a\nx := 1 with input as 2", "p.rego:2:8: 'with' stands where a new line is wanted"},
      {"package a\ndefault x := input.y", "a default must be a value"},
      {"package a\nx := 1 if true else { false }", "'if' is missing"},
      {"package a\nimport foo.bar", "p.rego:2:1: an import begins with data or input"},
      {"package a\nimport data.nowhere", "p.rego:2:1: nothing defines data.nowhere, and there is no nowhere.rego"},
      {"package a\nx if not some y in [1]", "'not some' has no meaning"},
      {"package a\nx := nope(1)", "p.rego:2:6: the function nope is not known here"},
      {"package a\nx := http.send({})", "the function http.send is not known here"},
      {"package a\nx := opa.runtime()", "the function opa.runtime is not known here"},
      {"package a\nx := count()", "count takes 1 argument, not 0"},
      {"package a\nx := startswith(1, \"a\")", "startswith does not take a number as argument 1"},
      {"package a\nx := y", "p.rego:2:6: nothing gives variable y a value"},
      {"package a\nx if { y > 1 }", "nothing gives variable y a value"},
      {"package a\nx if not input.l[i] == 1", "nothing gives variable i a value"},
      {"package a\nx if not input.l[_] == 1", "a wildcard that is negated"},
      {"package a\nx if { y := z; z := y }", "is used before it is declared"},
      {"package a\nx if { y := 1; y := 2 }", "p.rego:2:16: y is declared twice"},
      {"package a\nx if { some y; some y; y = 1 }", "y is declared twice"},
      {"package a\nx if y\ny if x", "the rule needs its own value: data.a."},
      {"package a\nx := data.a", "the rule needs its own value: data.a.x"},
      {"package a\nf(n) := f(n - 1)\nx := f(1)", "the rule needs its own value: data.a.f needs data.a.f"},
      {"package a\nx if true with nope as 1", "'with' cannot replace nope"},
      {"package a\nx if true with data as {}", "'with' cannot replace the whole of data"},
  };
  for (const auto& [text, fault] : rows) {
    const std::string got = fault_of(text);
    EXPECT_NE(got.find(fault), got.npos) << text << "\ngot " << got << "\nwant " << fault;
  }
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

TEST(RegoLimits, DeepTextIsRefused) {
  for (const char* open : {"[", "{", "(", "{1:", "[1|", "f(", "$\"{"}) {
    EXPECT_NE(fault_of("package a\nx := " + repeated(open, 5000)).find("nested deeper"), std::string::npos) << open;
  }
  EXPECT_NE(fault_of("package a\nx := a" + repeated(".a", 5000)).find("too many keys"), std::string::npos);
}

/// What ends the evaluation of x.
std::string end_of(const std::string& text) {
  const auto program = rego::Program::compile({{"p.rego", "package a\n" + text}}, {});
  try {
    rego::evaluate(*program, {}, {"a", "x"});
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::resource_exhausted) << error.text();
    return error.text();
  }
}

TEST(RegoLimits, WorkAndSizeHaveAnEnd) {
  const std::pair<std::string, const char*> rows[] = {
      {"x := count([1 | numbers.range(1, 3000)[_]; numbers.range(1, 3000)[_]])\n", "too much work"},
      {"x := numbers.range(1, 9000000000000)\n", "too much work"},
      {"x := [concat(\"\", [y, y, y, y]) | some y in [\"" + repeated("a", 1000) + "\"]]\n", ""},
      {"x := v40\nv0 := [1]\n" +
           [] {
             std::string text;
             for (int i = 1; i <= 40; ++i) text += base::format("v{} := [v{}, v{}]\n", i, i - 1, i - 1);
             return text;
           }(),
       "a value becomes too large"},
      {"x := v500\nv0 := 1\n" +
           [] {
             std::string text;
             for (int i = 1; i <= 500; ++i) text += base::format("v{} := v{}\n", i, i - 1);
             return text;
           }(),
       "deep"},
      {"x := v300\nv0 := 1\n" +
           [] {
             std::string text;
             for (int i = 1; i <= 300; ++i) text += base::format("v{} := [v{}]\n", i, i - 1);
             return text;
           }(),
       "deep"},
      {"x := v30\nv0 := \"aaaaaaaa\"\n" +
           [] {
             std::string text;
             for (int i = 1; i <= 30; ++i) text += base::format("v{} := concat(\"\", [v{}, v{}])\n", i, i - 1, i - 1);
             return text;
           }(),
       "a text becomes too long"},
      {"x := replace(a, \"a\", a) if a := concat(\"\", [\"a\" | numbers.range(1, 20000)[_]])\n", "too much work"},
      {"x := regex.replace(a, \"a\", a) if a := concat(\"\", [\"a\" | numbers.range(1, 20000)[_]])\n", "too much work"},
      {"x := sprintf(\"%1000d%1000d\", [1, 2])\n", ""},
  };
  for (const auto& [text, end] : rows) {
    const std::string got = end_of(text);
    EXPECT_NE(got.find(end), got.npos) << text.substr(0, 100) << "\ngot " << got << "\nwant " << end;
    EXPECT_EQ(got.empty(), std::string_view(end).empty()) << text.substr(0, 100) << "\n" << got;
  }
}

TEST(RegoUnknowns, AreReadOnlyWhereTheyMatter) {
  Value::Object image;
  image.emplace(Value("ref"), Value("a"));
  image.emplace(Value("labels"), Value::unknown("image.labels"));
  image.emplace(Value("user"), Value::unknown("image.user"));
  Value::Object input;
  input.emplace(Value("image"), Value(image));
  const auto read_by = [&](const std::string& text) -> std::string {
    const auto program = rego::Program::compile({{"p.rego", "package a\n" + text + "\n"}}, {});
    try {
      const auto value = rego::evaluate(*program, {.input = Value(input)}, {"a", "x"});
      return "= " + (value ? value->text() : "undefined");
    } catch (const rego::UnknownRead& unknown) {
      return unknown.path;
    }
  };
  EXPECT_EQ(read_by("x := input.image.ref"), "= \"a\"");
  EXPECT_EQ(read_by("x if input.image"), "= true");
  EXPECT_EQ(read_by("f(i) := i.ref\nx := f(input.image)"), "= \"a\"");
  EXPECT_EQ(read_by("f(i) if i.user == \"\"\nx if f(input.image)"), "image.user");
  EXPECT_EQ(read_by("x if not input.image.labels.team"), "image.labels");
  EXPECT_EQ(read_by("x := object.get(input.image, \"ref\", 1)"), "= \"a\"");
  EXPECT_EQ(read_by("x := object.get(input.image, [\"labels\", \"a\"], 1)"), "image.labels");
  EXPECT_EQ(read_by("x := [k | input.image[k]]"), "image.labels");
  EXPECT_EQ(read_by("x := json.marshal(input)"), "image.labels");
  EXPECT_EQ(read_by("x if input.image == {}"), "= undefined");
  EXPECT_EQ(read_by("x if input.image == input.image"), "= true");
  EXPECT_EQ(read_by("x := input.image"), "image.labels");
  EXPECT_EQ(read_by("x if input.image.labels.a == 1 with input.image.labels as {\"a\": 1}"), "= true");
}

TEST(RegoValues, HaveOneOrder) {
  const auto value = [](const char* text) { return Value::of_json(base::Json::parse(text)); };
  const char* kRising[] = {"null", "false", "true",  "-1",  "1",  "1.5",       "\"\"",      "\"a\"",
                           "[]",   "[1]",   "[1,2]", "[2]", "{}", "{\"a\":1}", "{\"a\":2}", "{\"b\":0}"};
  for (std::size_t i = 1; i < std::size(kRising); ++i) {
    EXPECT_LT(value(kRising[i - 1]), value(kRising[i])) << kRising[i];
  }
  EXPECT_EQ(value("1"), value("1.0"));
  EXPECT_EQ(value("9007199254740993") == value("9007199254740992.0"), false);
  EXPECT_LT(Value(Value::Object{}), Value(Value::Set{}));
}

}  // namespace
