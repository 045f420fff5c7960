// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ops as JSON, in the form in which BuildKit's provenance shows them: members named as the protobuf's fields, the kind
// of an op below "Op", empty members left out. Inputs are not part of it; provenance names them by step.
#include "base/json.h"
#include "llb/op.h"

namespace llb {

base::Json op_json(const Op& op);

}  // namespace llb
