// SPDX-License-Identifier: Apache-2.0
#include "rego/program.h"

#include "targets.h"

namespace fuzz {
namespace {

std::string answer(const ::rego::Program& program, const ::rego::Query& query) {
  try {
    const auto value = ::rego::evaluate(program, query, {"docker", "decision"});
    return value ? value->text() : "undefined";
  } catch (const base::Error& error) {
    return "error: " + error.text();
  } catch (const ::rego::UnknownRead& unknown) {
    return "unknown: " + unknown.path;
  }
}

/// The input of some source, one part of it not looked up yet.
::rego::Value source_input() {
  using ::rego::Value;
  Value::Object image;
  image.emplace(Value("ref"), Value("docker.io/library/alpine:3"));
  image.emplace(Value("labels"), Value::unknown("image.labels"));
  Value::Object input;
  input.emplace(Value("image"), Value(std::move(image)));
  input.emplace(Value("list"), Value::of_json(base::Json::parse("[1,\"a\",{\"b\":[null,true]}]")));
  return Value(std::move(input));
}

}  // namespace

/// A policy of anybody: it ends, says where it is wrong, and answers the same question the same way.
void rego(std::string_view input) {
  std::shared_ptr<const ::rego::Program> program;
  try {
    program = ::rego::Program::compile({{"policy.rego", std::string(input)}}, {});
  } catch (const base::Error& error) {
    require(error.text().find("policy.rego:") != std::string::npos, "an error of a policy has a place");
    return;
  }
  ::rego::Query query;
  query.input = source_input();
  query.steps = 20'000;
  require(answer(*program, query) == answer(*program, query), "a policy has one answer");
}

}  // namespace fuzz
