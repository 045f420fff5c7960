// SPDX-License-Identifier: Apache-2.0
#include "layer/estargz.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "base/unicode.h"
#include "layer/encoders.h"
#include "layer/estargz_toc.h"
#include "layer/tar_reader.h"

namespace layer {
namespace {

/// Headers follow a chunk in its member; so many of them that the member doubles end it.
constexpr std::size_t kMostInMember = 2 * kEstargzChunk;

bool is_toc(std::string_view name) {
  while (name.starts_with("./") || name.starts_with('/')) name.remove_prefix(name[0] == '/' ? 1 : 2);
  return name == kTocName;
}

void check_entry(const TarEntry& entry, bool sparse) {
  if (is_toc(entry.name)) {
    base::fail(base::Code::invalid_argument,
               "compression=estargz: the layer has a file /{}, a name that the format needs for itself", kTocName);
  }
  if (sparse) {
    base::fail(base::Code::invalid_argument,
               "compression=estargz: the layer has the sparse file /{}, which the format cannot hold", entry.name);
  }
  if (!base::is_utf8(entry.name) || !base::is_utf8(entry.link_name)) {
    base::fail(base::Code::invalid_argument,
               "compression=estargz: the layer has the name {}, which is not UTF-8, and the format has no other names",
               base::quote(entry.name));
  }
}

}  // namespace

/// Knows where each member begins: every write is one (BlockCompressor's promise).
class EstargzSink::Members final : public Sink {
 public:
  explicit Members(Sink& out) : out_(out) {}
  using Sink::write;
  void write(std::span<const std::byte> bytes) override {
    offsets_.push_back(size_);
    out_.write(bytes);
    size_ += bytes.size();
  }
  const std::vector<std::uint64_t>& offsets() const { return offsets_; }
  std::uint64_t size() const { return size_; }

 private:
  Sink& out_;
  std::vector<std::uint64_t> offsets_;
  std::uint64_t size_ = 0;
};

/// The archive as entries and as the bytes that they were read from.
class EstargzSink::Archive final : public Source {
 public:
  Archive(Source& from, EstargzSink& to) : from_(from), to_(to), tar(*this) {}

  std::size_t read(std::span<std::byte> buffer) override {
    const auto size = from_.read(buffer);
    if (passed_ > bytes_.size() / 2) {
      bytes_.erase(0, passed_);
      passed_ = 0;
    }
    bytes_.append(reinterpret_cast<const char*>(buffer.data()), size);
    return size;
  }

  /// Passes on all bytes before this offset of the archive.
  void pass_until(std::uint64_t offset) {
    const auto size = static_cast<std::size_t>(offset - begin_);
    SLIP_CHECK(size <= bytes_.size() - passed_);
    to_.compress(std::as_bytes(std::span(bytes_)).subspan(passed_, size));
    passed_ += size;
    begin_ = offset;
  }

 private:
  Source& from_;
  EstargzSink& to_;
  std::string bytes_;
  std::size_t passed_ = 0;   ///< of bytes_
  std::uint64_t begin_ = 0;  ///< offset in the archive of what follows them

 public:
  TarReader tar;
};

EstargzSink::EstargzSink(Sink& out, int level, unsigned threads)
    : out_(out),
      level_(level),
      members_(std::make_unique<Members>(out)),
      compressor_(*members_, kMostInMember, threads, gzip_encoder(level)),
      thread_([this] { run(); }) {}

EstargzSink::~EstargzSink() { join(); }

void EstargzSink::join() {
  if (!thread_.joinable()) return;
  tar_.end();
  thread_.join();
}

void EstargzSink::write(std::span<const std::byte> bytes) {
  if (failed_) {
    join();
    std::rethrow_exception(failure_);
  }
  tar_.give(bytes);
}

void EstargzSink::finish() {
  join();
  if (failure_) std::rethrow_exception(failure_);
  out_.finish();
}

void EstargzSink::compress(std::span<const std::byte> bytes) {
  hash_.update(bytes);
  uncompressed_ += bytes.size();
  compressor_.write(bytes);
}

void EstargzSink::run() {
  try {
    EstargzToc toc;
    Archive archive(tar_, *this);
    rewrite(archive, toc);
    compressor_.finish();
    const std::string table = toc_archive(std::move(toc).json(members_->offsets()));
    hash_.update(table);
    uncompressed_ += table.size();
    const auto begin = members_->size();
    out_.write(gzip_encoder(level_)(table));
    out_.write(estargz_footer(begin));
  } catch (...) {
    failure_ = std::current_exception();
    failed_ = true;
  }
  tar_.close();
}

void EstargzSink::rewrite(Archive& archive, EstargzToc& toc) {
  while (const TarEntry* entry = archive.tar.next()) {
    check_entry(*entry, archive.tar.is_sparse());
    toc.add(*entry);
    archive.pass_until(archive.tar.archive_offset());
    if (entry->type != TarType::file) continue;
    if (entry->size == 0) {
      toc.set_digest(base::sha256(""));
    } else {
      add_chunks(archive, toc, entry->size > kEstargzChunk);
    }
  }
  // What stands behind the end, as the table of another writer, is no part of the archive.
  archive.pass_until(archive.tar.archive_offset());
  drain(archive);
}

void EstargzSink::add_chunks(Archive& archive, EstargzToc& toc, bool several) {
  const auto begin = archive.tar.archive_offset();
  base::Sha256 whole;
  std::uint64_t size = 0;
  auto piece = archive.tar.content();
  while (!piece.bytes.empty()) {
    compressor_.cut();
    EstargzToc::Chunk chunk{.offset = size, .member = compressor_.blocks()};
    base::Sha256 hash;
    while (!piece.bytes.empty() && size < chunk.offset + kEstargzChunk) {
      const auto room = chunk.offset + kEstargzChunk - size;
      const auto bytes = piece.bytes.first(std::min<std::uint64_t>(piece.bytes.size(), room));
      hash.update(bytes);
      if (several) whole.update(bytes);
      size += bytes.size();
      piece.bytes = piece.bytes.subspan(bytes.size());
      if (piece.bytes.empty()) piece = archive.tar.content();
    }
    archive.pass_until(begin + size);
    chunk.digest = hash.finish();
    // The last one reaches to the end of the file, which is said by no size.
    if (!piece.bytes.empty()) chunk.size = size - chunk.offset;
    toc.add_chunk(chunk);
    if (!several) toc.set_digest(chunk.digest);
  }
  if (several) toc.set_digest(whole.finish());
}

}  // namespace layer
