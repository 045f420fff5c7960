// SPDX-License-Identifier: Apache-2.0
#pragma once
// Size reports for people and programs: of a build (--sizes) and of an image that is there.
#include <stop_token>
#include <string>

#include "attest/sizes.h"
#include "cli/build_session.h"
#include "cli/export.h"

namespace cli {

struct ImageSizes {
  attest::SizeReport report;
  std::vector<std::string> steps;  ///< of each layer; "" = the base image's, or unknown
  /// Stages that were built and are not part of the image, with all they hold.
  std::vector<std::pair<std::string, std::uint64_t>> left_behind;
};

ImageSizes sizes_of_image(const BuiltImage& built, BuildSession& session, const std::stop_token& stop);

std::string sizes_text(const ImageSizes& sizes);
base::Json sizes_json(const ImageSizes& sizes);

}  // namespace cli
