// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dockerfile/build.h"

namespace cli {

/// A build that does nothing but have the image; its config is empty. `platform` "" = this machine's.
dockerfile::PlatformImage only_image(const std::string& name, const std::string& platform);

}  // namespace cli
