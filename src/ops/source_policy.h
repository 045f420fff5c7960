// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether a source may be used, asked before anything of it is fetched but what a policy itself wants to see. The rules
// are `attest`'s; here is only the hook.
#include <optional>
#include <stop_token>

#include "llb/op.h"
#include "llb/platform.h"

namespace ops {

/// What is said about a source beside itself.
struct SourceQuestion {
  std::optional<llb::Platform> platform;  ///< the host's when there is none
  std::stop_token stop;
  /// Nothing may be looked up: what a step asks for while it runs is not fetched to judge whether it may be.
  bool by_name_alone = false;
};

/// Threads: any; the same source always gets the same answer.
class SourcePolicy {
 public:
  virtual ~SourcePolicy() = default;
  /// Changes the source where the policy takes it from elsewhere. Throws an error that is a refusal (base::Error).
  virtual void apply(llb::SourceOp& source, const SourceQuestion& question) const = 0;
};

}  // namespace ops
