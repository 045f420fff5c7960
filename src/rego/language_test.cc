// SPDX-License-Identifier: Apache-2.0
// What programs are worth. Each row is a module of package t; its rule x is asked. The evaluator was held against the
// answers that OPA recorded for its own two thousand conformance programs; these rows keep what was learned.
#include <gtest/gtest.h>

#include "base/error.h"
#include "rego/program.h"

namespace {

using rego::Value;

constexpr const char* kInput = R"({
  "image": {"repo": "library/alpine", "tag": "3.20", "labels": {"team": "one", "stage": "dev"}},
  "ports": [80, 443, 8080], "users": [{"name": "ann", "admin": true}, {"name": "bob", "admin": false}],
  "empty": [], "no": false, "none": null, "n": 7
})";

std::string answer_of(const std::string& text) {
  try {
    const auto program = rego::Program::compile({{"t.rego", "package t\n" + text + "\n"}}, {});
    const auto value = rego::evaluate(
        *program, {.input = Value::of_json(base::Json::parse(kInput)), .now = 1'700'000'000'000'000'000}, {"t", "x"});
    return value ? value->text() : "undefined";
  } catch (const base::Error& error) {
    return "error: " + error.text();
  }
}

struct Row {
  const char* program;
  const char* answer;
};

void expect_rows(std::initializer_list<Row> rows) {
  for (const auto& row : rows) EXPECT_EQ(answer_of(row.program), row.answer) << row.program;
}

void expect_errors(std::initializer_list<Row> rows) {
  for (const auto& row : rows) {
    const std::string answer = answer_of(row.program);
    EXPECT_TRUE(answer.starts_with("error: ") && answer.find(row.answer) != answer.npos)
        << row.program << "\ngot " << answer << "\nwant " << row.answer;
  }
}

TEST(Rego, ACompleteRuleHasTheOneValueOfItsBodies) {
  expect_rows({
      {"x := 1", "1"},
      {"x = 1 if true", "1"},
      {"x if input.n == 7", "true"},
      {"x if input.n == 8", "undefined"},
      {"x if input.no", "undefined"},
      {"x if input.none == null", "true"},
      {"x if input.missing", "undefined"},
      {"default x := 5\nx := 6 if input.n > 7", "5"},
      {"default x := 5\nx := 6 if input.n > 6", "6"},
      {"x := p if { p := input.ports[_]; p > 5000 }", "8080"},
      {"x := 1 if true\nx := 1 if input.n", "1"},
      {"x := y if { y := input.n; y < 10 }", "7"},
  });
  expect_errors({
      {"x := 1\nx := 2", "t.rego:3: data.t.x has two values: 1 and 2"},
      {"x := p if p := input.ports[_]", "data.t.x has two values"},
  });
}

TEST(Rego, ElseIsTriedWhereNothingBeforeItHolds) {
  constexpr const char* kGrade = "x := \"high\" if input.n > 10\nelse := \"middle\" if input.n > 5\nelse := \"low\"";
  expect_rows({
      {kGrade, "\"middle\""},
      {"x if { input.n > 10 } else := 0 if { input.n > 20 } else if input.n > 6", "true"},
      {"f(a) := 1 if a > 1 else := 2 if a > 0 else := 3\nx := [f(2), f(1), f(0)]", "[1, 2, 3]"},
  });
}

TEST(Rego, SetsAndObjectsGrowByTheirRules) {
  expect_rows({
      {"x contains p if { some p in input.ports; p < 1000 }", "{80, 443}"},
      {"x contains 1\nx contains 2 if true\nx contains 3 if false", "{1, 2}"},
      {"s contains 1 if false\nx := s", "set()"},
      {"x[name] := u.admin if { some u in input.users; name := u.name }", R"({"ann": true, "bob": false})"},
      {"x[u.name] if { some u in input.users; u.admin }", R"({"ann": true})"},
      {"x.a := 1\nx.b := 2 if false\nx.c.d := 3", R"({"a": 1, "c": {"d": 3}})"},
      {"x[a][b] := a + b if { some a in [1, 2]; some b in [10, 20] }", R"({1: {10: 11, 20: 21}, 2: {10: 12, 20: 22}})"},
      {"x[a] contains b if { some a, b in input.ports; a > 0 }", R"({1: {443}, 2: {8080}})"},
      {"o.a := 1\no[k] := v if some k, v in {\"b\": 2}\nx := o", R"({"a": 1, "b": 2})"},
  });
  expect_errors({
      {"x[1] := v if some v in [1, 2]", "has two values"},
      {"x := 1\nx contains 2", "is a set here and a single value elsewhere"},
      {"x.a := 1\nx := 2", "rules or packages below it"},
  });
}

