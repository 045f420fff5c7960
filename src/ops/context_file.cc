// SPDX-License-Identifier: Apache-2.0
#include "ops/context_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace ops {
namespace {

constexpr char kMagic[8] = {'s', 'l', 'i', 'p', 'c', 't', 'x', '1'};
/// Reading two clocks takes a moment; a clock that somebody sets jumps further than this.
constexpr base::Nanos kClockNoise = 1'000'000;

bool agree(base::Nanos a, base::Nanos b) { return a - b <= kClockNoise && b - a <= kClockNoise; }

struct Header {
  char magic[8];
  std::uint64_t count;
  base::Nanos clock_offset;
  base::Digest::Bytes boot;
};

static_assert(std::is_trivially_copyable_v<IndexEntry> && sizeof(IndexEntry) == 88);
static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) % alignof(IndexEntry) == 0);

bool is_of(const Header& header, const IndexEpoch& epoch) {
  return std::memcmp(header.magic, kMagic, sizeof kMagic) == 0 && header.boot == base::sha256(epoch.boot).bytes() &&
         agree(header.clock_offset, epoch.clock_offset);
}

template <typename T>
std::string_view bytes_of(const T* items, std::size_t count) {
  return {reinterpret_cast<const char*>(items), count * sizeof(T)};
}

}  // namespace

bool IndexEpoch::continues(const IndexEpoch& other) const {
  return boot == other.boot && agree(clock_offset, other.clock_offset);
}

bool before(const IndexEntry& a, const IndexEntry& b) {
  return std::tie(a.stamp.device, a.stamp.inode) < std::tie(b.stamp.device, b.stamp.inode);
}

IndexFile::~IndexFile() {
  if (memory_) ::munmap(memory_, size_);
}

IndexFile::IndexFile(IndexFile&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      entries_(std::exchange(other.entries_, {})) {}

IndexFile& IndexFile::operator=(IndexFile&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  std::swap(entries_, other.entries_);
  return *this;
}

IndexFile IndexFile::open(const std::string& path, const IndexEpoch& epoch) {
  IndexFile file;
  const auto fd = base::open_file_if_exists(path, O_RDONLY);
  struct stat info;
  if (!fd || ::fstat(fd->get(), &info) != 0 || info.st_size < static_cast<off_t>(sizeof(Header))) return file;
  const auto size = static_cast<std::size_t>(info.st_size);
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd->get(), 0);
  if (memory == MAP_FAILED) return file;
  file.memory_ = memory;
  file.size_ = size;
  Header header;
  std::memcpy(&header, memory, sizeof header);
  const std::size_t room = (size - sizeof header) / sizeof(IndexEntry);
  if (!is_of(header, epoch) || header.count != room || room * sizeof(IndexEntry) + sizeof header != size) return {};
  const char* first = static_cast<const char*>(memory) + sizeof header;
  file.entries_ = {reinterpret_cast<const IndexEntry*>(first), room};
  return file;
}

void IndexFile::write(const std::string& path, const IndexEpoch& epoch, const std::vector<IndexEntry>& entries) {
  Header header = {};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.count = entries.size();
  header.clock_offset = epoch.clock_offset;
  header.boot = base::sha256(epoch.boot).bytes();
  std::string bytes(bytes_of(&header, 1));
  bytes += bytes_of(entries.data(), entries.size());
  base::write_file_atomic(path, bytes);
}

std::optional<std::size_t> IndexFile::find(const FileStamp& stamp) const {
  IndexEntry wanted;
  wanted.stamp = stamp;
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), wanted, before);
  if (found == entries_.end() || before(wanted, *found)) return std::nullopt;
  return static_cast<std::size_t>(found - entries_.begin());
}

}  // namespace ops
