// SPDX-License-Identifier: Apache-2.0
#pragma once
// The config of an imported image, from --change lines.
#include <string>

#include "cli/options.h"
#include "oci/platform.h"

namespace cli {

/// Image config bytes without layers. Takes ENV, CMD, ENTRYPOINT, USER, WORKDIR, LABEL, EXPOSE,
/// VOLUME and STOPSIGNAL; anything else throws invalid_argument and names the line.
std::string import_config(const oci::Platform& platform, const ImportOptions& options);

}  // namespace cli
