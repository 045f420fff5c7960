// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether a source may be used, asked before anything of it is fetched. The rules are `attest`'s; here is only the
// hook.
#include "llb/op.h"

namespace ops {

/// Threads: any; the same source always gets the same answer.
class SourcePolicy {
 public:
  virtual ~SourcePolicy() = default;
  /// Changes the source where the policy takes it from elsewhere. Throws an error that is a refusal (base::Error).
  virtual void apply(llb::SourceOp& source) const = 0;
};

}  // namespace ops
