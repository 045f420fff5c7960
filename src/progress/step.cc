// SPDX-License-Identifier: Apache-2.0
#include "progress/step.h"

#include <utility>

#include "base/format.h"

namespace progress {
namespace {

constexpr base::Nanos kBetweenUpdates = base::kSecond / 10;

Vertex named(std::string name, base::Nanos now) {
  Vertex vertex;
  vertex.digest = base::sha256(base::format("step {} {}", now, name));
  vertex.name = std::move(name);
  return vertex;
}

}  // namespace

Step::Step(Sink& sink, const base::Clock& clock, std::string name)
    : Step(sink, clock, named(std::move(name), clock.now())) {}

Step::Step(Sink& sink, const base::Clock& clock, Vertex vertex)
    : sink_(sink), clock_(clock), vertex_(std::move(vertex)) {
  vertex_.started = clock_.now();
  sink_.event(vertex_);
}

Step::~Step() { end(std::string(kCancelledError)); }

void Step::log(int stream, std::string_view data) {
  sink_.event(
      VertexLog{.vertex = vertex_.digest, .stream = stream, .data = std::string(data), .timestamp = clock_.now()});
}

Transfer Step::transfer(std::string id, std::string name) { return {*this, std::move(id), std::move(name)}; }

void Step::done() { end(""); }

void Step::cached() {
  vertex_.cached = true;
  end("");
}

void Step::failed(std::string error) { end(std::move(error)); }

void Step::end(std::string error) {
  if (ended_.exchange(true)) return;
  vertex_.completed = clock_.now();
  vertex_.error = std::move(error);
  sink_.event(vertex_);
}

Transfer::Transfer(Step& step, std::string id, std::string name) : step_(step) {
  status_.id = std::move(id);
  status_.vertex = step.digest();
  status_.name = std::move(name);
  status_.started = step.clock_.now();
  send();
}

void Transfer::send() {
  status_.timestamp = step_.clock_.now();
  last_sent_ = status_.timestamp;
  step_.sink_.event(status_);
}

void Transfer::update(std::int64_t current, std::int64_t total) {
  status_.current = current;
  status_.total = total;
  if (step_.clock_.now() - last_sent_ >= kBetweenUpdates) send();
}

void Transfer::done() {
  status_.completed = step_.clock_.now();
  send();
}

void Transfer::done(std::int64_t current, std::int64_t total) {
  status_.current = current;
  status_.total = total;
  done();
}

}  // namespace progress
