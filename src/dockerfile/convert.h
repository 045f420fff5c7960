// SPDX-License-Identifier: Apache-2.0
#pragma once
// Conversion: a parsed Dockerfile to the graph and the image config of one target platform.
//
// In order: global ARGs, the stages' base names, the target, what depends on what, base images (and
// the ONBUILD triggers they bring), then every needed stage's instructions in file order, and last
// the build context, reduced to the paths that turned out to be used.
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "dockerfile/context.h"
#include "dockerfile/convert_lint.h"
#include "dockerfile/image_config.h"
#include "dockerfile/instructions.h"
#include "dockerfile/outline.h"
#include "dockerfile/parser.h"
#include "dockerfile/practice.h"
#include "llb/state.h"

namespace dockerfile {

/// The time that replaces "now" in images, from SOURCE_DATE_EPOCH.
struct Epoch {
  std::int64_t seconds = 0;
  std::string text;  ///< RFC 3339, in the zone it was given in

  static Epoch from_seconds(std::int64_t seconds);
  std::int64_t nanoseconds() const { return seconds * 1'000'000'000; }
};

struct ConvertOptions {
  ContextClient* client = nullptr;
  std::shared_ptr<const llb::SourceMap> source;
  std::optional<llb::Platform> target_platform;  ///< none = the build platform, to be adapted to the base image
  LintSink lint;                                 ///< none = no checks
  PracticeSink practice;                         ///< none = no rules beyond BuildKit's
  /// Convert stages the target does not need, too (for checks).
  enum class Stages : std::uint8_t { needed, all } stages = Stages::needed;
  bool with_outline = false;  ///< gather ConvertResult::outline
};

/// A tree that BUILDKIT_SBOM_SCAN_STAGE or _CONTEXT says something about.
struct ScanTreeState {
  llb::State state;
  bool is_context = false;
  bool is_wanted = false;  ///< to be scanned; else it is not to be
};

struct ConvertResult {
  llb::State state;
  llb::MarshalOptions marshal;  ///< how the state is to be marshalled
  ImageConfig image;
  std::shared_ptr<const ImageConfig> base_image;  ///< null when from scratch
  std::optional<Epoch> epoch;
  std::optional<Outline> outline;
  std::map<std::string, ScanTreeState> scan_trees;  ///< by the stage's name, or "context"
  bool ignore_cache = false;                        ///< the target's, or a wanted tree's stage was told to
  std::shared_ptr<void> keep;                       ///< what `state` stands on besides the builder
};

/// Throws LocatedError or base::Error with BuildKit's texts.
ConvertResult convert(const ConvertOptions& options);

}  // namespace dockerfile
