// SPDX-License-Identifier: Apache-2.0
#pragma once
// How package URLs spell the names of some ecosystems (the purl specification's types; PEP 503).
#include <string>
#include <string_view>

#include "attest/component.h"

namespace attest {

/// Runs of "-_." are one "-", in lower case.
std::string python_name(std::string_view name);

/// "@scope/name" or "host/owner/name" into the component's namespace and name.
void set_scoped_name(std::string_view name, Component& component);

}  // namespace attest
