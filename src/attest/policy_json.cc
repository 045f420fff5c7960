// SPDX-License-Identifier: Apache-2.0
#include "attest/policy_json.h"

#include <algorithm>

#include "base/error.h"

namespace attest {

void want_fields(const base::Json& json, std::string_view what, std::initializer_list<std::string_view> fields) {
  if (!json.is_object()) base::fail(base::Code::invalid_argument, "{} is no object", what);
  for (const auto& [name, value] : json.members()) {
    if (std::find(fields.begin(), fields.end(), name) == fields.end()) {
      base::fail(base::Code::invalid_argument, "{} has a field \"{}\", which is not known", what, name);
    }
  }
}

}  // namespace attest
