// SPDX-License-Identifier: Apache-2.0
#pragma once
// bzip2 and xz, which no layer uses but archives for ADD may. Read through libarchive, which is
// loaded when first needed, so that programs that never meet such an archive do not pay for it.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "layer/stream.h"

namespace layer {

enum class ForeignCompression : std::uint8_t { bzip2, xz };

/// What the first bytes say.
std::optional<ForeignCompression> sniff_foreign(std::span<const std::byte> head);

/// A source of the plain bytes of `in`, which must outlive it. Throws unavailable, with the package to
/// install, where libarchive is missing; data_loss for damaged data.
std::unique_ptr<Source> make_foreign_decompressor(Source& in, ForeignCompression kind);

}  // namespace layer
