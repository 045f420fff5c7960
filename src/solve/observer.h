// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a build tells while it goes: which vertex ran, why, and how it ended.
//
// Per vertex the calls come in this order, all on the build's owner thread:
//   a hit:    started, completed(cached)
//   a run:    decided, started, made, completed(ran) | failed | cancelled
//   covered:  completed(covered) at the end of the build, for steps behind a hit
// A vertex whose key or lock could not be had fails without having been decided. A hit whose result
// turns out to be gone when somebody needs it is followed by a run of the same vertex.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "solve/cache_storage.h"
#include "solve/graph.h"
#include "solve/op.h"

namespace solve {

/// Why a step runs. "slipway why" and the tests both rest on it.
enum class RunReason : std::uint8_t {
  never_built,    ///< nothing is known of such a step
  input_changed,  ///< the same op ran before, on other inputs
  key_changed,    ///< the same step of the Dockerfile, or the one that stood in its place, ran before as another op
  forced,         ///< it ignores the cache
  evicted,        ///< it was recorded, but what it made is gone
  unique,         ///< steps of this kind are never recorded (a local directory)
};

std::string_view reason_name(RunReason reason);

struct Decision {
  RunReason reason = RunReason::never_built;
  base::Json recipe;               ///< of the key that missed
  std::optional<Record> previous;  ///< the nearest earlier record, to diff the recipe with
};

enum class Outcome : std::uint8_t {
  ran,
  cached,   ///< a key hit, or an equal step of this or another build made it meanwhile
  covered,  ///< never looked at, because everything that uses it was cached
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void decided(const Vertex& vertex, const Decision& decision);
  virtual void started(const Vertex& vertex, base::Nanos at);
  /// What the step made, once it is recorded.
  virtual void made(const Vertex& vertex, const std::vector<ResultPtr>& results);
  virtual void completed(const Vertex& vertex, base::Nanos at, Outcome outcome);
  virtual void failed(const Vertex& vertex, base::Nanos at, const base::Error& error);
  virtual void cancelled(const Vertex& vertex, base::Nanos at);
};

}  // namespace solve
