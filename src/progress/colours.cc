// SPDX-License-Identifier: Apache-2.0
#include "progress/colours.h"

#include <array>
#include <utility>

#include "base/format.h"
#include "base/strings.h"

namespace progress {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 17> kNames = {{
    {"default", 39},
    {"black", 30},
    {"red", 31},
    {"green", 32},
    {"yellow", 33},
    {"blue", 34},
    {"magenta", 35},
    {"cyan", 36},
    {"white", 37},
    {"light-black", 90},
    {"light-red", 91},
    {"light-green", 92},
    {"light-yellow", 93},
    {"light-blue", 94},
    {"light-magenta", 95},
    {"light-cyan", 96},
    {"light-white", 97},
}};

std::string sgr(int code) { return base::format("\x1b[{}m", code); }

std::optional<std::string> parse_rgb(std::string_view text) {
  const auto parts = base::split(text, ',');
  if (parts.size() != 3) return std::nullopt;
  std::string out = "\x1b[38;2";
  for (const auto& part : parts) {
    const auto value = base::parse_int(base::trim(part));
    if (!value || *value < 0 || *value > 255) return std::nullopt;
    out += base::format(";{}", *value);
  }
  return out + "m";
}

std::optional<std::string> parse_colour(std::string_view text) {
  const auto wanted = base::lower(text);
  for (const auto& [name, code] : kNames) {
    if (name == wanted) return sgr(code);
  }
  return parse_rgb(text);
}

std::string* slot_of(Palette& palette, std::string_view key) {
  const auto name = base::lower(key);
  if (name == "run") return &palette.run;
  if (name == "cancel") return &palette.cancel;
  if (name == "warning") return &palette.warning;
  if (name == "error") return &palette.error;
  return nullptr;
}

}  // namespace

Palette make_palette(const std::optional<std::string>& no_color, const std::optional<std::string>& colors,
                     std::vector<std::string>& complaints) {
  if (no_color && !no_color->empty()) return {};
  Palette palette{
      .run = sgr(34), .cancel = sgr(33), .warning = sgr(33), .error = sgr(31), .faint = sgr(2), .bold = sgr(1)};
  if (!colors) return palette;
  for (const auto& raw : base::split(*colors, ':')) {
    // A CSV field may be quoted because its value has commas.
    const auto field = base::trim(raw, "\" ");
    if (field.empty()) continue;
    const auto pair = base::cut(field, "=");
    std::string* slot = pair ? slot_of(palette, pair->first) : nullptr;
    const auto colour = pair ? parse_colour(base::trim(pair->second, "\"")) : std::nullopt;
    if (slot != nullptr && colour) {
      *slot = *colour;
    } else {
      complaints.push_back(base::format(
          "BUILDKIT_COLORS: cannot use \"{}\": write run, cancel, warning or error = a colour's name or R,G,B", field));
    }
  }
  return palette;
}

std::string coloured(std::string_view colour, std::string_view text) {
  if (colour.empty()) return std::string(text);
  return base::format("{}{}\x1b[0m", colour, text);
}

}  // namespace progress
