// SPDX-License-Identifier: Apache-2.0
#pragma once
// One member of a tar archive, as the reader understood it and as the writer is given it.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace layer {

/// The type flag of a header, by its byte in the archive.
enum class TarType : char {
  file = '0',
  hard_link = '1',
  symlink = '2',
  char_device = '3',
  block_device = '4',
  directory = '5',
  fifo = '6',
};

struct TarEntry {
  std::string name;  ///< as stored; directories end with "/"
  TarType type = TarType::file;
  std::uint32_t mode = 0;  ///< permission bits with set-id and sticky, no file type
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size = 0;  ///< of the content; of a sparse file: with its holes
  std::int64_t mtime = 0;  ///< whole seconds, rounded down
  std::uint32_t mtime_nanos = 0;
  std::string link_name;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::string user_name;
  std::string group_name;
  std::map<std::string, std::string> xattrs;  ///< names without the "SCHILY.xattr." prefix

  bool operator==(const TarEntry&) const = default;
};

}  // namespace layer
