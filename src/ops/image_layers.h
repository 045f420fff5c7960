// SPDX-License-Identifier: Apache-2.0
#pragma once
// The layers of an image as layer directories of the store.
#include <stop_token>
#include <string_view>

#include "base/digest.h"
#include "ops/image_resolver.h"
#include "ops/services.h"
#include "snapshot/snapshotter.h"

namespace ops {

/// The encoding under which a layer's own blob, as it was pulled, is recorded.
inline constexpr std::string_view kPulledEncoding = "pulled";

/// Fetches and unpacks the layers that are not in the store yet, side by side; the whole chain is
/// there afterwards. Progress goes to the events of `vertex`.
snapshot::Chain pull_layers(const ResolvedBase& base, const base::Digest& vertex, const Services& services,
                            const std::stop_token& stop);

}  // namespace ops
