// SPDX-License-Identifier: Apache-2.0
#pragma once
// One running step, for code that reports its own progress ("[internal] load build definition").
//
//     progress::Step step(sink, clock, "[internal] load build context");
//     auto transfer = step.transfer("transferring context:");
//     transfer.update(bytes, total);          // throttled to ten a second
//     transfer.done();
//     step.done();                            // or step.cached(), step.failed("no such file")
//
// `step.guard([&] { … })` reports an Error as the step's failure. A Step destroyed without an end is
// reported as cancelled. Threads: one Step may be used from many.
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/time.h"
#include "progress/events.h"

namespace progress {

class Transfer;

class Step {
 public:
  /// Starts a step whose digest is that of its name and the start time (unique in one build).
  Step(Sink& sink, const base::Clock& clock, std::string name);
  /// Starts the given vertex.
  Step(Sink& sink, const base::Clock& clock, Vertex vertex);
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  const base::Digest& digest() const { return vertex_.digest; }
  void log(int stream, std::string_view data);
  Transfer transfer(std::string id, std::string name = "");
  void done();
  void cached();
  void failed(std::string error);

  /// Runs `body` as this step's work: a base::Error that leaves it is reported as the step's failure.
  /// The caller still says done() or cached().
  template <typename Body>
  decltype(auto) guard(Body&& body) {
    try {
      return std::forward<Body>(body)();
    } catch (const base::Error& error) {
      failed(error.text());
      throw;
    }
  }

 private:
  friend class Transfer;
  void end(std::string error);

  Sink& sink_;
  const base::Clock& clock_;
  Vertex vertex_;
  std::atomic<bool> ended_ = false;
};

/// One status line of a step. Belongs to one thread; destroyed without done() it stays open.
class Transfer {
 public:
  void update(std::int64_t current, std::int64_t total = 0);
  void done();
  /// Sets the last numbers and ends.
  void done(std::int64_t current, std::int64_t total);

 private:
  friend class Step;
  Transfer(Step& step, std::string id, std::string name);
  void send();

  Step& step_;
  VertexStatus status_;
  base::Nanos last_sent_ = 0;
};

}  // namespace progress
