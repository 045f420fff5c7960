// SPDX-License-Identifier: Apache-2.0
#include "layer/compress.h"

#include <zstd.h>

#include <map>

#include "base/error.h"
#include "layer/block_compressor.h"
#include "layer/encoders.h"
#include "layer/estargz.h"

namespace layer {
namespace {

constexpr std::size_t kGzipBlock = 1 << 20;
constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;

/// Frames lose little beyond 2 MiB, the window of ordinary levels, and a few are in memory at once; the high levels
/// have larger windows to fill.
std::size_t zstd_block(int level) { return std::size_t{level <= 9 ? 2U : 16U} << 20; }

int resolve_level(Compression kind, int level) {
  const bool zstd = kind == Compression::zstd;
  const int highest = zstd ? 22 : 9;
  if (level == kDefaultLevel) return zstd ? kZstdLevel : kGzipLevel;
  if (zstd && level == 0) return kZstdLevel;
  if (level >= 0 && level <= highest) return level;
  base::fail(base::Code::invalid_argument, "compression level {} is out of range: {} takes 0 to {}", level,
             compression_name(kind), highest);
}

class PlainSink final : public Sink {
 public:
  explicit PlainSink(Sink& out) : out_(out) {}
  using Sink::write;
  void write(std::span<const std::byte> bytes) override { out_.write(bytes); }
  void finish() override { out_.finish(); }

 private:
  Sink& out_;
};

}  // namespace

std::string_view compression_name(Compression kind) {
  switch (kind) {
    case Compression::none: return "uncompressed";
    case Compression::gzip: return "gzip";
    case Compression::zstd: return "zstd";
    case Compression::estargz: return "estargz";
  }
  return "uncompressed";
}

std::optional<Compression> parse_compression(std::string_view name) {
  for (const auto kind : {Compression::none, Compression::gzip, Compression::zstd, Compression::estargz}) {
    if (name == compression_name(kind)) return kind;
  }
  return std::nullopt;
}

std::string layer_media_type(Compression kind, MediaTypes style) {
  const bool oci = style == MediaTypes::oci;
  std::string plain = oci ? "application/vnd.oci.image.layer.v1.tar" : "application/vnd.docker.image.rootfs.diff.tar";
  switch (kind) {
    case Compression::none: return plain;
    case Compression::gzip:
    case Compression::estargz: return plain + (oci ? "+gzip" : ".gzip");
    case Compression::zstd: return plain + (oci ? "+zstd" : ".zstd");
  }
  return plain;
}

std::optional<Compression> compression_of_media_type(std::string_view media_type) {
  static const std::map<std::string_view, Compression> known = {
      {"application/vnd.oci.image.layer.v1.tar", Compression::none},
      {"application/vnd.oci.image.layer.v1.tar+gzip", Compression::gzip},
      {"application/vnd.oci.image.layer.v1.tar+zstd", Compression::zstd},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar", Compression::none},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Compression::gzip},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Compression::zstd},
      {"application/vnd.docker.image.rootfs.diff.tar", Compression::none},
      {"application/vnd.docker.image.rootfs.diff.tar.gzip", Compression::gzip},
      {"application/vnd.docker.image.rootfs.diff.tar.zstd", Compression::zstd},
      {"application/vnd.docker.image.rootfs.foreign.diff.tar", Compression::none},
      {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Compression::gzip},
  };
  const auto found = known.find(media_type);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

std::string encoder_name(Compression kind, int level) {
  switch (kind) {
    case Compression::none: return "none";
    case Compression::gzip: return base::format("gzip:libdeflate:1M:{}", resolve_level(kind, level));
    case Compression::zstd:
      return base::format("zstd:{}:{}M:{}", ZSTD_versionString(), zstd_block(resolve_level(kind, level)) >> 20,
                          resolve_level(kind, level));
    case Compression::estargz:
      return base::format("estargz:libdeflate:{}M:{}", kEstargzChunk >> 20, resolve_level(kind, level));
  }
  return "none";
}

int compression_level(const CompressOptions& options) { return resolve_level(options.kind, options.level); }

std::unique_ptr<Sink> make_compressor(const CompressOptions& options, Sink& out) {
  const int level = resolve_level(options.kind, options.level);
  switch (options.kind) {
    case Compression::none: break;
    case Compression::gzip:
      return std::make_unique<BlockCompressor>(out, kGzipBlock, options.threads, gzip_encoder(level));
    case Compression::zstd:
      return std::make_unique<BlockCompressor>(out, zstd_block(level), options.threads, zstd_encoder(level));
    case Compression::estargz: return std::make_unique<EstargzSink>(out, level, options.threads);
  }
  return std::make_unique<PlainSink>(out);
}

}  // namespace layer
