// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <cstdio>
#include <cstdlib>

namespace base {
namespace {

int threshold() {
  static const int level = [] {
    const char* text = ::getenv("SLIPWAY_LOG");
    const std::string_view name = text ? text : "";
    if (name == "debug") return 0;
    if (name == "info") return 1;
    if (name == "warn") return 2;
    return 3;
  }();
  return level;
}

}  // namespace

bool log_enabled(LogLevel level) { return static_cast<int>(level) >= threshold(); }

void log_line(LogLevel level, std::string_view text) {
  static constexpr const char* kNames[] = {"debug", "info", "warn"};
  std::fprintf(stderr, "slipway[%s] %.*s\n", kNames[static_cast<int>(level)], static_cast<int>(text.size()),
               text.data());
}

}  // namespace base
