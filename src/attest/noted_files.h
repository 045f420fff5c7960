// SPDX-License-Identifier: Apache-2.0
#pragma once
// Files that gates ask about, found where the image is mounted: set-id bits, build tools, credentials.
//
// Credentials are looked for in the files that the build's own layers brought in: private keys, tokens of forms that
// their issuers chose to be found (AKIA…, ghp_…, npm_…), and in files that hold passwords by their name (.netrc,
// .npmrc, .git-credentials, docker's config.json, .env). Files as a package delivered them hold nobody's secret.
#include <cstddef>
#include <stop_token>
#include <string_view>
#include <vector>

#include "attest/gates.h"
#include "attest/trace.h"
#include "base/json.h"

namespace ops {
struct MethodCall;
struct Services;
}  // namespace ops

namespace attest {

struct NotedFiles {
  std::vector<NotedFile> setuid, build_tools, secrets;
};

/// Looks at the image at `root` made of `layers`; credentials in layers from `first_own` on.
NotedFiles note_files(int root, const std::vector<TracedLayer>& layers, std::size_t first_own,
                      const std::stop_token& stop);

/// What kind of credential a text holds; "" = none. `name` is the file's.
std::string_view credential_in(std::string_view bytes, std::string_view name);
/// "compiler", "package manager", … for a program of that name; "" for others.
std::string_view build_tool(std::string_view name);

base::Json noted_files_method(const ops::MethodCall& call);
/// Bytes of the files in each layer directory; a file with several names counts once.
std::vector<std::uint64_t> layer_sizes(const std::vector<std::string>& directories, const ops::Services& services,
                                       const std::stop_token& stop);
base::Json layer_sizes_method(const ops::MethodCall& call);
NotedFiles find_noted_files(const std::vector<std::string>& lower_directories, const base::Json& mount,
                            const std::vector<std::string>& steps, std::size_t first_own, const ops::Services& services,
                            const std::stop_token& stop);

}  // namespace attest
