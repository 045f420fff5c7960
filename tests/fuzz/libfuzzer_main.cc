// SPDX-License-Identifier: Apache-2.0
// One libFuzzer program for all targets; SLIPWAY_FUZZ_TARGET names the one to run.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "targets.h"

namespace {

const fuzz::Target& chosen() {
  static const fuzz::Target* const target = [] {
    const char* name = std::getenv("SLIPWAY_FUZZ_TARGET");
    const auto* found = fuzz::find_target(name == nullptr ? "" : name);
    if (found == nullptr) {
      std::fprintf(stderr, "SLIPWAY_FUZZ_TARGET must be one of:");
      for (const auto& each : fuzz::targets()) std::fprintf(stderr, " %s", each.name.data());
      std::fprintf(stderr, "\n");
      std::exit(2);
    }
    return found;
  }();
  return *target;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen().run({reinterpret_cast<const char*>(data), size});
  return 0;
}
