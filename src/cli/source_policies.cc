// SPDX-License-Identifier: Apache-2.0
#include "cli/source_policies.h"

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"

namespace cli {

attest::SourcePolicies source_policies(const BuildOptions& options) {
  constexpr std::size_t kMaxPolicy = 16U << 20;
  std::vector<std::string> paths = options.source_policies;
  if (const char* path = std::getenv("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"); path && *path) paths.emplace_back(path);
  attest::SourcePolicies policies;
  for (const auto& path : paths) policies.add(base::read_file(path, kMaxPolicy), base::base_name(path));
  return policies;
}

void refuse_unasked_policy(const BuildOptions& options, const BuildContexts& contexts) {
  const auto dockerfile = dockerfile_path(options, contexts);
  if (options.without_rego || !dockerfile || !base::exists(*dockerfile + ".rego")) return;
  base::Error error(base::Code::failed_precondition,
                    base::format("{}.rego cannot be asked about the sources of this build: policies in Rego are not "
                                 "supported",
                                 *dockerfile));
  error.set_refusal();
  error.set_hint("--source-policy takes rules in JSON (docs/accounting.md); --policy disabled=true builds without");
  throw error;
}

}  // namespace cli
