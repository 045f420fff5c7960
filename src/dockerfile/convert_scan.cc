// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/convert_scan.h"

#include <algorithm>

#include "base/strings.h"
#include "dockerfile/go_values.h"

namespace dockerfile {

std::optional<bool> scan_wish(std::string_view setting, const StageState& stage, const ArgList& global_args) {
  std::optional<std::string> value = global_args.get(setting);
  for (const auto& arg : stage.build_args) {
    if (arg.key == setting && arg.value) value = arg.value;
  }
  if (!value) return std::nullopt;
  if (const auto truth = parse_bool(*value)) return truth;
  const auto stages = base::split(*value, ',');
  return std::find(stages.begin(), stages.end(), stage.name) != stages.end();
}

}  // namespace dockerfile
