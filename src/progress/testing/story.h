// SPDX-License-Identifier: Apache-2.0
#pragma once
// Events for tests, written short: times are tenths of seconds after a fixed start.
#include <optional>
#include <string>
#include <vector>

#include "progress/events.h"

namespace progress::testing {

inline constexpr base::Nanos kStart = 1'600'000'000 * base::kSecond;

inline base::Nanos at(double tenths) { return kStart + static_cast<base::Nanos>(tenths * 1e8); }

inline base::Digest id(const std::string& name) { return base::sha256(name); }

inline Vertex known(const std::string& name) { return {.digest = id(name), .name = name}; }

inline Vertex running(const std::string& name, double start) {
  auto vertex = known(name);
  vertex.started = at(start);
  return vertex;
}

inline Vertex done(const std::string& name, double start, double end) {
  auto vertex = running(name, start);
  vertex.completed = at(end);
  return vertex;
}

inline Vertex cached(const std::string& name, double when) {
  auto vertex = done(name, when, when);
  vertex.cached = true;
  return vertex;
}

inline Vertex failed(const std::string& name, double start, double end, const std::string& error) {
  auto vertex = done(name, start, end);
  vertex.error = error;
  return vertex;
}

inline VertexLog log(const std::string& name, double when, const std::string& data) {
  return {.vertex = id(name), .stream = 1, .data = data, .timestamp = at(when)};
}

inline VertexStatus transfer(const std::string& name, const std::string& what, double start, double when,
                             std::int64_t current, std::int64_t total) {
  return {
      .id = what, .vertex = id(name), .total = total, .current = current, .timestamp = at(when), .started = at(start)};
}

inline VertexStatus transferred(const std::string& name, const std::string& what, double start, double when,
                                std::int64_t current, std::int64_t total) {
  auto status = transfer(name, what, start, when, current, total);
  status.completed = at(when);
  return status;
}

}  // namespace progress::testing
