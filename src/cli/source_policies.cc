// SPDX-License-Identifier: Apache-2.0
#include "cli/source_policies.h"

#include <cstdlib>

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

}  // namespace cli
