// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a BlockCompressor calls for each block: one whole gzip member or zstd frame, made by libdeflate
// and libzstd. The bytes follow from the block and the level alone.
//
// Threads: any number may call one encoder at once; each call has buffers of its own, kept between calls.
#include "layer/block_compressor.h"

namespace layer {

/// 0 to 9.
BlockCompressor::Compress gzip_encoder(int level);
/// 1 to 22.
BlockCompressor::Compress zstd_encoder(int level);

}  // namespace layer
