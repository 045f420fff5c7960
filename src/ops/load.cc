// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "base/error.h"
#include "ops/op.h"
#include "ops/step_names.h"

namespace ops {
namespace {

std::shared_ptr<solve::Op> make_source(const llb::Vertex& vertex, const llb::SourceOp& source,
                                       const Services& services) {
  const std::string_view scheme = source.scheme();
  if (scheme == "docker-image" || scheme == "oci-layout") return make_source_image(vertex, services);
  if (scheme == "local") return make_source_local(vertex, services);
  if (scheme == "git") return make_source_git(vertex, services);
  if (scheme == "http" || scheme == "https") return make_source_http(vertex, services);
  base::fail(base::Code::unimplemented, "source {} has a scheme that is not known here", source.identifier);
}

std::shared_ptr<solve::Op> make_allowed_source(llb::Vertex vertex, const Services& services,
                                               const std::stop_token& stop) {
  auto& source = std::get<llb::SourceOp>(vertex.op.kind);
  try {
    services.policy.apply(source, {vertex.op.platform, stop});
  } catch (base::Error& error) {
    error.set_vertex(vertex.digest.str());
    throw;
  }
  return make_source(vertex, source, services);
}

std::shared_ptr<solve::Op> make_op(const llb::Vertex& vertex, const Services& services, const std::stop_token& stop) {
  if (const auto* results = services.by_hand.given(vertex.digest)) return make_given(vertex, *results);
  if (std::holds_alternative<llb::SourceOp>(vertex.op.kind)) return make_allowed_source(vertex, services, stop);
  if (std::holds_alternative<llb::ExecOp>(vertex.op.kind)) return make_exec(vertex, services);
  if (std::holds_alternative<llb::FileOp>(vertex.op.kind)) return make_file(vertex, services);
  if (std::holds_alternative<llb::MergeOp>(vertex.op.kind)) return make_merge(vertex, services);
  if (std::holds_alternative<llb::DiffOp>(vertex.op.kind)) return make_diff(vertex, services);
  base::fail(base::Code::unimplemented, "{} operations cannot be built yet", llb::kind_name(vertex.op));
}

/// Puts graphs together; a vertex is known by its digest, which stands for all that it is made from.
class Joiner {
 public:
  Joiner(const Services& services, const std::stop_token& stop)
      : services_(services), stop_(stop), namer_(services.settings.project) {}

  /// The graph's head in the joined graph.
  std::optional<solve::Edge> add(const llb::Graph& graph) {
    std::vector<std::size_t> places;
    for (const auto& vertex : graph.vertices) places.push_back(place(vertex, places));
    if (!graph.head) return std::nullopt;
    return solve::Edge{.vertex = places[graph.head->vertex], .output = static_cast<int>(graph.head->output)};
  }

  solve::Graph take() { return std::move(graph_); }

 private:
  std::size_t place(const llb::Vertex& vertex, const std::vector<std::size_t>& places) {
    const auto [known, is_new] = places_.emplace(vertex.digest, graph_.vertices.size());
    if (!is_new) {
      solve::Vertex& step = graph_.vertices[known->second];
      step.ignore_cache = step.ignore_cache || vertex.metadata.ignore_cache;
      return known->second;
    }
    solve::Vertex step;
    step.digest = vertex.digest;
    step.name = vertex.name();
    const StepNames names = namer_.of(vertex);
    step.step = names.step;
    step.place = names.place;
    step.source = names.source;
    step.ignore_cache = vertex.metadata.ignore_cache;
    for (std::size_t i = 0; i < vertex.inputs.size(); ++i) {
      step.inputs.push_back(
          {.vertex = places[vertex.inputs[i]], .output = static_cast<int>(vertex.op.inputs[i].index)});
    }
    step.op = make_op(vertex, services_, stop_);
    graph_.vertices.push_back(std::move(step));
    return known->second;
  }

  const Services& services_;
  const std::stop_token& stop_;
  StepNamer namer_;
  solve::Graph graph_;
  std::map<base::Digest, std::size_t> places_;
};

}  // namespace

LoadedGraph load(const llb::Graph& graph, const Services& services, const std::stop_token& stop) {
  Joiner joiner(services, stop);
  LoadedGraph loaded;
  loaded.head = joiner.add(graph);
  loaded.graph = joiner.take();
  return loaded;
}

JoinedGraph load_joined(std::span<const llb::Graph> graphs, const Services& services, const std::stop_token& stop) {
  Joiner joiner(services, stop);
  JoinedGraph joined;
  for (const auto& graph : graphs) joined.heads.push_back(joiner.add(graph));
  joined.graph = joiner.take();
  return joined;
}

}  // namespace ops
