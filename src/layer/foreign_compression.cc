// SPDX-License-Identifier: Apache-2.0
#include "layer/foreign_compression.h"

#include <dlfcn.h>
#include <sys/types.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace layer {
namespace {

struct archive;
struct archive_entry;
using ReadCallback = ssize_t(archive*, void* client, const void** buffer);

constexpr const char* kLibrary = "libarchive.so.13";
constexpr const char* kPackage = "libarchive13";
constexpr int kOk = 0;

std::string_view name_of(ForeignCompression kind) { return kind == ForeignCompression::xz ? "xz" : "bzip2"; }

/// The functions we use, with their types as in archive.h of libarchive 3.
struct Library {
  archive* (*read_new)();
  int (*read_free)(archive*);
  int (*support_raw)(archive*);
  int (*support_bzip2)(archive*);
  int (*support_xz)(archive*);
  int (*open)(archive*, void* client, void* open, ReadCallback* read, void* close);
  int (*next_header)(archive*, archive_entry**);
  ssize_t (*data)(archive*, void* buffer, std::size_t size);
  const char* (*error)(archive*);
};

template <typename Function>
void load(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  if (!function) base::fail(base::Code::unavailable, "{} has no function {}; it is another version", kLibrary, name);
}

[[noreturn]] void missing_library(ForeignCompression kind) {
  base::Error error(base::Code::unavailable,
                    base::format("unpacking {} archives needs {}, which is not installed", name_of(kind), kLibrary));
  error.set_hint(base::format("install the package {}, or repack the archive with gzip or zstd", kPackage));
  throw base::Error(error);
}

Library load_library(ForeignCompression kind) {
  void* handle = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    missing_library(kind);
  }
  Library library;
  load(handle, "archive_read_new", library.read_new);
  load(handle, "archive_read_free", library.read_free);
  load(handle, "archive_read_support_format_raw", library.support_raw);
  load(handle, "archive_read_support_filter_bzip2", library.support_bzip2);
  load(handle, "archive_read_support_filter_xz", library.support_xz);
  load(handle, "archive_read_open", library.open);
  load(handle, "archive_read_next_header", library.next_header);
  load(handle, "archive_read_data", library.data);
  load(handle, "archive_error_string", library.error);
  return library;
}

class ForeignSource final : public Source {
 public:
  ForeignSource(Source& in, ForeignCompression kind)
      : in_(in), kind_(kind), library_(load_library(kind)), archive_(library_.read_new(), library_.read_free) {
    if (!archive_) base::fail(base::Code::resource_exhausted, "decompress {}: out of memory", name_of(kind));
    library_.support_raw(archive_.get());
    (kind == ForeignCompression::xz ? library_.support_xz : library_.support_bzip2)(archive_.get());
    check(library_.open(archive_.get(), this, nullptr, &ForeignSource::next_bytes, nullptr));
    archive_entry* entry = nullptr;
    check(library_.next_header(archive_.get(), &entry));
  }

  std::size_t read(std::span<std::byte> buffer) override {
    const auto size = library_.data(archive_.get(), buffer.data(), buffer.size());
    if (size < 0) check(static_cast<int>(size));
    return static_cast<std::size_t>(size);
  }

 private:
  /// Called by C code, which no exception may cross.
  static ssize_t next_bytes(archive*, void* client, const void** buffer) {
    auto& self = *static_cast<ForeignSource*>(client);
    try {
      *buffer = self.buffer_.data();
      return static_cast<ssize_t>(self.in_.read(self.buffer_));
    } catch (...) {
      self.failure_ = std::current_exception();
      return -1;
    }
  }

  void check(int result) {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    if (result == kOk) return;
    const char* why = library_.error(archive_.get());
    base::fail(base::Code::data_loss, "decompress {}: {}", name_of(kind_), why ? why : "the data is damaged");
  }

  Source& in_;
  ForeignCompression kind_;
  Library library_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(std::size_t{128} * 1024);
  std::exception_ptr failure_;
};

}  // namespace

std::optional<ForeignCompression> sniff_foreign(std::span<const std::byte> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (text.starts_with("BZh")) return ForeignCompression::bzip2;
  if (text.starts_with(std::string_view("\xfd"
                                        "7zXZ\0",
                                        6)))
    return ForeignCompression::xz;
  return std::nullopt;
}

std::unique_ptr<Source> make_foreign_decompressor(Source& in, ForeignCompression kind) {
  return std::make_unique<ForeignSource>(in, kind);
}

}  // namespace layer
