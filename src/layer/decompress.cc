// SPDX-License-Identifier: Apache-2.0
// The reading half of compress.h.
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "layer/compress.h"

namespace layer {
namespace {

constexpr std::size_t kInputPiece = std::size_t{128} * 1024;
constexpr int kMaxZstdWindow = 27;  // 128 MiB

/// Input in pieces, of which the first bytes may be looked at before.
class Input {
 public:
  explicit Input(Source& from) : from_(from), buffer_(kInputPiece) {}

  /// At least `size` bytes unless the source ends before; for small sizes only.
  std::span<const std::byte> peek(std::size_t size) {
    while (end_ - begin_ < size) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      const auto got = from_.read(std::span(buffer_).subspan(end_));
      if (got == 0) break;
      end_ += got;
    }
    return {buffer_.data() + begin_, end_ - begin_};
  }
  /// What there is; empty only at the end.
  std::span<const std::byte> next() { return peek(1); }
  void consume(std::size_t size) { begin_ += size; }

  /// Bypasses the buffer where it is empty.
  std::size_t read(std::span<std::byte> into) {
    if (begin_ == end_) return from_.read(into);
    const auto size = std::min(into.size(), end_ - begin_);
    std::memcpy(into.data(), buffer_.data() + begin_, size);
    begin_ += size;
    return size;
  }

 private:
  Source& from_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

[[noreturn]] void corrupt(const char* kind, const char* what) {
  base::fail(base::Code::data_loss, "decompress {}: {}", kind, what);
}

class GzipSource final : public Source {
 public:
  explicit GzipSource(std::unique_ptr<Input> in) : in_(std::move(in)) {
    if (::inflateInit2(&stream_, 15 + 16) != Z_OK) corrupt("gzip", "out of memory");
  }
  ~GzipSource() override { ::inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  std::size_t read(std::span<std::byte> buffer) override {
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(buffer.size(), 1 << 30));
    const auto room = stream_.avail_out;
    while (stream_.avail_out == room && !ended_) step();
    return room - stream_.avail_out;
  }

 private:
  void step() {
    const auto bytes = in_->next();
    if (bytes.empty()) corrupt("gzip", "the data ends too early; it is truncated");
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    const int result = ::inflate(&stream_, Z_NO_FLUSH);
    in_->consume(bytes.size() - stream_.avail_in);
    if (result == Z_STREAM_END) return next_member();
    if (result != Z_OK && result != Z_BUF_ERROR) corrupt("gzip", stream_.msg ? stream_.msg : "the data is damaged");
  }

  /// Another member may follow, or zeros that fill up a block of a tape.
  void next_member() {
    auto bytes = in_->peek(2);
    if (bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b}) {
      ::inflateReset(&stream_);
      return;
    }
    for (; !bytes.empty(); bytes = in_->next()) {
      const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
      if (!std::all_of(bytes.begin(), bytes.end(), is_zero)) corrupt("gzip", "something else follows the data");
      in_->consume(bytes.size());
    }
    ended_ = true;
  }

  std::unique_ptr<Input> in_;
  z_stream stream_{};
  bool ended_ = false;
};

class ZstdSource final : public Source {
 public:
  explicit ZstdSource(std::unique_ptr<Input> in) : in_(std::move(in)), context_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
    if (!context_) corrupt("zstd", "out of memory");
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxZstdWindow);
  }

  std::size_t read(std::span<std::byte> buffer) override {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    while (out.pos == 0) {
      const auto bytes = in_->next();
      // At the end of the input there may still be output in the decoder.
      if (bytes.empty() && in_frame_ == 0) return 0;
      ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
      const auto result = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(result)) corrupt("zstd", ZSTD_getErrorName(result));
      in_->consume(in.pos);
      in_frame_ = result;
      if (bytes.empty() && out.pos == 0) corrupt("zstd", "the data ends too early; it is truncated");
    }
    return out.pos;
  }

 private:
  std::unique_ptr<Input> in_;
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context_;
  std::size_t in_frame_ = 0;  ///< 0 between frames
};

class PlainSource final : public Source {
 public:
  explicit PlainSource(std::unique_ptr<Input> in) : in_(std::move(in)) {}
  std::size_t read(std::span<std::byte> buffer) override { return in_->read(buffer); }

 private:
  std::unique_ptr<Input> in_;
};

}  // namespace

Compression sniff_compression(std::span<const std::byte> head) {
  const auto at = [&](std::size_t i) { return i < head.size() ? std::to_integer<unsigned>(head[i]) : 0x100U; };
  if (at(0) == 0x1f && at(1) == 0x8b && at(2) == 0x08) return Compression::gzip;
  if (at(0) == 0x28 && at(1) == 0xb5 && at(2) == 0x2f && at(3) == 0xfd) return Compression::zstd;
  const bool skippable = at(0) >= 0x50 && at(0) <= 0x5f && at(1) == 0x2a && at(2) == 0x4d && at(3) == 0x18;
  return skippable ? Compression::zstd : Compression::none;
}

std::unique_ptr<Source> make_decompressor(Source& in) {
  auto input = std::make_unique<Input>(in);
  switch (sniff_compression(input->peek(4))) {
    case Compression::gzip:
    case Compression::estargz: return std::make_unique<GzipSource>(std::move(input));
    case Compression::zstd: return std::make_unique<ZstdSource>(std::move(input));
    case Compression::none: break;
  }
  return std::make_unique<PlainSource>(std::move(input));
}

}  // namespace layer
