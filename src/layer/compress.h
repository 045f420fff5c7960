// SPDX-License-Identifier: Apache-2.0
#pragma once
// Compression of layer blobs, and reading them back whatever they are.
//
// The bytes a compressor writes depend on the input, the kind and the level alone: never on the
// number of threads or on how the input was cut into pieces. The output is a series of gzip members
// (or zstd frames) over blocks of fixed size, which every reader joins again.
//
//     auto gzip = layer::make_compressor({.kind = Compression::gzip, .threads = 2}, blob);
//     gzip->write(bytes);
//     gzip->finish();
//
// make_decompressor looks at the first bytes; it understands gzip (several members), zstd (several
// and skippable frames) and passes everything else through. Truncated or corrupt input throws
// data_loss. Memory is bounded: zstd windows beyond 128 MiB are refused.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "layer/stream.h"

namespace layer {

/// estargz is gzip with a table of contents (layer/estargz.h): to read it is to read gzip.
enum class Compression : std::uint8_t { none, gzip, zstd, estargz };

/// "uncompressed", "gzip", "zstd", "estargz": the words of BuildKit's `compression=` attribute.
std::string_view compression_name(Compression kind);
std::optional<Compression> parse_compression(std::string_view name);

enum class MediaTypes : std::uint8_t { oci, docker };
/// The layer media type; docker has none for zstd but the OCI-style ".zstd" suffix.
std::string layer_media_type(Compression kind, MediaTypes style = MediaTypes::oci);
/// The kind that a layer media type promises; nothing when it is not a layer's.
std::optional<Compression> compression_of_media_type(std::string_view media_type);

/// Written into cache records next to a blob's digest: another encoder means other bytes.
std::string encoder_name(Compression kind, int level);

constexpr int kDefaultLevel = -1;

struct CompressOptions {
  Compression kind = Compression::gzip;
  int level = kDefaultLevel;  ///< gzip and estargz 0..9, zstd 0..22 (0 is zstd's own default); others throw
  unsigned threads = 1;       ///< how many compress at once; no effect on the bytes
};

/// The level that is meant. Throws invalid_argument for one that the kind does not have.
int compression_level(const CompressOptions& options);

/// A sink that compresses into `out`, which must outlive it. finish() also finishes `out`.
std::unique_ptr<Sink> make_compressor(const CompressOptions& options, Sink& out);

/// What the first bytes say: gzip, zstd, or none.
Compression sniff_compression(std::span<const std::byte> head);

/// A source of the plain bytes of `in`, which must outlive it.
std::unique_ptr<Source> make_decompressor(Source& in);

}  // namespace layer
