// SPDX-License-Identifier: Apache-2.0
#include "solve/observer.h"

namespace solve {

std::string_view reason_name(RunReason reason) {
  switch (reason) {
    case RunReason::never_built: return "never built";
    case RunReason::input_changed: return "input changed";
    case RunReason::key_changed: return "key changed";
    case RunReason::forced: return "forced";
    case RunReason::evicted: return "evicted";
    case RunReason::unique: return "unique";
  }
  return "unknown";
}

void Observer::decided(const Vertex&, const Decision&) {}
void Observer::started(const Vertex&, base::Nanos) {}
void Observer::made(const Vertex&, const std::vector<ResultPtr>&) {}
void Observer::completed(const Vertex&, base::Nanos, Outcome) {}
void Observer::failed(const Vertex&, base::Nanos, const base::Error&) {}
void Observer::cancelled(const Vertex&, base::Nanos) {}

}  // namespace solve
