// SPDX-License-Identifier: Apache-2.0
#pragma once
// The colours of the live display: blue for done, yellow for cancelled and warnings, red for errors,
// faint for log lines; changed by BUILDKIT_COLORS ("run=green:error=255,0,0"), none with NO_COLOR.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace progress {

/// Escape sequences, or "" for no colour.
struct Palette {
  std::string run;
  std::string cancel;
  std::string warning;
  std::string error;
  std::string faint;
  std::string bold;
};

/// `no_color` and `colors` are the environment's NO_COLOR and BUILDKIT_COLORS; a set, non-empty
/// NO_COLOR wins. What cannot be understood is left as it was and named in `complaints`.
Palette make_palette(const std::optional<std::string>& no_color, const std::optional<std::string>& colors,
                     std::vector<std::string>& complaints);

/// `text` in that colour, reset afterwards.
std::string coloured(std::string_view colour, std::string_view text);

}  // namespace progress
