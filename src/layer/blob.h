// SPDX-License-Identifier: Apache-2.0
#pragma once
// From a tar stream to a blob: hashes before and after compression in one pass.
//
//     auto written = layer::write_blob({.kind = Compression::gzip}, sink, [&](layer::Sink& tar) {
//       layer::write_diff(lowers, upper, tar, {}, stop);
//     });
//     // written.digest names the blob, written.diff_id goes into the image config
#include <cstdint>
#include <functional>
#include <string>

#include "base/digest.h"
#include "layer/compress.h"
#include "layer/stream.h"

namespace layer {

/// What was written: the blob and the tar inside it.
struct WrittenLayer {
  base::Digest digest;
  std::uint64_t size = 0;
  base::Digest diff_id;
  std::uint64_t uncompressed_size = 0;
  Compression compression = Compression::none;

  bool operator==(const WrittenLayer&) const = default;
};

/// Runs `produce` with the sink for the tar's bytes; compresses, hashes and finishes `blob`.
WrittenLayer write_blob(const CompressOptions& options, Sink& blob, const std::function<void(Sink&)>& produce);

/// Reads a blob of any compression and writes it with another one (or the same again).
WrittenLayer recompress(Source& blob, const CompressOptions& options, Sink& out);

}  // namespace layer