TEST(Rego, FunctionsTakePatterns) {
  expect_rows({
      {"double(n) := n * 2\nx := double(double(3))", "12"},
      {"first([a, _]) := a\nx := first([5, 6])", "5"},
      {"kind(\"a\") := 1\nkind(\"b\") := 2\nx := [kind(\"b\"), kind(\"a\")]", "[2, 1]"},
      {"kind(\"a\") := 1\nx := kind(\"c\")", "undefined"},
      {"big(n) if n > 5\nx := [n | some n in [3, 6, 9]; big(n)]", "[6, 9]"},
      {"default f(_) := 0\nf(n) := n if n > 5\nx := [f(1), f(6)]", "[0, 6]"},
      {"name_of({\"name\": n, \"admin\": _}) := n\nx := [name_of(u) | some u in input.users]", R"(["ann", "bob"])"},
      {"twice(n) := r if { plus(n, n, r) }\nx := twice(4)", "8"},
  });
  expect_errors({
      {"f(a) := 1\nf(a) := 2\nx := f(0)", "has two values"},
      {"f(a) := a\nf(a, b) := b\nx := 1", "takes 2 arguments here and 1 elsewhere"},
      {"f(a) := a\nx := f(1, 2)", "f takes 1 argument, not 2"},
      {"f(a) := a\nx := f", "is a function: its arguments are missing"},
  });
}

TEST(Rego, VariablesAreFoundByTryingEverything) {
  expect_rows({
      {"x := [i | input.ports[i] == 443]", "[1]"},
      {"x := {l | input.image.labels[l]}", R"({"stage", "team"})"},
      {"x := [[i, j] | input.ports[i] > 100; input.users[j].admin]", "[[1, 0], [2, 0]]"},
      {"x := {k: v | some k, v in input.image.labels}", R"({"stage": "dev", "team": "one"})"},
      {"x if { some i; input.users[i].name == \"bob\"; not input.users[i].admin }", "true"},
      {"x := n if { [n, 2] = [1, 2] }", "1"},
      {"x := n if { {\"a\": n, \"b\": _} = {\"a\": 1, \"b\": 3} }", "1"},
      {"x := [a, b] if { [a, 1] = [2, b] }", "[2, 1]"},
      {"x := y if { y > 5; y = input.n }", "7"},
      {"x := [y | some y in input.ports; z := y * 2; z > 1000]", "[8080]"},
      {"x := count([1 | input.ports[_]])", "3"},
      {"x := {[1, v] | {[1, 2], [3, 4]}[[1, v]]}", "{[1, 2]}"},
      {"x := p if { p := {\"a\": {\"b\": 5}}.a.b }", "5"},
      {"x := [9, 8, 7][1]", "8"},
      {"x if \"alpine\" in split(input.image.repo, \"/\")", "true"},
      {"x := 5 in input.ports", "false"},
      {"x if 1, 443 in input.ports", "true"},
  });
}

TEST(Rego, NothingThatIsUndefinedIsTrue) {
  expect_rows({
      {"x if not input.missing", "true"},
      {"x if not input.no", "true"},
      {"x if not input.n", "undefined"},
      {"x if not false", "true"},
      {"x := [1 | input.missing]", "[]"},
      {"x if input.missing == input.missing", "undefined"},
      {"x if input.missing != 1", "undefined"},
      {"x := [input.missing]", "undefined"},
      {"x := count(input.missing)", "undefined"},
      {"x if startswith(input.n, \"7\")", "undefined"},
      {"x if not startswith(input.n, \"7\")", "true"},
      {"x := to_number(\"seven\")", "undefined"},
      {"x := 1 / 0", "undefined"},
  });
}

TEST(Rego, EveryAndSome) {
  expect_rows({
      {"x if every p in input.ports { p > 10 }", "true"},
      {"x if every p in input.ports { p > 100 }", "undefined"},
      {"x if every p in input.empty { p > 100 }", "true"},
      {"x if every p in input.missing { p }", "undefined"},
      {"x if every i, p in input.ports { p > i; p != 81 }", "true"},
      {"x if every u in input.users { some other in input.users; other.name != u.name }", "true"},
      {"x if some u in input.users; u.admin", "true"},
      {"x := n if some {\"name\": n, \"admin\": true} in input.users", "\"ann\""},
      {"x := [k | some k, 443 in input.ports]", "[1]"},
  });
}

TEST(Rego, WithReplacesForOneLiteral) {
  expect_rows({
      {"p := input.n\nx := [a, b] if { a := p with input as {\"n\": 1}; b := p }", "[1, 7]"},
      {"p := input.image.tag\nx := t if t := p with input.image.tag as \"edge\"", "\"edge\""},
      {"p := data.lib.v\nx := t if t := p with data.lib.v as 3", "3"},
      {"p if q\nq if input.no\nx if p with q as true", "true"},
      {"p := count([1])\nx := t if t := p with count as 9", "9"},
      {"f(n) := n\ng(n) := n + 1\np := f(1)\nx := t if t := p with f as g", "2"},
      {"x if not false with input as {}", "true"},
  });
}

