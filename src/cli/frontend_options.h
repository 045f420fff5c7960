// SPDX-License-Identifier: Apache-2.0
#pragma once
// From flags to what the Dockerfile frontend understands, with BuildKit's option names.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/options.h"
#include "llb/platform.h"
#include "ops/services.h"

namespace cli {

/// "build-arg:…", "label:…", "target", "platform", "add-hosts", "ulimit" … Throws invalid_argument,
/// naming the flag, for values that cannot be read.
std::map<std::string, std::string> frontend_options(const BuildOptions& options);

/// The platforms of --platform, normalised; empty = this machine's.
std::vector<llb::Platform> wanted_platforms(const BuildOptions& options);

/// Names what is built, for as long as its context and Dockerfile stay where they are.
std::string project_of(const BuildOptions& options);

/// Entitlements, secrets and the project of the command line.
ops::BuildSettings build_settings(const BuildOptions& options);

/// --reproducible spelled out: SOURCE_DATE_EPOCH as a build argument, from the environment or the context's last
/// commit.
BuildOptions with_fixed_time(BuildOptions options);

/// "64m", "1.5GB", "1024": bytes, powers of 1024, as docker reads sizes. Throws invalid_argument.
std::int64_t parse_size(std::string_view text, std::string_view flag);

}  // namespace cli
