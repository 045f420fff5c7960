// SPDX-License-Identifier: Apache-2.0
#pragma once
// The frontend's options, read once: what `slipway build`'s flags become on their way to a graph.
// Failure: throws invalid_argument with BuildKit's texts.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/build.h"
#include "dockerfile/convert_lint.h"
#include "dockerfile/gateway.h"
#include "llb/definition.h"
#include "llb/op.h"
#include "llb/platform.h"

namespace dockerfile {

struct FrontendConfig {
  std::map<std::string, std::string> build_args;
  std::map<std::string, std::string> labels;
  std::string cache_id_namespace;
  std::string cgroup_parent;
  std::vector<llb::HostIp> extra_hosts;
  std::string hostname;
  ResolveMode resolve_mode = ResolveMode::default_;
  llb::NetMode network = llb::NetMode::sandbox;
  std::int64_t shm_size = 0;
  std::string target;
  std::vector<llb::Ulimit> ulimits;
  std::optional<llb::LinuxResources> resources;
  std::optional<LintConfig> lint;
  std::vector<llb::Platform> target_platforms;  ///< empty = the build platform
  llb::Platform build_platform;
  bool multi_platform = false;
  std::optional<std::vector<std::string>> no_cache;  ///< stages; empty = all
  std::map<std::string, std::string> local_sessions;

  /// May add to `opts` what an option implies (they are handed on to other frontends).
  static FrontendConfig parse(FrontendOpts& opts, const BuildOpts& build);

  bool is_no_cache(std::string_view stage) const;
};

}  // namespace dockerfile
