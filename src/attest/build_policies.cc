// SPDX-License-Identifier: Apache-2.0
#include "attest/build_policies.h"

#include "base/error.h"
#include "base/strings.h"
#include "llb/attr.h"
#include "oci/reference.h"

namespace attest {
namespace {

constexpr int kMaxChanges = 20;

std::string key_of(const llb::SourceOp& source, const llb::Platform& platform) {
  std::string key = source.identifier + '\0' + llb::format_platform_all(platform);
  for (const auto& [name, value] : source.attrs) key += '\0' + name + '=' + value;
  return key;
}

/// From now on the source is what was judged, and nothing else.
void hold(llb::SourceOp& source, const KnownSource& known) {
  if (known.http_digest) source.attrs[std::string(llb::attr::kJudgedDigest)] = *known.http_digest;
  if (known.git) source.attrs[std::string(llb::attr::kJudgedCommit)] = known.git->revision.commit;
}

[[noreturn]] void deny(const llb::SourceOp& source, const RegoPolicy& policy, const RegoVerdict& verdict) {
  base::Error error(base::Code::permission_denied,
                    base::format("source {} denied by {}{}{}", source.identifier, policy.name(),
                                 verdict.messages.empty() ? "" : ": ", base::join(verdict.messages, "; ")));
  error.set_refusal();
  throw error;
}

}  // namespace

bool BuildPolicies::judge(llb::SourceOp& source, const ops::SourceQuestion& question) const {
  const llb::Platform platform = question.platform.value_or(llb::host_platform());
  for (const auto& policy : programs_) {
    if (!facts_) base::fail(base::Code::internal, "policy {} cannot be asked yet", policy->name());
    const RegoVerdict verdict = policy->judge(source, platform, *facts_, question.stop);
    if (!verdict.allowed) deny(source, *policy, verdict);
    hold(source, verdict.known);
    if (verdict.pin.empty()) continue;
    auto reference = oci::Reference::parse(source_name(source));
    reference.digest = base::Digest::parse_or_throw(verdict.pin);
    source.identifier = "docker-image://" + reference.str();
    return false;
  }
  return true;
}

void BuildPolicies::apply(llb::SourceOp& source, const ops::SourceQuestion& question) const {
  rules_.apply(source, question);
  if (programs_.empty()) return;
  const std::string key = key_of(source, question.platform.value_or(llb::host_platform()));
  {
    const auto judged = judged_.lock();
    if (const auto found = judged->find(key); found != judged->end()) {
      source = found->second;
      return;
    }
  }
  const std::string asked = source.identifier;
  for (int changes = 0; !judge(source, question); ++changes) {
    if (changes == kMaxChanges) {
      base::fail(base::Code::failed_precondition, "policies change {} without end", asked);
    }
    rules_.apply(source, question);
  }
  judged_.lock()->emplace(key, source);
}

std::vector<std::string> BuildPolicies::digests() const {
  std::vector<std::string> digests = rules_.digests();
  for (const auto& policy : programs_)
    digests.insert(digests.end(), policy->digests().begin(), policy->digests().end());
  return digests;
}

}  // namespace attest
