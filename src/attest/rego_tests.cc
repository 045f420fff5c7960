// SPDX-License-Identifier: Apache-2.0
#include "attest/rego_tests.h"

#include <set>

#include "base/error.h"
#include "base/strings.h"
#include "base/time.h"

namespace attest {
namespace {

std::set<std::vector<std::string>> tests_in(const rego::Program& program, std::string_view filter) {
  std::set<std::vector<std::string>> tests;
  for (const auto& module : program.modules()) {
    for (const auto& rule : module.rules) {
      const std::string& name = rule->path.back();
      const bool is_test = name.starts_with("test_") && !rule->is_function && !rule->is_set && rule->keys.empty();
      if (is_test && name.find(filter) != name.npos) tests.insert(rule->path);
    }
  }
  return tests;
}

RegoTestResult run_test(const rego::Program& program, const std::vector<std::string>& path,
                        const ReadPolicyFile& read) {
  RegoTestResult result;
  result.name = "data." + base::join(path, ".");
  const llb::SourceOp none;
  const KnownSource nothing;
  const RegoQuestion question{none, nothing, nullptr, read, {}};
  RegoFunctions functions(question);
  rego::Query query;
  query.now = base::system_clock().now();
  query.print = [&](const std::string& line) { result.printed.push_back(line); };
  functions.add_to(query);
  try {
    const auto value = rego::evaluate(program, query, path);
    result.passed = value && value->is_true();
  } catch (const base::Error& error) {
    result.error = error.text();
  } catch (const rego::UnknownRead& unknown) {
    result.error = base::format("input.{} would have to be looked up", unknown.path);
  }
  return result;
}

}  // namespace

std::vector<RegoTestResult> run_policy_tests(std::vector<rego::ModuleText> modules, const ReadPolicyFile& read,
                                             std::string_view filter) {
  modules.push_back(RegoFunctions::module());
  rego::CompileOptions options;
  options.functions = RegoFunctions::declared();
  options.load = read;
  const auto program = rego::Program::compile(modules, std::move(options));
  std::vector<RegoTestResult> results;
  for (const auto& path : tests_in(*program, filter)) results.push_back(run_test(*program, path, read));
  return results;
}

}  // namespace attest
