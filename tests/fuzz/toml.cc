// SPDX-License-Identifier: Apache-2.0
#include "base/toml.h"

#include "targets.h"

namespace fuzz {

/// slipway.toml, registries.conf and buildkitd.toml come through here.
void toml(std::string_view input) {
  accepted([&] { base::Toml::parse(input, "f.toml"); });
}

}  // namespace fuzz
