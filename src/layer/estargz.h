// SPDX-License-Identifier: Apache-2.0
#pragma once
// Writing eStargz: a gzip layer that runtimes can mount and read file by file before they have all
// of it (https://github.com/containerd/stargz-snapshotter, docs/estargz.md). Everybody else reads it
// as the gzip layer that it is.
//
// Each file that is not empty begins a gzip member, a large one begins another every 4 MiB; at the
// end come a table of contents and a footer (layer/estargz_toc.h). The tar itself stays as it is,
// byte for byte, to the end of the archive. The table stands behind the end of the archive, where readers of archives
// do not look, but its bytes are part of the blob's uncompressed form and so of the diff id.
#include <atomic>
#include <exception>
#include <memory>
#include <thread>

#include "base/digest.h"
#include "layer/block_compressor.h"
#include "layer/handoff.h"
#include "layer/stream.h"

namespace layer {

class EstargzToc;

constexpr std::size_t kEstargzChunk = std::size_t{4} << 20;

/// Takes one tar stream. The bytes written depend on it and the level alone.
///
/// Throws, from write() or finish(): data_loss for a stream that is not a tar archive, and
/// invalid_argument for archives with a table of contents, a sparse file or a name that is not UTF-8 in them.
class EstargzSink final : public Sink {
 public:
  /// `level`: of gzip. `out` must outlive the sink.
  EstargzSink(Sink& out, int level, unsigned threads);
  ~EstargzSink() override;
  EstargzSink(const EstargzSink&) = delete;
  EstargzSink& operator=(const EstargzSink&) = delete;

  using Sink::write;
  void write(std::span<const std::byte> bytes) override;
  void finish() override;

  /// After finish(): of the tar and its table. To be asked once.
  base::Digest diff_id() { return hash_.finish(); }
  std::uint64_t uncompressed_size() const { return uncompressed_; }

 private:
  class Members;
  class Archive;

  void run();
  void rewrite(Archive& archive, EstargzToc& toc);
  void add_chunks(Archive& archive, EstargzToc& toc, bool several);
  void join();
  void compress(std::span<const std::byte> bytes);

  Sink& out_;
  int level_;
  std::unique_ptr<Members> members_;
  BlockCompressor compressor_;
  base::Sha256 hash_;
  std::uint64_t uncompressed_ = 0;
  Handoff tar_;
  std::exception_ptr failure_;
  std::atomic<bool> failed_ = false;
  std::thread thread_;  ///< reads tar_
};

}  // namespace layer
