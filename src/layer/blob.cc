// SPDX-License-Identifier: Apache-2.0
#include "layer/blob.h"

#include "layer/estargz.h"

namespace layer {

WrittenLayer write_blob(const CompressOptions& options, Sink& blob, const std::function<void(Sink&)>& produce) {
  HashingSink compressed(blob);
  if (options.kind == Compression::none) {
    // One hash is both.
    produce(compressed);
    compressed.finish();
    const auto digest = compressed.digest();
    return {digest, compressed.size(), digest, compressed.size(), options.kind};
  }
  if (options.kind == Compression::estargz) {
    // It adds its table of contents to what it compresses.
    EstargzSink estargz(compressed, compression_level(options), options.threads);
    produce(estargz);
    estargz.finish();
    const auto diff_id = estargz.diff_id();
    return {compressed.digest(), compressed.size(), diff_id, estargz.uncompressed_size(), options.kind};
  }
  const auto compressor = make_compressor(options, compressed);
  HashingSink tar(*compressor);
  produce(tar);
  tar.finish();
  return {compressed.digest(), compressed.size(), tar.digest(), tar.size(), options.kind};
}

WrittenLayer recompress(Source& blob, const CompressOptions& options, Sink& out) {
  const auto plain = make_decompressor(blob);
  return write_blob(options, out, [&](Sink& tar) { copy(*plain, tar); });
}

}  // namespace layer
