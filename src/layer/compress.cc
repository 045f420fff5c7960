// SPDX-License-Identifier: Apache-2.0
#include "layer/compress.h"

#include <libdeflate.h>
#include <zstd.h>

#include <map>
#include <vector>

#include "base/error.h"
#include "base/sync.h"
#include "layer/block_compressor.h"

namespace layer {
namespace {

constexpr std::size_t kGzipBlock = 1 << 20;
constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;

/// Frames lose little beyond 2 MiB, the window of ordinary levels, and a few are in memory at once; the high levels
/// have larger windows to fill.
std::size_t zstd_block(int level) { return std::size_t{level <= 9 ? 2U : 16U} << 20; }

int resolve_level(Compression kind, int level) {
  const int highest = kind == Compression::gzip ? 9 : 22;
  if (level == kDefaultLevel) return kind == Compression::gzip ? kGzipLevel : kZstdLevel;
  if (kind == Compression::zstd && level == 0) return kZstdLevel;
  if (level >= 0 && level <= highest) return level;
  base::fail(base::Code::invalid_argument, "compression level {} is out of range: {} takes 0 to {}", level,
             compression_name(kind), highest);
}

/// One encoder with the buffer it writes to, worth keeping between blocks. Holds no state from one
/// block to the next.
class GzipEncoder {
 public:
  explicit GzipEncoder(int level) : handle_(libdeflate_alloc_compressor(level), libdeflate_free_compressor) {
    if (!handle_) base::fail(base::Code::resource_exhausted, "compress with gzip: out of memory");
  }

  std::string compress(const std::string& block) {
    buffer_.resize(libdeflate_gzip_compress_bound(handle_.get(), block.size()));
    const auto size =
        libdeflate_gzip_compress(handle_.get(), block.data(), block.size(), buffer_.data(), buffer_.size());
    SLIP_CHECK(size != 0);
    return {buffer_.data(), size};
  }

 private:
  std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> handle_;
  std::vector<char> buffer_;
};

class ZstdEncoder {
 public:
  explicit ZstdEncoder(int level) : handle_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
    if (!handle_) base::fail(base::Code::resource_exhausted, "compress with zstd: out of memory");
    check(ZSTD_CCtx_setParameter(handle_.get(), ZSTD_c_compressionLevel, level));
  }

  std::string compress(const std::string& block) {
    buffer_.resize(ZSTD_compressBound(block.size()));
    return {buffer_.data(),
            check(ZSTD_compress2(handle_.get(), buffer_.data(), buffer_.size(), block.data(), block.size()))};
  }

 private:
  static std::size_t check(std::size_t result) {
    if (ZSTD_isError(result)) {
      base::fail(base::Code::resource_exhausted, "compress with zstd: {}", ZSTD_getErrorName(result));
    }
    return result;
  }

  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> handle_;
  std::vector<char> buffer_;
};

/// As many encoders as are used at once.
template <typename Encoder>
class EncoderPool {
 public:
  explicit EncoderPool(int level) : level_(level) {}

  std::string compress(const std::string& block) {
    auto encoder = take();
    auto result = encoder->compress(block);
    idle_.lock()->push_back(std::move(encoder));
    return result;
  }

 private:
  std::unique_ptr<Encoder> take() {
    {
      const auto idle = idle_.lock();
      if (!idle->empty()) {
        auto encoder = std::move(idle->back());
        idle->pop_back();
        return encoder;
      }
    }
    return std::make_unique<Encoder>(level_);
  }

  const int level_;
  base::Sync<std::vector<std::unique_ptr<Encoder>>> idle_;
};

template <typename Encoder>
std::unique_ptr<Sink> block_compressor(Sink& out, std::size_t block, int level, unsigned threads) {
  auto pool = std::make_shared<EncoderPool<Encoder>>(level);
  return std::make_unique<BlockCompressor>(out, block, threads,
                                           [pool](const std::string& bytes) { return pool->compress(bytes); });
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
  }
  return "uncompressed";
}

std::optional<Compression> parse_compression(std::string_view name) {
  for (const auto kind : {Compression::none, Compression::gzip, Compression::zstd}) {
    if (name == compression_name(kind)) return kind;
  }
  return std::nullopt;
}

std::string layer_media_type(Compression kind, MediaTypes style) {
  const bool oci = style == MediaTypes::oci;
  std::string plain = oci ? "application/vnd.oci.image.layer.v1.tar" : "application/vnd.docker.image.rootfs.diff.tar";
  switch (kind) {
    case Compression::none: return plain;
    case Compression::gzip: return plain + (oci ? "+gzip" : ".gzip");
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
  }
  return "none";
}

std::unique_ptr<Sink> make_compressor(const CompressOptions& options, Sink& out) {
  if (options.kind == Compression::none) return std::make_unique<PlainSink>(out);
  const int level = resolve_level(options.kind, options.level);
  if (options.kind == Compression::gzip) {
    return block_compressor<GzipEncoder>(out, kGzipBlock, level, options.threads);
  }
  return block_compressor<ZstdEncoder>(out, zstd_block(level), level, options.threads);
}

}  // namespace layer
