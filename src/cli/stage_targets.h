// SPDX-License-Identifier: Apache-2.0
#pragma once
// The stages that images copy from, and the trees that are to be scanned, as further targets of a build: what they made
// is wanted for bills of materials, sizes and gates.
//
//     StageTargets stages(joined.graph, targets);      // adds to the targets
//     stages.add(graph, scan_graphs(image));           // for each image
//     auto results = engine.build(joined.graph, targets, stop);
//     stages.take(0, results, services, built, stop);  // into the first image
#include <map>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "attest/scan.h"
#include "cli/export.h"
#include "dockerfile/build.h"
#include "llb/definition.h"
#include "ops/services.h"
#include "solve/graph.h"
#include "solve/op.h"

namespace cli {

/// A tree of a PlatformImage with its graph.
struct ScanGraph {
  const dockerfile::ScanTree* tree;
  llb::Graph graph;
};

/// Those that say something; what is not to be scanned before what is, so that of two names of one tree that counts.
std::vector<ScanGraph> scan_graphs(const dockerfile::PlatformImage& image);

class StageTargets {
 public:
  /// Both outlive it.
  StageTargets(const solve::Graph& joined, std::vector<solve::Edge>& targets) : joined_(joined), targets_(targets) {}

  /// One more image. `joined` has the graphs of all and of their scan trees.
  void add(const llb::Graph& graph, const std::vector<ScanGraph>& scans);

  /// What was built of them, into the image of that number.
  void take(std::size_t number, const std::vector<solve::ResultPtr>& results, const ops::Services& services,
            BuiltImage& built, const std::stop_token& stop) const;

 private:
  /// What one step made.
  using Made = std::pair<base::Digest, int>;
  /// What is asked of it, and its place among the targets.
  using View = std::pair<attest::StageView, std::size_t>;

  struct PerImage {
    std::size_t own_layers = 0;
    std::vector<std::string> layer_stages;
    std::vector<View> stages;
    std::vector<View> scanned;
    std::map<Made, std::size_t> known;  ///< places in `stages`
    std::vector<attest::TracedCopy> copies;
  };

  View view_of(const Made& made, attest::StageView stage);
  void add_scan(PerImage& image, const dockerfile::ScanTree& tree, const llb::Graph& graph);
  std::size_t place_of(const base::Digest& vertex) const;

  const solve::Graph& joined_;
  std::vector<solve::Edge>& targets_;
  std::vector<PerImage> images_;
};

}  // namespace cli
