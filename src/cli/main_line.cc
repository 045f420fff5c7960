// SPDX-License-Identifier: Apache-2.0
#include "cli/main_line.h"

#include <algorithm>
#include <optional>

#include "ops/step_names.h"

namespace cli {
namespace {

/// The vertex that an op's input leads to; nothing for an empty filesystem.
std::optional<std::size_t> input_of(const llb::Vertex& vertex, std::int64_t input) {
  if (input < 0 || static_cast<std::size_t>(input) >= vertex.inputs.size()) return std::nullopt;
  return vertex.inputs[static_cast<std::size_t>(input)];
}

std::optional<std::size_t> below(const llb::Vertex& vertex) {
  if (const auto* exec = std::get_if<llb::ExecOp>(&vertex.op.kind)) {
    for (const auto& mount : exec->mounts) {
      if (mount.dest == llb::kRootMount) return input_of(vertex, mount.input);
    }
    return std::nullopt;
  }
  if (const auto* file = std::get_if<llb::FileOp>(&vertex.op.kind)) {
    // Actions build on each other; the first one's input is what the step stands on.
    return file->actions.empty() ? std::nullopt : input_of(vertex, file->actions.front().input);
  }
  if (const auto* merge = std::get_if<llb::MergeOp>(&vertex.op.kind)) {
    return merge->inputs.empty() ? std::nullopt : input_of(vertex, merge->inputs.front());
  }
  return std::nullopt;
}

bool is_context(const llb::Vertex& vertex) {
  const auto* source = std::get_if<llb::SourceOp>(&vertex.op.kind);
  return source && source->scheme() != "docker-image" && source->scheme() != "oci-layout";
}

void add_copies(const llb::Graph& graph, const llb::Vertex& vertex, std::size_t step, std::vector<CopyFrom>& copies) {
  if (const auto* merge = std::get_if<llb::MergeOp>(&vertex.op.kind)) {
    for (std::size_t i = 1; i < merge->inputs.size(); ++i) {
      if (const auto linked = input_of(vertex, merge->inputs[i]))
        add_copies(graph, graph.vertices[*linked], step, copies);
    }
    return;
  }
  const auto* file = std::get_if<llb::FileOp>(&vertex.op.kind);
  for (const auto& action : file ? file->actions : std::vector<llb::FileAction>()) {
    const auto* copy = std::get_if<llb::FileCopy>(&action.kind);
    const auto from = copy ? input_of(vertex, action.secondary_input) : std::nullopt;
    if (!from || is_context(graph.vertices[*from])) continue;
    const auto& input = vertex.op.inputs[static_cast<std::size_t>(action.secondary_input)];
    copies.push_back({step, *from, static_cast<int>(input.index), copy->src, copy->dest});
  }
}

}  // namespace

MainLine main_line(const llb::Graph& graph) {
  MainLine line;
  if (!graph.head) return line;
  for (std::optional<std::size_t> at = graph.head->vertex; at; at = below(graph.vertices[*at])) {
    if (!std::holds_alternative<llb::SourceOp>(graph.vertices[*at].op.kind)) line.steps.push_back(*at);
  }
  std::reverse(line.steps.begin(), line.steps.end());
  for (std::size_t i = 0; i < line.steps.size(); ++i) {
    add_copies(graph, graph.vertices[line.steps[i]], i, line.copies);
  }
  return line;
}

std::string stage_of(const llb::Vertex& vertex) {
  const auto title = ops::parse_step_title(vertex.name());
  if (title && !title->stage.empty()) return title->stage;
  const auto* source = std::get_if<llb::SourceOp>(&vertex.op.kind);
  if (!source) return vertex.name();
  const std::string name = source->identifier.substr(source->identifier.find("://") + 3);
  return name.substr(0, name.find('@'));
}

}  // namespace cli
