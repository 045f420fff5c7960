// SPDX-License-Identifier: Apache-2.0
#pragma once
// Values as the history lines of images have them, which is Go's %v, %q and %+v.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/image_config.h"

namespace dockerfile {

/// "[a b]"
std::string plain_list(const std::vector<std::string>& values);
/// `["a" "b"]`
std::string quoted_list(const std::vector<std::string>& values);
/// "1m30s", "1.5s", "0s"
std::string duration_text(std::int64_t nanoseconds);
/// "{Test:[CMD true] Interval:1s …}"
std::string health_text(const HealthConfig& health);
/// The first word in upper case.
std::string with_upper_command(std::string_view text);
/// First line of a heredoc, "..." when there are more.
std::string heredoc_summary(std::string_view text);

}  // namespace dockerfile
