// SPDX-License-Identifier: Apache-2.0
#pragma once
// The policies that a build is held to.
#include <functional>
#include <memory>
#include <string>

#include "attest/build_policies.h"
#include "cli/contexts.h"
#include "cli/options.h"
#include "dockerfile/gateway.h"

namespace cli {

/// Files of --source-policy, and of EXPERIMENTAL_BUILDKIT_SOURCE_POLICY, where docker buildx takes its from.
attest::SourcePolicies source_rules(const BuildOptions& options);

/// What a policy in Rego may read: files of the context, "cwd://…" of the working directory, and nothing outside them.
class PolicyFiles {
 public:
  /// A context of this machine, "" = none.
  static PolicyFiles local(std::string directory);
  static PolicyFiles remote(std::shared_ptr<dockerfile::Ref> context);
  std::optional<std::string> read(const std::string& path) const;

 private:
  std::string directory_;
  std::shared_ptr<dockerfile::Ref> context_;
};

struct RegoSetting {
  const BuildOptions& options;
  const BuildContexts& contexts;
  PolicyFiles files;
  bool is_remote = false;  ///< the context
  std::function<void(const std::string& policy, const std::string& line)> log;
};

/// The Dockerfile's own policy, if there is one, and those of --policy, in their order. Throws for a file that is named
/// and not there.
std::vector<std::shared_ptr<const attest::RegoPolicy>> rego_policies(const RegoSetting& setting);

}  // namespace cli
