// SPDX-License-Identifier: Apache-2.0
#pragma once
// Tar archives, byte for byte as Go's archive/tar writes them, because a layer's diff id is the
// digest of these bytes and must agree with the one that BuildKit computes for the same change.
//
//     layer::TarWriter tar(sink);
//     tar.add({.name = "etc/motd", .mode = 0644, .size = 6, .mtime = 1700000000});
//     tar.write("hello\n");
//     tar.finish();
//
// A header is plain ustar where its fields fit; otherwise a PAX header goes before it, with the
// records sorted by key (docs/formats/layer.md has the rules). The choice follows from the entry alone.
//
// Failure: invalid_argument for entries that no tar can hold; content shorter or longer than
// `size` is a failure of the writer's caller and throws internal.
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "layer/stream.h"
#include "layer/tar_entry.h"

namespace layer {

class TarWriter {
 public:
  explicit TarWriter(Sink& sink) : sink_(sink) {}

  /// Begins an entry. The content of the one before must be complete.
  void add(const TarEntry& entry);
  /// Content of the entry begun last.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// Two zero blocks. Does not finish the sink.
  void finish();

 private:
  void end_entry();
  void write_pax_header(const TarEntry& entry, const std::map<std::string, std::string>& records);

  Sink& sink_;
  std::uint64_t left_ = 0;     ///< content bytes of the current entry still to come
  std::uint32_t padding_ = 0;  ///< zeros after them
};

/// One PAX record, "<length> <key>=<value>\n", where the length counts itself.
std::string pax_record(std::string_view key, std::string_view value);

}  // namespace layer
