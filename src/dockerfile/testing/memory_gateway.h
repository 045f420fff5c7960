// SPDX-License-Identifier: Apache-2.0
#pragma once
// A gateway whose world is a few maps: for tests of the frontend and of those who call it.
//
//     MemoryGateway gateway;
//     gateway.set_dockerfile("FROM alpine\nRUN true\n");
//     auto result = dockerfile::build(gateway, {});
//     gateway.asked          // {"docker-image://docker.io/library/alpine:latest"}
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "dockerfile/gateway.h"

namespace dockerfile {

class MemoryGateway final : public Gateway {
 public:
  MemoryGateway();

  /// Files of the sources, by identifier ("local://context") and path.
  std::map<std::string, std::map<std::string, std::string>> files;
  /// Configs by reference; others get a small Linux image of the platform asked for.
  std::map<std::string, std::string> configs;
  std::map<std::string, llb::Definition> given_inputs;
  BuildOpts build_opts;
  /// Without a value, git and http have no date.
  std::optional<std::int64_t> source_time;

  void set_dockerfile(std::string text) { files["local://dockerfile"]["Dockerfile"] = std::move(text); }

  // What happened.
  std::vector<std::string> asked;
  std::vector<ResolveOptions> asked_with;
  std::vector<Warning> warnings;
  std::vector<SolveOptions> forwards;

  BuildOpts opts() override { return build_opts; }
  std::shared_ptr<Ref> solve(const llb::Definition& definition, const SolveOptions& options,
                             std::stop_token stop) override;
  SourceMeta resolve_source_metadata(const llb::SourceOp& source, const ResolveOptions& options,
                                     std::stop_token stop) override;
  void warn(const Warning& warning) override { warnings.push_back(warning); }
  std::map<std::string, llb::Definition> inputs() override { return given_inputs; }

  /// The digest every image of that name has.
  static std::string digest_of(const std::string& reference);

 private:
  std::mutex mutex_;  ///< of asked and asked_with, while look-ups run side by side
};

}  // namespace dockerfile
