// SPDX-License-Identifier: Apache-2.0
#include "base/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"

namespace base {
namespace {

struct Plan {
  std::string action;  // kill, fail or list
  std::string target;  // a number, a name or a file
};

const Plan* plan() {
  static const Plan* const configured = []() -> const Plan* {
    const char* text = ::getenv("SLIPWAY_FAULT");
    if (!text) return nullptr;
    const std::string_view spec(text);
    const auto at = spec.find_first_of("@=");
    if (at == spec.npos) return nullptr;
    return new Plan{std::string(spec.substr(0, at)), std::string(spec.substr(at + 1))};
  }();
  return configured;
}

}  // namespace

void fault_point(std::string_view name) {
  const Plan* const active = plan();
  if (!active) return;
  static std::atomic<std::int64_t> count{0};
  const std::int64_t number = ++count;
  if (active->action == "list") {
    const Fd file = open_file(active->target, O_WRONLY | O_CREAT | O_APPEND);
    write_all(file.get(), std::string(name) + "\n");
    return;
  }
  if (active->target != name && parse_int(active->target) != number) return;
  if (active->action == "kill") ::kill(::getpid(), SIGKILL);
  if (active->action == "fail") fail_errno(ENOSPC, base::format("{} (fault asked for by SLIPWAY_FAULT)", name));
}

}  // namespace base
