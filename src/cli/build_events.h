// SPDX-License-Identifier: Apache-2.0
#pragma once
// From what the engine and the ops tell to what people see: one adapter to the progress room.
#include <map>
#include <mutex>
#include <string>

#include "dockerfile/gateway.h"
#include "llb/definition.h"
#include "ops/events.h"
#include "progress/events.h"
#include "solve/observer.h"

namespace cli {

/// Threads: any; the engine calls from its owner thread, ops from workers.
class BuildEvents final : public solve::Observer, public ops::Events {
 public:
  explicit BuildEvents(progress::Sink& sink) : sink_(sink) {}

  progress::Sink& sink() { return sink_; }

  /// Announces the vertices of a graph, so that "(3/9)" counts them from the start. Keeps their
  /// source locations for errors.
  void announce(const llb::Graph& graph);
  /// Where in a Dockerfile a vertex comes from.
  std::optional<base::SourceRange> source_of(const base::Digest& vertex) const;

  void decided(const solve::Vertex& vertex, const solve::Decision& decision) override;
  void started(const solve::Vertex& vertex, base::Nanos at) override;
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
  };
  progress::Vertex change(const base::Digest& vertex, const auto& edit);

  progress::Sink& sink_;
  mutable std::mutex mutex_;
  std::map<base::Digest, Known> known_;
  std::map<std::pair<base::Digest, std::string>, progress::VertexStatus> transfers_;
};

}  // namespace cli
