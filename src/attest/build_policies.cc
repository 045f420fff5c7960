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

/// For sources of which only the name may be looked at.
class NoFacts final : public SourceFacts {
 public:
  ImageFacts image(const llb::SourceOp& source, const llb::Platform&, const std::stop_token&) override {
    refuse(source);
  }
  std::vector<std::string> statements(const llb::SourceOp& source, const llb::Platform&,
                                      const std::stop_token&) override {
    refuse(source);
  }
  std::string http_digest(const llb::SourceOp& source, const std::stop_token&) override { refuse(source); }
  bool is_signed(const base::Digest&, std::string_view, std::string_view, const std::stop_token&) override {
    return false;
  }
  GitFacts git(const llb::SourceOp& source, Objects, const std::stop_token&) override { refuse(source); }
  bool is_signed(const llb::SourceOp&, const ops::GitRevision&, Signed, std::string_view,
                 const std::stop_token&) override {
    return false;
  }

 private:
  [[noreturn]] static void refuse(const llb::SourceOp& source) {
    base::Error error(
        base::Code::permission_denied,
        base::format("source {} denied: a policy wants to look at more than the name of what a step fetches",
                     source.identifier));
    error.set_refusal();
    throw error;
  }
};

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
    NoFacts none;
    SourceFacts& facts = question.by_name_alone ? none : *facts_;
    const RegoVerdict verdict = policy->judge(source, platform, facts, question.stop);
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
  const std::string key = key_of(source, question.platform.value_or(llb::host_platform())) +
                          (question.by_name_alone ? std::string(1, '\0') + "by name" : "");
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
