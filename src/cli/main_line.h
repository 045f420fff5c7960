// SPDX-License-Identifier: Apache-2.0
#pragma once
// The steps that an image's layers are made by, bottom first, and what they copy from other stages.
//
// The main line of a graph leads from its head down to the base image: through the root filesystem of a RUN, through
// what a COPY writes onto, through the first input of a merge (COPY --link). Every step on it makes one layer.
#include <cstddef>
#include <string>
#include <vector>

#include "llb/definition.h"

namespace cli {

/// One source of a COPY --from.
struct CopyFrom {
  std::size_t step = 0;    ///< place in MainLine::steps
  std::size_t vertex = 0;  ///< in the graph: what is copied from, and which output of it
  int output = 0;
  std::string source;
  std::string destination;
};

struct MainLine {
  std::vector<std::size_t> steps;  ///< vertices that make a layer each, bottom first
  std::vector<CopyFrom> copies;    ///< from other stages and images, not from contexts
};

MainLine main_line(const llb::Graph& graph);

/// What people call the place a vertex belongs to: its stage's name, or the image it is.
std::string stage_of(const llb::Vertex& vertex);

}  // namespace cli
