// SPDX-License-Identifier: Apache-2.0
#include "solve/graph.h"

#include "base/error.h"

namespace solve {

namespace {

void check_edge(const Edge& edge, std::size_t below, const std::string& user) {
  if (edge.vertex >= below || edge.output < 0) {
    base::fail(base::Code::invalid_argument,
               "invalid build graph: {} uses output {} of vertex {}, which is not before it", user, edge.output,
               edge.vertex);
  }
}

}  // namespace

void validate(const Graph& graph, const std::vector<Edge>& targets) {
  for (std::size_t v = 0; v < graph.vertices.size(); ++v) {
    const Vertex& vertex = graph.vertices[v];
    if (!vertex.op) base::fail(base::Code::invalid_argument, "invalid build graph: vertex {} has no operation", v);
    for (const Edge& edge : vertex.inputs) check_edge(edge, v, vertex.name);
  }
  for (const Edge& edge : targets) check_edge(edge, graph.vertices.size(), "the target");
}

}  // namespace solve
