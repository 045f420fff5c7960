// SPDX-License-Identifier: Apache-2.0
#pragma once
// From what the engine and the ops tell to what people see: one adapter to the progress room.
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "cli/build_history.h"
#include "dockerfile/gateway.h"
#include "llb/definition.h"
#include "ops/events.h"
#include "ops/explain.h"
#include "progress/events.h"
#include "solve/observer.h"

namespace cli {

/// Threads: any; the engine calls from its owner thread, ops from workers.
class BuildEvents final : public solve::Observer, public ops::Events {
 public:
  explicit BuildEvents(progress::Sink& sink) : sink_(sink) {}

  progress::Sink& sink() { return sink_; }

  /// From now on steps that run say why. Both outlive the events.
  void explain_with(const ops::Explainer& explainer, BuildHistory& history);
  /// From now on the output of steps goes to files too. The logs outlive the events.
  void log_to(StepLogs& logs) { logs_ = &logs; }
  /// From now on `take` is called with what each step makes, on the engine's thread; {} ends it.
  using TakeResults = std::function<void(const std::vector<solve::ResultPtr>& results)>;
  void give_results(TakeResults take) { take_results_ = std::move(take); }
  /// What became of the announced steps so far, in their order.
  std::vector<PastStep> past_steps() const;

  /// Announces the vertices of a graph, so that "(3/9)" counts them from the start. Keeps their
  /// source locations for errors.
  void announce(const llb::Graph& graph);
  /// Where in a Dockerfile a vertex comes from.
  std::optional<base::SourceRange> source_of(const base::Digest& vertex) const;

  void decided(const solve::Vertex& vertex, const solve::Decision& decision) override;
  void started(const solve::Vertex& vertex, base::Nanos at) override;
  void made(const solve::Vertex& vertex, const std::vector<solve::ResultPtr>& results) override;
  void completed(const solve::Vertex& vertex, base::Nanos at, solve::Outcome outcome) override;
  void failed(const solve::Vertex& vertex, base::Nanos at, const base::Error& error) override;
  void cancelled(const solve::Vertex& vertex, base::Nanos at) override;

  void log(const base::Digest& vertex, int stream, std::string_view bytes) override;
  void progress(const base::Digest& vertex, std::string_view id, std::uint64_t current, std::uint64_t total) override;
  void progress_done(const base::Digest& vertex, std::string_view id) override;
  void warn(const base::Digest& vertex, std::string_view text) override;
  /// A remark of the frontend on the Dockerfile.
  void warn_source(const dockerfile::Warning& warning);

 private:
  struct Known {
    progress::Vertex shown;
    std::vector<base::SourceRange> sources;
    std::optional<solve::Outcome> outcome;
    std::optional<ops::Explanation> why;
    std::string step;                          ///< solve::Vertex::step
    std::vector<base::SourceRange> wanted_by;  ///< the lines of a step that uses it
  };
  progress::Vertex change(const base::Digest& vertex, const auto& edit);
  ops::Explanation explain(const solve::Vertex& vertex, const solve::Decision& decision);

  progress::Sink& sink_;
  mutable std::mutex mutex_;
  std::map<base::Digest, Known> known_;
  std::vector<base::Digest> order_;
  const ops::Explainer* explainer_ = nullptr;
  BuildHistory* history_ = nullptr;
  StepLogs* logs_ = nullptr;
  TakeResults take_results_;
  std::map<std::pair<base::Digest, std::string>, progress::VertexStatus> transfers_;
};

}  // namespace cli
