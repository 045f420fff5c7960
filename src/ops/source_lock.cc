// SPDX-License-Identifier: Apache-2.0
#include "ops/source_lock.h"

#include "base/error.h"

namespace ops {

std::optional<std::string> SourceLock::find(std::string_view kind, std::string_view name,
                                            std::string_view platform) const {
  const auto found = pins_.find(key(kind, name, platform));
  if (found != pins_.end()) return found->second;
  if (mode_ == Mode::use) return std::nullopt;
  const std::string where = platform.empty() ? "" : base::format(" for {}", platform);
  base::fail(base::Code::failed_precondition, "{} {}{} is not in {}; 'slipway lock' adds it", kind, name, where, file_);
}

}  // namespace ops
