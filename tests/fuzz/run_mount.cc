// SPDX-License-Identifier: Apache-2.0
// Values of RUN --mount and --device.
#include "dockerfile/run_mount.h"

#include <string>

#include "targets.h"

namespace fuzz {

void run_mount(std::string_view input) {
  const bool plausible = accepted([&] { dockerfile::check_mount(input); });
  const bool mountable =
      accepted([&] { dockerfile::parse_mount(input, [](std::string_view word) { return std::string(word); }); });
  // Variables in from= are for the first sight alone to refuse: later there are none.
  if (input.find('$') == std::string_view::npos)
    require(plausible || !mountable, "what is refused at first sight is refused in the end");
  accepted([&] { dockerfile::parse_device(input); });
}

}  // namespace fuzz
