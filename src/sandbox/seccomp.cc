// SPDX-License-Identifier: Apache-2.0
#include "sandbox/seccomp.h"

#include <cerrno>
#include <span>
#include <utility>

#include "sandbox/seccomp_calls.h"
#include "sandbox/seccomp_rules.h"

namespace sandbox {
namespace {

#if defined(__x86_64__)
constexpr const char* kArchitectures[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
#elif defined(__aarch64__)
constexpr const char* kArchitectures[] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
#else
constexpr const char* kArchitectures[] = {"SCMP_ARCH_RISCV64"};
#endif

base::Json names_of(std::span<const SystemCall> calls) {
  base::Json names = base::Json::array();
  for (const auto& call : calls) names.push(call.name);
  return names;
}

base::Json rule(base::Json names, std::string_view action) {
  base::Json json = base::Json::object();
  json.set("names", std::move(names)).set("action", action);
  return json;
}

/// Allows the call when its first argument compares so; several rules for a call are alternatives.
base::Json argument_rule(std::string_view name, std::string_view op, std::int64_t value) {
  base::Json argument = base::Json::object();
  argument.set("index", 0).set("value", value);
  if (op == "SCMP_CMP_MASKED_EQ") argument.set("valueTwo", 0);
  argument.set("op", op);
  base::Json arguments = base::Json::array();
  arguments.push(std::move(argument));
  base::Json json = rule(base::Json::strings({std::string(name)}), "SCMP_ACT_ALLOW");
  json.set("args", std::move(arguments));
  return json;
}

}  // namespace

base::Json seccomp_profile() {
  base::Json rules = base::Json::array();
  rules.push(rule(names_of(allowed_system_calls()), "SCMP_ACT_ALLOW"));
  rules.push(rule(names_of(architecture_system_calls()), "SCMP_ACT_ALLOW"));
  rules.push(argument_rule("socket", "SCMP_CMP_LT", kAfAlg));
  rules.push(argument_rule("socket", "SCMP_CMP_EQ", kAfAlg + 1));
  rules.push(argument_rule("socket", "SCMP_CMP_GT", kAfVsock));
  for (const std::uint32_t value : kPersonalities) rules.push(argument_rule("personality", "SCMP_CMP_EQ", value));
  rules.push(argument_rule("clone", "SCMP_CMP_MASKED_EQ", kNamespaceFlags));
  base::Json clone3 = rule(base::Json::strings({"clone3"}), "SCMP_ACT_ERRNO");
  clone3.set("errnoRet", ENOSYS);
  rules.push(std::move(clone3));
  base::Json architectures = base::Json::array();
  for (const char* name : kArchitectures) architectures.push(name);
  base::Json profile = base::Json::object();
  profile.set("defaultAction", "SCMP_ACT_ERRNO").set("defaultErrnoRet", EPERM);
  profile.set("architectures", std::move(architectures)).set("syscalls", std::move(rules));
  return profile;
}

}  // namespace sandbox
