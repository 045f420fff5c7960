// SPDX-License-Identifier: Apache-2.0
#pragma once
// The graph of one build: vertices, and edges that name an output of a vertex.
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "solve/op.h"

namespace solve {

/// Output `output` of vertex number `vertex` of the graph.
struct Edge {
  std::size_t vertex = 0;
  int output = 0;
  bool operator==(const Edge&) const = default;
};

struct Vertex {
  base::Digest digest;  ///< names the vertex in events and errors
  std::string name;     ///< for people: "[build 2/5] RUN make"
  /// Two names under which an earlier form of the step is looked for, to explain a miss; "" = none.
  std::string step;    ///< stays the same while lines around it change: what it says, and in which stage
  std::string place;   ///< stays the same while the step is edited: where it stands
  std::string source;  ///< the step's own lines of its Dockerfile, or ""
  std::vector<Edge> inputs;
  std::shared_ptr<Op> op;
  bool ignore_cache = false;  ///< runs even when a key hits (--no-cache); its outcome is recorded
};

/// Vertices in topological order: the inputs of a vertex stand before it.
struct Graph {
  std::vector<Vertex> vertices;
};

/// Throws invalid_argument when an edge points forward or nowhere, or a vertex has no op.
void validate(const Graph& graph, const std::vector<Edge>& targets);

}  // namespace solve
