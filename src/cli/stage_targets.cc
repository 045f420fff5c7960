// SPDX-License-Identifier: Apache-2.0
#include "cli/stage_targets.h"

#include <algorithm>

#include "base/error.h"
#include "cli/main_line.h"
#include "ops/materialize.h"

namespace cli {

std::vector<ScanGraph> scan_graphs(const dockerfile::PlatformImage& image) {
  std::vector<ScanGraph> graphs;
  for (const auto& tree : image.scan_trees) {
    auto graph = llb::parse(tree.definition);
    if (graph.head) graphs.push_back({&tree, std::move(graph)});
  }
  std::stable_partition(graphs.begin(), graphs.end(), [](const ScanGraph& scan) { return !scan.tree->is_wanted; });
  return graphs;
}

void StageTargets::add(const llb::Graph& graph, const std::vector<ScanGraph>& scans) {
  PerImage& image = images_.emplace_back();
  const MainLine line = main_line(graph);
  image.own_layers = line.steps.size();
  for (const auto step : line.steps) image.layer_stages.push_back(stage_of(graph.vertices[step]));
  for (const auto& copy : line.copies) {
    const llb::Vertex& from = graph.vertices[copy.vertex];
    const Made made{from.digest, copy.output};
    const auto [stage, is_new] = image.known.emplace(made, image.stages.size());
    if (is_new) image.stages.push_back(view_of(made, {.name = stage_of(from)}));
    image.copies.push_back({copy.step, stage->second, copy.source, copy.destination});
  }
  for (const auto& [tree, of_tree] : scans) add_scan(image, *tree, of_tree);
}

void StageTargets::take(std::size_t number, const std::vector<solve::ResultPtr>& results, const ops::Services& services,
                        BuiltImage& built, const std::stop_token& stop) const {
  if (number >= images_.size()) return;
  const PerImage& image = images_[number];
  built.own_layers = image.own_layers;
  built.layer_stages = image.layer_stages;
  built.copies = image.copies;
  for (const auto& [view, result] : image.stages) {
    built.stages.push_back(view);
    built.stages.back().chain = ops::materialize(results[result], services, stop);
  }
  for (const auto& [view, result] : image.scanned) {
    built.scanned.push_back(view);
    built.scanned.back().chain = ops::materialize(results[result], services, stop);
  }
}

StageTargets::View StageTargets::view_of(const Made& made, attest::StageView stage) {
  targets_.push_back({place_of(made.first), made.second});
  return {std::move(stage), targets_.size() - 1};
}

void StageTargets::add_scan(PerImage& image, const dockerfile::ScanTree& tree, const llb::Graph& graph) {
  const Made made{graph.vertices[graph.head->vertex].digest, static_cast<int>(graph.head->output)};
  const auto known = image.known.find(made);
  if (known != image.known.end()) {
    image.stages[known->second].first.listed = tree.is_wanted;
  } else if (tree.is_wanted) {
    const auto kind = tree.is_context ? attest::TreeKind::sources : attest::TreeKind::filesystem;
    image.scanned.push_back(view_of(made, {.name = tree.name, .kind = kind}));
  }
}

std::size_t StageTargets::place_of(const base::Digest& vertex) const {
  const auto found = std::find_if(joined_.vertices.begin(), joined_.vertices.end(),
                                  [&](const solve::Vertex& other) { return other.digest == vertex; });
  SLIP_CHECK(found != joined_.vertices.end());
  return static_cast<std::size_t>(found - joined_.vertices.begin());
}

}  // namespace cli
