// SPDX-License-Identifier: Apache-2.0
#include "layer/compress.h"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "layer/block_compressor.h"

namespace layer {
namespace {

constexpr std::size_t kGzipBlock = 1 << 20;
constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;
constexpr int kZstdJob = 2 << 20;

int resolve_level(Compression kind, int level) {
  const int highest = kind == Compression::gzip ? 9 : 22;
  if (level == kDefaultLevel) return kind == Compression::gzip ? kGzipLevel : kZstdLevel;
  if (kind == Compression::zstd && level == 0) return kZstdLevel;
  if (level >= 0 && level <= highest) return level;
  base::fail(base::Code::invalid_argument, "compression level {} is out of range: {} takes 0 to {}", level,
             compression_name(kind), highest);
}

/// libdeflate's compressors hold no state between blocks but are worth keeping.
class DeflatePool {
 public:
  explicit DeflatePool(int level) : level_(level) {}
  ~DeflatePool() {
    for (auto* compressor : idle_) libdeflate_free_compressor(compressor);
  }
  DeflatePool(const DeflatePool&) = delete;
  DeflatePool& operator=(const DeflatePool&) = delete;

  std::string gzip(const std::string& block) {
    auto* compressor = take();
    std::string out(libdeflate_gzip_compress_bound(compressor, block.size()), '\0');
    const auto size = libdeflate_gzip_compress(compressor, block.data(), block.size(), out.data(), out.size());
    {
      const std::lock_guard lock(mutex_);
      idle_.push_back(compressor);
    }
    SLIP_CHECK(size != 0);
    out.resize(size);
    return out;
  }

 private:
  libdeflate_compressor* take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto* compressor = idle_.back();
        idle_.pop_back();
        return compressor;
      }
    }
    auto* compressor = libdeflate_alloc_compressor(level_);
    if (!compressor) base::fail(base::Code::resource_exhausted, "compress with gzip: out of memory");
    return compressor;
  }

  const int level_;
  std::mutex mutex_;
  std::vector<libdeflate_compressor*> idle_;
};

/// libzstd's own threads. With at least one worker its output depends on the job size but not on
/// how many workers there are; without any it would differ.
class ZstdSink final : public Sink {
 public:
  ZstdSink(Sink& out, int level, unsigned threads)
      : out_(out), context_(ZSTD_createCCtx(), ZSTD_freeCCtx), buffer_(ZSTD_CStreamOutSize()) {
    if (!context_) base::fail(base::Code::resource_exhausted, "compress with zstd: out of memory");
    set(ZSTD_c_compressionLevel, level);
    set(ZSTD_c_nbWorkers, static_cast<int>(std::clamp(threads, 1U, 64U)));
    // Small jobs keep memory low; the highest levels have windows that need their own size.
    if (level <= 9) set(ZSTD_c_jobSize, kZstdJob);
  }

  using Sink::write;
  void write(std::span<const std::byte> bytes) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size) step(in, ZSTD_e_continue);
  }

  void finish() override {
    ZSTD_inBuffer in{nullptr, 0, 0};
    while (step(in, ZSTD_e_end) != 0) {
    }
    out_.finish();
  }

 private:
  std::size_t step(ZSTD_inBuffer& in, ZSTD_EndDirective directive) {
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    const auto left = check(ZSTD_compressStream2(context_.get(), &out, &in, directive));
    if (out.pos != 0) out_.write(std::span<const std::byte>(buffer_.data(), out.pos));
    return left;
  }

  void set(ZSTD_cParameter parameter, int value) { check(ZSTD_CCtx_setParameter(context_.get(), parameter, value)); }

  static std::size_t check(std::size_t result) {
    if (ZSTD_isError(result)) {
      base::fail(base::Code::internal, "compress with zstd: {}", ZSTD_getErrorName(result));
    }
    return result;
  }

  Sink& out_;
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context_;
  std::vector<std::byte> buffer_;
};

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
  const std::string plain =
      oci ? "application/vnd.oci.image.layer.v1.tar" : "application/vnd.docker.image.rootfs.diff.tar";
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
      return base::format("zstd:{}:2M:{}", ZSTD_versionString(), resolve_level(kind, level));
  }
  return "none";
}

std::unique_ptr<Sink> make_compressor(const CompressOptions& options, Sink& out) {
  if (options.kind == Compression::none) return std::make_unique<PlainSink>(out);
  const int level = resolve_level(options.kind, options.level);
  if (options.kind == Compression::zstd) return std::make_unique<ZstdSink>(out, level, options.threads);
  auto pool = std::make_shared<DeflatePool>(level);
  return std::make_unique<BlockCompressor>(out, kGzipBlock, options.threads,
                                           [pool](const std::string& block) { return pool->gzip(block); });
}

}  // namespace layer
