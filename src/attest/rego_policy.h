// SPDX-License-Identifier: Apache-2.0
#pragma once
// One policy in Rego, asked about sources as docker buildx asks it.
//
//     RegoPolicy policy("Dockerfile.rego", {{"Dockerfile.rego", text}}, read_file, environment);
//     auto verdict = policy.judge(source, platform, facts, stop);
//     if (!verdict.allowed) …              // verdict.messages say why
//
// The policy's answer is `data.docker.decision`: {"allow": …, "deny_msg": […]}. Everything but `allow` being true is a
// no; a policy that cannot answer (undefined, a conflict, something that is not known here) is an error, and nothing is
// let pass. What it reads of a source is found out when it reads it, in at most a few rounds.
// Threads: any. Failure: base::Error with the policy's name.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attest/rego_functions.h"

namespace attest {

struct RegoVerdict {
  bool allowed = false;
  std::vector<std::string> messages;  ///< why not
  std::string pin;                    ///< the digest that an image must have, or ""
  KnownSource known;                  ///< what the verdict rests on
};

class RegoPolicy {
 public:
  enum class Level : std::uint8_t { info, debug };
  using Log = std::function<void(Level level, const std::string& line)>;

  /// Throws invalid_argument for a text that is no policy, failed_precondition for one that wants what there is not.
  RegoPolicy(std::string name, std::vector<rego::ModuleText> modules, ReadPolicyFile read, RegoEnvironment environment);

  const std::string& name() const { return name_; }
  /// "sha256:…" of every module's text.
  const std::vector<std::string>& digests() const { return digests_; }
  void set_log(Log log) { log_ = std::move(log); }

  RegoVerdict judge(const llb::SourceOp& source, const llb::Platform& platform, SourceFacts& facts,
                    const std::stop_token& stop) const;

 private:
  struct Decision {
    bool allowed = false;
    std::vector<std::string> messages;
    bool wants_proxy = false;
  };
  Decision decision(const rego::Query& query) const;
  void check_capabilities() const;
  void log(Level level, const std::string& line) const {
    if (log_) log_(level, line);
  }

  std::string name_;
  std::vector<std::string> digests_;
  ReadPolicyFile read_;
  RegoEnvironment environment_;
  std::shared_ptr<const rego::Program> program_;
  Log log_;
};

/// Finds out what an unknown of the input stands for; throws failed_precondition for what cannot be known here.
void find_out(KnownSource& known, const std::string& unknown, const llb::SourceOp& source,
              const llb::Platform& platform, SourceFacts& facts, const std::stop_token& stop);

}  // namespace attest
