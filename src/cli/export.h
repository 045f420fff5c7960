// SPDX-License-Identifier: Apache-2.0
#pragma once
// From built filesystems to the destinations of -o and -t.
#include <functional>
#include <string>
#include <vector>

#include "attest/components_method.h"
#include "cli/house.h"
#include "cli/options.h"
#include "dockerfile/build.h"
#include "ops/methods.h"
#include "ops/services.h"
#include "output/assemble.h"
#include "output/compatibility.h"
#include "output/spec.h"
#include "progress/events.h"

namespace cli {

/// What a build made for one platform.
struct BuiltImage {
  dockerfile::PlatformImage image;
  snapshot::Chain chain;
  /// The text of an inline cache for an image with these layers; may be empty.
  std::function<std::string(const std::vector<base::Digest>& diff_ids)> inline_cache;
  std::vector<attest::Attestation> attestations;
  /// With BuildSession::keep_stages(): what the image's COPY --from took from, and which.
  std::vector<attest::StageView> stages;
  std::vector<attest::TracedCopy> copies;  ///< layers counted from the first one that is not the base image's
  /// With BuildSession::keep_scan_trees(): other trees that the SBOM is to list.
  std::vector<attest::StageView> scanned;
  std::size_t own_layers = 0;             ///< how many layers those are
  std::vector<std::string> layer_stages;  ///< the stage that each of them belongs to
};

/// The outputs a command line asks for: -o flags, --push, --load, and the image store for -t alone.
/// Throws invalid_argument for what cannot be written, before anything is built.
std::vector<output::Spec> wanted_outputs(const BuildOptions& options);

/// Whether the images of the build will have attestations.
output::Attested attested_by(const BuildOptions& options);

/// What was written, for --iidfile and --metadata-file.
struct Exported {
  std::optional<output::AssembledImage> image;
  oci::Descriptor listed;
  std::vector<std::string> names;
};

/// Writes one output.
Exported export_images(const std::vector<BuiltImage>& images, const output::Spec& spec, const BuildOptions& options,
                       std::optional<base::Nanos> epoch, House& house, const ops::Services& services,
                       progress::Sink& sink, const std::stop_token& stop);

/// Methods of the helper beside those of ops: for -o type=tar and type=local, and for bills of materials.
std::map<std::string, ops::Method> export_methods();

}  // namespace cli
