// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the Dockerfile frontend asks of the world, answered by the engine and the ops of this process.
#include <memory>

#include "cli/build_events.h"
#include "dockerfile/gateway.h"
#include "ops/services.h"
#include "solve/engine.h"

namespace cli {

class EngineGateway final : public dockerfile::Gateway {
 public:
  EngineGateway(const ops::Services& services, solve::Engine& engine, BuildEvents& events,
                std::vector<llb::Platform> platforms)
      : services_(services), engine_(engine), events_(events), platforms_(std::move(platforms)) {}

  dockerfile::BuildOpts opts() override;
  std::shared_ptr<dockerfile::Ref> solve(const llb::Definition& definition, const dockerfile::SolveOptions& options,
                                         std::stop_token stop) override;
  dockerfile::SourceMeta resolve_source_metadata(const llb::SourceOp& source, const dockerfile::ResolveOptions& options,
                                                 std::stop_token stop) override;
  void warn(const dockerfile::Warning& warning) override;

 private:
  dockerfile::SourceMeta resolve(llb::SourceOp source, const dockerfile::ResolveOptions& options,
                                 const std::stop_token& stop);

  const ops::Services& services_;
  solve::Engine& engine_;
  BuildEvents& events_;
  std::vector<llb::Platform> platforms_;
};

}  // namespace cli
