// SPDX-License-Identifier: Apache-2.0
#include "layer/encoders.h"

#include <libdeflate.h>
#include <zstd.h>

#include <memory>
#include <vector>

#include "base/error.h"
#include "base/sync.h"

namespace layer {
namespace {

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
BlockCompressor::Compress pooled(int level) {
  auto pool = std::make_shared<EncoderPool<Encoder>>(level);
  return [pool](const std::string& block) { return pool->compress(block); };
}

}  // namespace

BlockCompressor::Compress gzip_encoder(int level) { return pooled<GzipEncoder>(level); }

BlockCompressor::Compress zstd_encoder(int level) { return pooled<ZstdEncoder>(level); }

}  // namespace layer
