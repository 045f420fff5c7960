// SPDX-License-Identifier: Apache-2.0
#pragma once
// Any result as frozen layers, for steps that mount it.
#include <stop_token>

#include "ops/services.h"
#include "snapshot/snapshotter.h"
#include "solve/op.h"

namespace ops {

/// The chain of a result. A local directory is copied into a new layer first, through its patterns.
snapshot::Chain materialize(const solve::ResultPtr& result, const Services& services, const std::stop_token& stop);

}  // namespace ops
