// SPDX-License-Identifier: Apache-2.0
#pragma once
// One command line, several results: `-t app=run -t tools=debug` builds two stages in one pass.
//
// A plain -t NAME belongs to the stage of --target (the last stage without it). Work that the
// stages share is done once, as all of them are built as one graph.
#include <string>
#include <vector>

#include "cli/options.h"
#include "output/spec.h"

namespace cli {

/// One stage to build and what becomes of it.
struct TargetBuild {
  std::string stage;     ///< "" = the Dockerfile's last
  BuildOptions options;  ///< the command line's, with this stage's names alone
  std::vector<output::Spec> outputs;

  /// What reports call it: the stage, "default" for the last one.
  std::string name() const { return stage.empty() ? "default" : stage; }
};

/// The builds that a command line asks for, in the order in which their stages are first named; at
/// least one. Throws invalid_argument for what cannot be written, before anything is built: a name
/// given to two stages, an output that has room for one result only, a malformed -t.
std::vector<TargetBuild> wanted_targets(const BuildOptions& options);

}  // namespace cli
