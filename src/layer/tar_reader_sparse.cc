// SPDX-License-Identifier: Apache-2.0
// Sparse files: the old GNU header with its extension blocks, and the PAX versions 0.0, 0.1 and 1.0.
// Each gives a list of fragments; what lies between them are holes.
#include "base/error.h"
#include "base/strings.h"
#include "layer/tar_format.h"
#include "layer/tar_reader.h"

namespace layer {
namespace {

constexpr std::size_t kMaxFragments = 1 << 20;

const std::string& record(const std::map<std::string, std::string>& records, const char* key) {
  static const std::string none;
  const auto found = records.find(key);
  return found == records.end() ? none : found->second;
}

}  // namespace

void TarReader::add_gnu_fragments(const Block& block, std::size_t offset, std::size_t count) {
  for (std::size_t i = 0; i < count && block[offset + i * 24] != 0; ++i) {
    const auto start = number(block, offset + i * 24, 12, "sparse map");
    const auto length = number(block, offset + i * 24 + 12, 12, "sparse map");
    if (start < 0 || length < 0) malformed("the sparse map has a negative number");
    if (sparse_.size() == kMaxFragments) malformed("the sparse map has more than a million parts");
    sparse_.push_back({static_cast<std::uint64_t>(start), static_cast<std::uint64_t>(length)});
  }
}

void TarReader::read_gnu_sparse_map(const Block& block) {
  if (!is_gnu(block)) malformed("a sparse file in an archive that is not GNU's");
  add_gnu_fragments(block, 386, 4);
  bool more = block[482] != 0;
  while (more) {
    Block extension;
    if (!read_block(extension)) malformed("it ends in the middle of a sparse map; the archive is truncated");
    add_gnu_fragments(extension, 0, 21);
    more = extension[504] != 0;
  }
  const auto size = number(block, 483, 12, "size of a sparse file");
  if (size < 0) malformed("the size of a sparse file is negative");
  entry_.size = static_cast<std::uint64_t>(size);
  check_sparse_map();
}

void TarReader::read_pax_sparse_map(const Records& records) {
  const auto& major = record(records, "GNU.sparse.major");
  const auto& minor = record(records, "GNU.sparse.minor");
  const auto& list = record(records, "GNU.sparse.map");
  const bool in_content = major == "1" && minor == "0";
  const bool in_header = major == "0" && (minor == "0" || minor == "1");
  const bool unversioned = major.empty() && minor.empty() && !list.empty();
  if (!in_content && !in_header && !unversioned) return;

  if (const auto& name = record(records, "GNU.sparse.name"); !name.empty()) entry_.name = name;
  const auto& old_size = record(records, "GNU.sparse.size");
  const auto& size_text = old_size.empty() ? record(records, "GNU.sparse.realsize") : old_size;
  const auto size = base::parse_int(size_text);
  if (!size || *size < 0) malformed("the size of a sparse file is missing or no number");
  if (in_content) {
    read_sparse_map_in_content();
  } else {
    parse_sparse_list(list);
  }
  entry_.size = static_cast<std::uint64_t>(*size);
  check_sparse_map();
}

void TarReader::parse_sparse_list(const std::string& list) {
  if (list.empty()) return;
  const auto numbers = base::split(list, ',');
  if (numbers.size() % 2 != 0) malformed("the sparse map has an odd number of elements");
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    const auto start = base::parse_int(numbers[i]);
    const auto length = base::parse_int(numbers[i + 1]);
    if (!start || !length || *start < 0 || *length < 0) malformed("the sparse map has a bad number");
    sparse_.push_back({static_cast<std::uint64_t>(*start), static_cast<std::uint64_t>(*length)});
  }
}

/// Version 1.0: decimal lines at the beginning of the content, filled up to whole blocks.
void TarReader::read_sparse_map_in_content() {
  Block block;
  std::size_t position = block.size();
  const auto count = read_sparse_number(block, position);
  if (count > kMaxFragments) malformed("the sparse map has more than a million parts");
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto start = read_sparse_number(block, position);
    sparse_.push_back({start, read_sparse_number(block, position)});
  }
}

std::uint64_t TarReader::read_sparse_number(Block& block, std::size_t& position) {
  std::string digits;
  for (;;) {
    if (position == block.size()) {
      if (stored_ < block.size()) malformed("the sparse map is longer than the content");
      if (!read_block(block)) malformed("it ends in the middle of a sparse map; the archive is truncated");
      stored_ -= block.size();
      position = 0;
    }
    const char c = static_cast<char>(block[position++]);
    if (c == '\n') break;
    if (c < '0' || c > '9' || digits.size() > 19) malformed("the sparse map has a bad number");
    digits += c;
  }
  const auto value = base::parse_int(digits);
  if (!value) malformed("the sparse map has a bad number");
  return static_cast<std::uint64_t>(*value);
}

/// Ascending, without overlap, within the file, and exactly as long as what is stored.
void TarReader::check_sparse_map() {
  if (entry_.size > kMaxTarEntry) malformed("the size of a sparse file is out of range");
  std::uint64_t end = 0;
  std::uint64_t total = 0;
  for (const auto& fragment : sparse_) {
    if (fragment.offset < end || fragment.length > entry_.size || fragment.offset > entry_.size - fragment.length) {
      malformed("the sparse map is out of order or leaves the file");
    }
    end = fragment.offset + fragment.length;
    total += fragment.length;
  }
  if (total != stored_) malformed("the sparse map does not agree with the size of the content");
  is_sparse_ = true;
}

}  // namespace layer
