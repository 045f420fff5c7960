// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "ops/op.h"

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

std::shared_ptr<solve::Op> make_op(const llb::Vertex& vertex, const Services& services) {
  if (const auto* source = std::get_if<llb::SourceOp>(&vertex.op.kind)) return make_source(vertex, *source, services);
  if (std::holds_alternative<llb::ExecOp>(vertex.op.kind)) return make_exec(vertex, services);
  if (std::holds_alternative<llb::FileOp>(vertex.op.kind)) return make_file(vertex, services);
  if (std::holds_alternative<llb::MergeOp>(vertex.op.kind)) return make_merge(vertex, services);
  if (std::holds_alternative<llb::DiffOp>(vertex.op.kind)) return make_diff(vertex, services);
  base::fail(base::Code::unimplemented, "{} operations cannot be built yet", llb::kind_name(vertex.op));
}

}  // namespace

LoadedGraph load(const llb::Graph& graph, const Services& services) {
  LoadedGraph loaded;
  loaded.graph.vertices.reserve(graph.vertices.size());
  for (const auto& vertex : graph.vertices) {
    solve::Vertex step;
    step.digest = vertex.digest;
    step.name = vertex.name();
    step.step = vertex.metadata.custom_name();
    step.ignore_cache = vertex.metadata.ignore_cache;
    for (std::size_t i = 0; i < vertex.inputs.size(); ++i) {
      step.inputs.push_back({.vertex = vertex.inputs[i], .output = static_cast<int>(vertex.op.inputs[i].index)});
    }
    step.op = make_op(vertex, services);
    loaded.graph.vertices.push_back(std::move(step));
  }
  if (graph.head) {
    loaded.head = solve::Edge{.vertex = graph.head->vertex, .output = static_cast<int>(graph.head->output)};
  }
  return loaded;
}

}  // namespace ops
