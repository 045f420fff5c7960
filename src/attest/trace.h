// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the components of an image come from: which layer brought each in, and which package of another stage a copied
// file belongs to. A scanner of the finished image cannot know the second: on scratch there is no database left.
//
// A copied file is traced by what the build recorded (COPY --from: that stage, this source, that destination), and only
// where its bytes are those of the file it is said to be a copy of.
#include <stop_token>
#include <string>
#include <vector>

#include "attest/scan.h"

namespace attest {

/// One COPY --from of the image: what stands in `layer` below `destination` came from `source` of a stage.
struct TracedCopy {
  std::size_t layer = 0;  ///< number of the layer, from 0 at the bottom
  std::size_t stage = 0;  ///< number of the stage in `stages`
  std::string source;
  std::string destination;
};

struct TracedLayer {
  std::string directory;  ///< its own files, in overlayfs' form
  std::string step;       ///< the step that made it; "" = the base image
};

struct TracedStage {
  std::string name;
  int root = -1;  ///< its filesystem
  TreeKind kind = TreeKind::filesystem;
  bool listed = true;  ///< what it holds is listed; else it only explains what was copied from it
};

/// Everything about the image at `root` made of `layers`: its own components with the layers they came with, components
/// of other stages that copied files belong to, and what else the listed stages held, as build components.
Components trace_components(int root, const std::vector<TracedLayer>& layers, const std::vector<TracedStage>& stages,
                            const std::vector<TracedCopy>& copies, const std::string& scratch,
                            const std::stop_token& stop);

}  // namespace attest
