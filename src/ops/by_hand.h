// SPDX-License-Identifier: Apache-2.0
#pragma once
// Steps that a person enters: another command in the place of a step's own, on the same mounts.
//
//     ByHand hands;
//     hands.keep_failed();                              // before a build: the mounts of the first step that fails stay
//     auto step = hands.take_failed();                  // after it
//     step->enter({.argv = {"/bin/sh"}, .in = 0, .out = 1, .err = 2}, stop);
//     hands.give(step->vertex(), step->take(stop));     // the next build uses that as the step's outcome
//
// What was made by hand has a name of its own, so that no other build ever finds it in the cache.
// Threads: any. Failure: base::Error as ops/op.h says; a command that fails is a result.
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/digest.h"
#include "llb/definition.h"
#include "sandbox/container.h"
#include "solve/op.h"

namespace ops {

struct Services;

/// A command to run in a step, and where it reads and writes.
struct Entry {
  std::vector<std::string> argv;
  int in = -1;
  int out = -1;
  int err = -1;
  int terminal = -1;  ///< a socket for the master of a new terminal (sandbox/terminal.h), instead of the three
};

/// A step that stands ready. What is written goes with it unless it is taken.
class EnteredStep {
 public:
  virtual ~EnteredStep() = default;
  /// The step's own command.
  virtual const std::vector<std::string>& command() const = 0;
  virtual sandbox::RunResult enter(const Entry& entry, const std::stop_token& stop) = 0;
  /// What stands there now as the step's results; once.
  virtual std::vector<solve::ResultPtr> take(const std::stop_token& stop) = 0;
};

class ByHand {
 public:
  struct Failed {
    base::Digest vertex;
    std::unique_ptr<EnteredStep> step;
  };

  void keep_failed() { keeps_failed_ = true; }
  /// A step failed: kept when it is the first and somebody wants it.
  void failed(const base::Digest& vertex, std::unique_ptr<EnteredStep> step);
  std::optional<Failed> take_failed();

  void give(const base::Digest& vertex, std::vector<solve::ResultPtr> results) { given_[vertex] = std::move(results); }
  /// What was given for a vertex; nullptr for others.
  const std::vector<solve::ResultPtr>* given(const base::Digest& vertex) const;

 private:
  bool keeps_failed_ = false;
  std::mutex mutex_;
  std::optional<Failed> failed_;
  std::map<base::Digest, std::vector<solve::ResultPtr>> given_;
};

/// The step of a vertex: at its start when `made` is empty, otherwise at its end. A vertex that is no RUN stands as a
/// bare filesystem, with the environment of `beside` (a RUN that builds on it) where there is one.
std::unique_ptr<EnteredStep> enter_step(const llb::Vertex& vertex, const llb::ExecOp* beside, const Services& services,
                                        const std::vector<solve::ResultPtr>& inputs,
                                        const std::vector<solve::ResultPtr>& made, const std::stop_token& stop);

}  // namespace ops
