// SPDX-License-Identifier: Apache-2.0
#pragma once
// `input.image.provenance`: what SLSA provenance beside an image says, in buildx's shape.
#include <string>
#include <vector>

#include "attest/rego_fields.h"

namespace attest {

/// Of the first statement that is SLSA provenance (v1 or v0.2). Its materials stay unknown: nobody looks them up here.
void add_provenance(RegoFields& image, const std::vector<std::string>& statements);

}  // namespace attest
