// SPDX-License-Identifier: Apache-2.0
#include "llb/platform.h"

#include "targets.h"

namespace fuzz {

void platform(std::string_view input) {
  llb::Platform parsed;
  if (!accepted([&] { parsed = llb::parse_platform(input); })) return;
  const auto normal = llb::normalize(parsed);
  require(llb::normalize(normal) == normal, "what is normal stays as it is");
  require(!llb::format_platform(normal).empty(), "a platform has a name");
}

}  // namespace fuzz
