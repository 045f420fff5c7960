// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reading policies: a field that is not known may be a rule that is misspelt, so it is an error, never passed over.
#include <initializer_list>
#include <string_view>

#include "base/json.h"

namespace attest {

/// Throws invalid_argument, naming `what`, unless it is an object with these fields at most.
void want_fields(const base::Json& json, std::string_view what, std::initializer_list<std::string_view> fields);

}  // namespace attest
