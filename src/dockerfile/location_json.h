// SPDX-License-Identifier: Apache-2.0
#pragma once
// Places in a Dockerfile as JSON, in the form of BuildKit's pb.Location.
#include "base/json.h"
#include "dockerfile/source_errors.h"

namespace dockerfile {

/// {"ranges":[{"start":{"line":3},"end":{"line":4}}]}; {} for no place. Zeros are left out.
base::Json location_json(const Ranges& ranges);

}  // namespace dockerfile
