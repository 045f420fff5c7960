// SPDX-License-Identifier: Apache-2.0
#pragma once
// Byte streams: where bytes come from (Source) and where they go (Sink).
//
// A layer passes through a chain of these: tar writer -> hash -> compressor -> hash -> blob. A chain
// is built from its end and closed from its beginning: finish() flushes and passes the end on.
//
// Threads: one stream belongs to one thread at a time. Failure: base::Error.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/fd.h"

namespace layer {

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;
  /// No bytes follow. Without it nothing buffered need reach the end of the chain.
  virtual void finish() {}

  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
};

class Source {
 public:
  virtual ~Source() = default;
  /// Up to `buffer.size()` bytes; 0 only at the end.
  virtual std::size_t read(std::span<std::byte> buffer) = 0;
};

/// Appends to a string.
class StringSink final : public Sink {
 public:
  using Sink::write;
  void write(std::span<const std::byte> bytes) override;
  std::string text;
};

/// Calls a function with every piece.
class FunctionSink final : public Sink {
 public:
  using Function = std::function<void(std::span<const std::byte>)>;
  explicit FunctionSink(Function function) : function_(std::move(function)) {}
  using Sink::write;
  void write(std::span<const std::byte> bytes) override { function_(bytes); }

 private:
  Function function_;
};

/// Writes to a descriptor it does not own, in large pieces; finish() writes the rest.
class FdSink final : public Sink {
 public:
  explicit FdSink(int fd);
  using Sink::write;
  void write(std::span<const std::byte> bytes) override;
  void finish() override;

 private:
  int fd_;
  std::string buffer_;
};

/// Hashes and counts what passes through to `next`.
class HashingSink final : public Sink {
 public:
  explicit HashingSink(Sink& next) : next_(next) {}
  using Sink::write;
  void write(std::span<const std::byte> bytes) override;
  void finish() override { next_.finish(); }
  /// Digest of everything written; may be asked once.
  base::Digest digest() { return hash_.finish(); }
  std::uint64_t size() const { return size_; }

 private:
  Sink& next_;
  base::Sha256 hash_;
  std::uint64_t size_ = 0;
};

/// Bytes in memory that outlive the source.
class StringSource final : public Source {
 public:
  explicit StringSource(std::string_view text) : rest_(text) {}
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  std::string_view rest_;
};

/// Reads a descriptor it does not own, from its position.
class FdSource final : public Source {
 public:
  explicit FdSource(int fd) : fd_(fd) {}
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  int fd_;
};

/// Hashes and counts what is read through it.
class HashingSource final : public Source {
 public:
  explicit HashingSource(Source& from) : from_(from) {}
  std::size_t read(std::span<std::byte> buffer) override;
  base::Digest digest() { return hash_.finish(); }
  std::uint64_t size() const { return size_; }

 private:
  Source& from_;
  base::Sha256 hash_;
  std::uint64_t size_ = 0;
};

/// Reads to the end and forgets it.
void drain(Source& from);

/// Copies everything; returns the number of bytes. Does not finish the sink.
std::uint64_t copy(Source& from, Sink& to);

}  // namespace layer
