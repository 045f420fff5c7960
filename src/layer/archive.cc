// SPDX-License-Identifier: Apache-2.0
#include "layer/archive.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "base/error.h"
#include "layer/compress.h"
#include "layer/extract.h"
#include "layer/foreign_compression.h"
#include "layer/tar_reader.h"

namespace layer {
namespace {

/// The plain bytes of a file from its beginning.
class OpenArchive {
 public:
  explicit OpenArchive(int file) : raw_(file) {
    std::array<std::byte, 8> head{};
    const auto size = base::read_at(file, head.data(), head.size(), 0);
    SLIP_SYSCALL(::lseek(file, 0, SEEK_SET), "read an archive from its beginning");
    const auto foreign = sniff_foreign(std::span(head).first(size));
    plain_ = foreign ? make_foreign_decompressor(raw_, *foreign) : make_decompressor(raw_);
  }
  Source& source() { return *plain_; }

 private:
  FdSource raw_;
  std::unique_ptr<Source> plain_;
};

}  // namespace

bool looks_like_archive(int file) {
  struct stat status;
  SLIP_SYSCALL(::fstat(file, &status), "stat an archive");
  if (!S_ISREG(status.st_mode)) return false;
  bool found = false;
  try {
    OpenArchive archive(file);
    found = TarReader(archive.source()).next() != nullptr;
  } catch (const base::Error& error) {
    // Whatever cannot be read as a tar is a file like others; a missing library is not its fault.
    if (error.code() != base::Code::data_loss) throw;
  }
  SLIP_SYSCALL(::lseek(file, 0, SEEK_SET), "read an archive from its beginning");
  return found;
}

Unpacked unpack_archive(int file, int destination, const UnpackOptions& options, const std::stop_token& stop) {
  OpenArchive archive(file);
  TarReader reader(archive.source());
  ExtractOptions how;
  how.owners = options.owners;
  how.devices = options.devices;
  how.owner = options.owner;
  Extractor out(destination, how, stop);
  while (const auto* entry = reader.next()) {
    base::with_context([&] { out.add(*entry, reader); }, "unpacking \"{}\"", entry->name);
  }
  out.finish();
  drain(archive.source());  // damage behind the last file is damage too
  return {out.files(), out.file_bytes(), out.skipped_devices()};
}

}  // namespace layer
