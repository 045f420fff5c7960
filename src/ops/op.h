// SPDX-License-Identifier: Apache-2.0
#pragma once
// From LLB to steps: what each operation does when the engine asks.
//
//     llb::Graph graph = llb::parse(definition);
//     ops::LoadedGraph loaded = ops::load(graph, services, stop);
//     auto results = engine.build(loaded.graph, {loaded.head}, stop);
//
// One file per operation (source_image, source_local, source_git, source_http, exec, file, merge,
// diff, build), each with a make_… function that load() calls by the kind of the op.
// Threads: ops are used as solve/op.h says. Failure: base::Error; load() throws invalid_argument for
// an op that cannot be built here.
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "llb/definition.h"
#include "ops/services.h"
#include "solve/graph.h"

namespace ops {

std::shared_ptr<solve::Op> make_exec(const llb::Vertex& vertex, const Services& services);
std::shared_ptr<solve::Op> make_file(const llb::Vertex& vertex, const Services& services);
std::shared_ptr<solve::Op> make_source_image(const llb::Vertex& vertex, const Services& services);
std::shared_ptr<solve::Op> make_source_local(const llb::Vertex& vertex, const Services& services);
std::shared_ptr<solve::Op> make_source_git(const llb::Vertex& vertex, const Services& services);
std::shared_ptr<solve::Op> make_source_http(const llb::Vertex& vertex, const Services& services);
std::shared_ptr<solve::Op> make_merge(const llb::Vertex& vertex, const Services& services);
std::shared_ptr<solve::Op> make_diff(const llb::Vertex& vertex, const Services& services);
/// A step whose outcome was made by hand (by_hand.h).
std::shared_ptr<solve::Op> make_given(const llb::Vertex& vertex, const std::vector<solve::ResultPtr>& results);

struct LoadedGraph {
  solve::Graph graph;
  std::optional<solve::Edge> head;  ///< nothing = the empty filesystem
};

LoadedGraph load(const llb::Graph& graph, const Services& services, const std::stop_token& stop);

/// Several graphs (one per platform) as one: a step that several have is one step.
struct JoinedGraph {
  solve::Graph graph;
  std::vector<std::optional<solve::Edge>> heads;  ///< one per graph
};

JoinedGraph load_joined(std::span<const llb::Graph> graphs, const Services& services, const std::stop_token& stop);

}  // namespace ops
