// SPDX-License-Identifier: Apache-2.0
#pragma once
// Finding an image's components, as a method of the helper (ops/methods.h): only there is anything mounted.
//
//   components  {mount, layers, stages, copies} → {components}     see trace.h
#include <cstddef>
#include <string>
#include <vector>

#include "attest/component.h"
#include "attest/trace.h"
#include "ops/methods.h"
#include "ops/services.h"

namespace attest {

struct StageView {
  std::string name;
  snapshot::Chain chain;
  TreeKind kind = TreeKind::filesystem;
  bool listed = true;
};

/// Asks the helper. `steps` has a name per layer of the chain, "" for those of the base image.
Components find_components(const snapshot::Chain& chain, const std::vector<std::string>& steps,
                           const std::vector<StageView>& stages, const std::vector<TracedCopy>& copies,
                           const ops::Services& services, const std::stop_token& stop);

base::Json components_method(const ops::MethodCall& call);

}  // namespace attest
