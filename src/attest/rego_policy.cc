// SPDX-License-Identifier: Apache-2.0
#include "attest/rego_policy.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/time.h"

namespace attest {
namespace {

using rego::Value;

constexpr int kMaxRounds = 10;

std::vector<std::string> messages_of(const Value& value) {
  std::vector<std::string> messages;
  const auto add = [&](const Value& item) {
    if (item.is_string() && !item.string().empty()) messages.push_back(item.string());
  };
  add(value);
  if (value.is_array()) std::for_each(value.array().begin(), value.array().end(), add);
  if (value.is_set()) std::for_each(value.set().begin(), value.set().end(), add);
  return messages;
}

}  // namespace

RegoPolicy::RegoPolicy(std::string name, std::vector<rego::ModuleText> modules, ReadPolicyFile read,
                       RegoEnvironment environment)
    : name_(std::move(name)), read_(std::move(read)), environment_(std::move(environment)) {
  for (const auto& module : modules) digests_.push_back(base::sha256(module.text).str());
  modules.push_back(RegoFunctions::module());
  base::with_context(
      [&] {
        rego::CompileOptions options;
        options.functions = RegoFunctions::declared();
        options.load = [this](const std::string& file) {
          auto text = read_(file);
          if (text) digests_.push_back(base::sha256(*text).str());
          return text;
        };
        program_ = rego::Program::compile(modules, std::move(options));
        check_capabilities();
      },
      "policy {}", name_);
}

void RegoPolicy::check_capabilities() const {
  rego::Query query;
  query.input = capabilities_input(environment_);
  query.now = base::system_clock().now();
  const llb::SourceOp none;
  const KnownSource nothing;
  const RegoQuestion question{none, nothing, nullptr, read_, {}};
  RegoFunctions functions(question);
  functions.add_to(query);
  if (decision(query).wants_proxy) {
    base::fail(base::Code::failed_precondition,
               "it wants the network of steps to go through a proxy (exec.proxy), "
               "which is not supported");
  }
}

RegoPolicy::Decision RegoPolicy::decision(const rego::Query& query) const {
  const auto value = rego::evaluate(*program_, query, {"docker", "decision"});
  if (!value) base::fail(base::Code::failed_precondition, "data.docker.decision has no value");
  if (!value->is_object()) base::fail(base::Code::failed_precondition, "data.docker.decision is no object");
  Decision decision;
  if (const auto allow = value->get(Value("allow"))) {
    if (allow->kind() != Value::Kind::boolean) {
      base::fail(base::Code::failed_precondition, "the decision's allow is a {}, neither true nor false",
                 allow->type_name());
    }
    decision.allowed = allow->boolean();
  }
  if (const auto messages = value->get(Value("deny_msg"))) decision.messages = messages_of(*messages);
  const auto caps = value->get(Value("caps"));
  if (!caps) return decision;
  if (!caps->is_object()) base::fail(base::Code::failed_precondition, "the decision's caps is no object");
  for (const auto& [name, wanted] : caps->object()) {
    if (name != Value("exec.proxy") || wanted.kind() != Value::Kind::boolean) {
      base::fail(base::Code::failed_precondition, "the decision's caps has {}, which is not known", name.text());
    }
    decision.wants_proxy = wanted.boolean();
  }
  return decision;
}

void find_out(KnownSource& known, const std::string& unknown, const llb::SourceOp& source,
              const llb::Platform& platform, SourceFacts& facts, const std::stop_token& stop) {
  if (unknown == "image.hasProvenance" || unknown == "image.provenance") {
    known.statements = facts.statements(source, platform, stop);
  } else if (unknown == "image.signatures" || unknown == "image.provenance.materials") {
    base::fail(base::Code::unimplemented, "input.{} cannot be looked up here", unknown);
  } else if (unknown.starts_with("image.")) {
    known.image = facts.image(source, platform, stop);
  } else if (unknown == "http.checksum") {
    known.http_digest = facts.http_digest(source, stop);
  } else {
    const bool objects = unknown == "git.commit" || unknown == "git.tag";
    known.git = facts.git(source, objects ? SourceFacts::Objects::yes : SourceFacts::Objects::no, stop);
  }
}

RegoVerdict RegoPolicy::judge(const llb::SourceOp& source, const llb::Platform& platform, SourceFacts& facts,
                              const std::stop_token& stop) const {
  return base::with_context(
      [&] {
        RegoVerdict verdict;
        for (int round = 0; round < kMaxRounds; ++round) {
          rego::Query query;
          query.input = policy_input(source, platform, environment_, verdict.known);
          query.now = base::system_clock().now();
          if (log_) query.print = [this](const std::string& line) { log(Level::info, line); };
          const RegoQuestion question{source, verdict.known, &facts, read_, stop};
          RegoFunctions functions(question);
          functions.add_to(query);
          try {
            const Decision answer = decision(query);
            verdict.allowed = answer.allowed;
            verdict.messages = answer.messages;
            log(Level::debug, base::format("{}: {} with input {}", source.identifier,
                                           answer.allowed ? "allowed" : "denied", query.input->text()));
            if (functions.pins().size() > 1) {
              base::fail(base::Code::failed_precondition, "pin_image was called with several digests");
            }
            if (!functions.pins().empty()) verdict.pin = *functions.pins().begin();
            return verdict;
          } catch (const rego::UnknownRead& unknown) {
            log(Level::debug, base::format("{}: looking up input.{}", source.identifier, unknown.path));
            find_out(verdict.known, unknown.path, source, platform, facts, stop);
          }
        }
        base::fail(base::Code::failed_precondition, "it still asks for more after {} rounds", kMaxRounds);
      },
      "policy {}", name_);
}

}  // namespace attest