TEST(Rego, ArithmeticAndComparison) {
  expect_rows({
      {"x := 7 / 2", "3.5"},
      {"x := 1 + 2 * 3 - 4", "3"},
      {"x := (1 + 2) * 3", "9"},
      {"x := 7 % 3", "1"},
      {"x := -2 * 3", "-6"},
      {"x := [1 == 1.0, 2 > 10, \"2\" > \"10\", null < false, [1, 2] < [1, 3], {1} == {1, 1}]",
       "[true, false, true, true, true, true]"},
      {"x := {1, 2, 3} - {2}", "{1, 3}"},
      {"x := {1, 2} | {3}", "{1, 2, 3}"},
      {"x := {1, 2} & {2, 3}", "{2}"},
      {"x := [round(2.5), ceil(2.1), floor(-2.1), abs(-3)]", "[3, 3, -3, 3]"},
      {"x := sum([1, 2, 3.5]) + product({2, 3}) + max([1, 9]) + min({4, 5})", "25.5"},
      {"x := numbers.range(3, 1)", "[3, 2, 1]"},
  });
  expect_errors({
      {"x := 9223372036854775807 + 1", "a number becomes too large"},
      {"x := 92233720368547758070", "a number beyond 64 bits"},
  });
}

TEST(Rego, Texts) {
  expect_rows({
      {"x := concat(\"-\", [\"a\", \"b\"])", "\"a-b\""},
      {"x := sprintf(\"%s:%d %v %5.2f|%-4s|%04d %%\", [\"a\", 5, {\"k\": [1]}, 1.5, \"b\", 42])",
       R"x("a:5 {\"k\": [1]}  1.50|b   |0042 %")x"},
      {"x := sprintf(\"%d %s\", [\"a\"])", R"x("%!d(string=a) %!s(MISSING)")x"},
      {"x := [trim_prefix(\"v1\", \"v\"), trim_suffix(\"a.b\", \".b\"), trim(\"xxax\", \"x\"), trim_space(\" a \")]",
       R"(["1", "a", "a", "a"])"},
      {"x := [substring(\"hällo\", 1, 2), indexof(\"hällo\", \"l\"), count(\"hällo\"), lower(\"ÄB\"), upper(\"äb\")]",
       R"(["äl", 2, 5, "äb", "ÄB"])"},
      {"x := split(\"a,b,\", \",\")", R"(["a", "b", ""])"},
      {"x := replace(\"a.b.c\", \".\", \"-\")", "\"a-b-c\""},
      {"x := strings.replace_n({\"<\": \"(\", \">\": \")\"}, \"<a>\")", "\"(a)\""},
      {"x := [contains(\"abc\", \"b\"), startswith(\"abc\", \"b\"), endswith(\"abc\", \"c\")]", "[true, false, true]"},
      {"x := `raw \\d \"text\"`", R"x("raw \\d \"text\"")x"},
      {"x := \"\\u00e4\\n\"", "\"ä\\n\""},
      {"x := format_int(255, 16)", "\"ff\""},
      {"x := $\"{input.image.repo}:{input.image.tag} has {count(input.ports)}\\t\\{ports}\"",
       "\"library/alpine:3.20 has 3\\t{ports}\""},
      {"x := $`{input.missing} {[1, {\"a\": $\"<{1 + 1}>\"}]}`", R"x("<undefined> [1, {\"a\": \"<2>\"}]")x"},
      {"x := strings.any_prefix_match([\"docker.io/a\"], [\"docker.io/\", \"ghcr.io/\"])", "true"},
  });
}

TEST(Rego, Patterns) {
  expect_rows({
      {"x := regex.match(`^v\\d+$`, \"v12\")", "true"},
      {"x := regex.match(`(`, \"v12\")", "undefined"},
      {"x := regex.is_valid(`(`)", "false"},
      {"x := regex.find_all_string_submatch_n(`(\\d+)\\.(\\d+)`, \"1.2 3.4\", -1)",
       R"([["1.2", "1", "2"], ["3.4", "3", "4"]])"},
      {"x := regex.find_n(`a+`, \"aa b a\", 1)", R"(["aa"])"},
      {"x := regex.replace(\"a1b2\", `(\\d)`, \"<$1>\")", "\"a<1>b<2>\""},
      {"x := regex.split(`\\s+`, \"a b  c\")", R"(["a", "b", "c"])"},
      {"x := [glob.match(\"*.io\", [], \"ghcr.io\"), glob.match(\"*\", [\"/\"], \"a/b\"), "
       "glob.match(\"**\", [\"/\"], \"a/b\"), glob.match(\"{a,b}?[!c]\", null, \"bxd\")]",
       "[true, false, true, true]"},
  });
}

TEST(Rego, CollectionsAndObjects) {
  expect_rows({
      {"x := sort([3, \"a\", 1, null])", "[null, 1, 3, \"a\"]"},
      {"x := array.concat([1], [2, 3])", "[1, 2, 3]"},
      {"x := [array.slice([1, 2, 3, 4], 1, 3), array.reverse([1, 2])]", "[[2, 3], [2, 1]]"},
      {"x := [intersection({{1, 2}, {2, 3}}), union({{1}, {2}})]", "[{2}, {1, 2}]"},
      {"x := object.get(input, [\"image\", \"tag\"], \"none\")", "\"3.20\""},
      {"x := object.get(input, \"missing\", \"none\")", "\"none\""},
      {"x := object.keys({\"a\": 1, \"b\": 2})", R"({"a", "b"})"},
      {"x := object.union({\"a\": {\"b\": 1}}, {\"a\": {\"c\": 2}})", R"({"a": {"b": 1, "c": 2}})"},
      {"x := [object.remove({\"a\": 1, \"b\": 2}, [\"a\"]), object.filter({\"a\": 1, \"b\": 2}, {\"a\"})]",
       R"([{"b": 2}, {"a": 1}])"},
      {"x := object.subset({\"a\": 1, \"b\": {\"c\": 2, \"d\": 3}}, {\"b\": {\"c\": 2}})", "true"},
      {"x := {p | walk({\"a\": [1]}, [p, 1])}", R"({["a", 0]})"},
      {"x := [type_name(set()), type_name({}), type_name(null), is_string(\"a\"), is_array({1})]",
       R"(["set", "object", "null", true, false])"},
  });
}

TEST(Rego, EncodingsVersionsAndTimes) {
  expect_rows({
      {"x := json.marshal({\"a\": [1, true, null], \"b\": {2}})", R"x("{\"a\":[1,true,null],\"b\":[2]}")x"},
      {"x := json.unmarshal(`{\"a\": 1.5}`).a", "1.5"},
      {"x := json.unmarshal(`{`)", "undefined"},
      {"x := [base64.encode(\"abc\"), base64.decode(\"YWJj\"), base64url.encode_no_pad(\"a?b\")]",
       R"(["YWJj", "abc", "YT9i"])"},
      {"x := [hex.encode(\"az\"), hex.decode(\"617a\"), urlquery.encode(\"a b&\"), urlquery.decode(\"a+b%26\")]",
       R"(["617a", "az", "a+b%26", "a b&"])"},
      {"x := [semver.compare(\"1.10.0\", \"1.9.0\"), semver.compare(\"1.0.0-rc.1\", \"1.0.0\"), "
       "semver.is_valid(\"v1.0.0\")]",
       "[1, -1, false]"},
      {"x := [units.parse_bytes(\"10KiB\"), units.parse_bytes(\"1.5MB\"), units.parse(\"200m\")]",
       "[10240, 1500000, 0.2]"},
      {"x := [net.cidr_contains(\"10.0.0.0/8\", \"10.1.2.3\"), net.cidr_contains(\"10.0.0.0/8\", \"11.0.0.1\")]",
       "[true, false]"},
      {"x := time.now_ns()", "1700000000000000000"},
      {"x := time.parse_rfc3339_ns(\"2024-02-29T12:00:00Z\")", "1709208000000000000"},
      {"x := [time.date(t), time.clock(t), time.weekday(t)] if t := "
       "time.add_date(time.parse_rfc3339_ns(\"2024-01-31T01:02:03Z\"), 0, 1, 0)",
       R"([[2024, 3, 2], [1, 2, 3], "Saturday"])"},
      {"x := time.parse_duration_ns(\"1h30m\")", "5400000000000"},
  });
  expect_errors({{"x := time.date([0, \"Europe/Paris\"])", "the time zone Europe/Paris is not known here"}});
}

TEST(Rego, AllModulesOfAPackageAreOne) {
  const auto program =
      rego::Program::compile({{"a.rego",
                               "package p\nimport rego.v1\nimport future.keywords.in\nimport data.lib.tools as t\n"
                               "x := [y, t.f(1), data.lib.tools.v]\n"},
                              {"b.rego", "package p\ny := 1\n"}},
                             {.functions = {}, .load = [](const std::string& file) {
                                EXPECT_EQ(file, "lib/tools.rego");
                                return std::optional<std::string>("package whatever\nf(n) := n + 1\nv := 3\n");
                              }});
  EXPECT_EQ(rego::evaluate(*program, {}, {"p", "x"})->text(), "[1, 2, 3]");
  EXPECT_EQ(rego::evaluate(*program, {}, {"p"})->text(), R"({"x": [1, 2, 3], "y": 1})");
}

}  // namespace
