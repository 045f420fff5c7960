// SPDX-License-Identifier: Apache-2.0
#pragma once
// Under which names a step is looked for when nothing in the cache fits it, so that its miss can be explained
// by the record of its earlier form (solve::Vertex::step and place).
#include <map>
#include <string>
#include <vector>

#include "llb/definition.h"

namespace ops {

struct StepNames {
  std::string step;   ///< project, stage, kind of op and the instruction's own lines: found again wherever it stands in
                      ///< the stage
  std::string place;  ///< project, stage, kind of op, number and instruction word: found again after it was edited
  std::string source;  ///< the instruction's own lines
};

/// The steps of one project. Keeps where the lines of each source file begin, so that naming all steps of a long
/// Dockerfile takes linear time.
class StepNamer {
 public:
  explicit StepNamer(std::string project) : project_(std::move(project)) {}
  StepNames of(const llb::Vertex& vertex);

 private:
  std::string lines_of(const base::SourceRange& range);

  std::string project_;
  std::map<std::shared_ptr<const std::string>, std::vector<std::size_t>> line_starts_;
};

/// "[linux/arm64 build 2/5] RUN make" taken apart. Steps of a Dockerfile only.
struct StepTitle {
  std::string stage;   ///< "linux/arm64 build", "" for a nameless last stage
  std::string number;  ///< "2"
  std::string text;    ///< "RUN make"
};
std::optional<StepTitle> parse_step_title(std::string_view name);

}  // namespace ops
