// SPDX-License-Identifier: Apache-2.0
#include "oci/ingest.h"

#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/task.h"

namespace oci {
std::unique_ptr<store::Ingest> open_ingest(const Descriptor& descriptor, store::ContentStore& content,
                                           const std::stop_token& stop) {
  const auto known = [&] {
    const auto blob = content.find(descriptor.digest);
    if (blob && blob->size != descriptor.size) {
      base::fail(base::Code::data_loss, "blob {} has {} bytes, but its descriptor says {}", descriptor.digest.str(),
                 blob->size, descriptor.size);
    }
    return blob.has_value();
  };
  if (known()) return nullptr;
  store::IngestOptions options;
  options.expect = descriptor.digest;
  options.expect_size = descriptor.size;
  auto ingest = content.ingest("blob-" + descriptor.digest.hex(), options, stop);
  // Whoever held the name before us may have finished the blob.
  if (known()) return nullptr;
  return ingest;
}

namespace {

// Opening a fifo or a device of that name must neither hang nor be believed.
void require_file_of_size(int file, const Descriptor& descriptor) {
  struct stat info{};
  SLIP_SYSCALL(::fstat(file, &info), "stat blob {}", descriptor.digest.str());
  if (!S_ISREG(info.st_mode)) {
    base::fail(base::Code::data_loss, "blob {} is not a regular file", descriptor.digest.str());
  }
  if (static_cast<std::uint64_t>(info.st_size) != descriptor.size) {
    base::fail(base::Code::data_loss, "blob {} has {} bytes, want {}", descriptor.digest.str(), info.st_size,
               descriptor.size);
  }
}

template <typename Write>
void copy_from(int file, const Descriptor& descriptor, std::uint64_t offset, const Write& write,
               const std::stop_token& stop) {
  std::vector<std::byte> buffer(std::size_t{1} << 18);
  while (offset < descriptor.size) {
    base::throw_if_stopped(stop);
    const std::size_t want = std::min<std::uint64_t>(buffer.size(), descriptor.size - offset);
    const std::size_t got = base::read_at(file, buffer.data(), want, offset);
    if (got == 0) base::fail(base::Code::data_loss, "blob {} ends early", descriptor.digest.str());
    offset += got;
    write(std::span<const std::byte>(buffer.data(), got), offset);
  }
}

}  // namespace

void ingest_file(int file, const Descriptor& descriptor, store::Ingest& ingest,
                 const std::function<void(std::uint64_t, std::uint64_t)>& progress, const std::stop_token& stop) {
  require_file_of_size(file, descriptor);
  copy_from(
      file, descriptor, ingest.offset(),
      [&](std::span<const std::byte> bytes, std::uint64_t done) {
        ingest.write(bytes);
        if (progress) progress(done, descriptor.size);
      },
      stop);
}

void copy_verified(int file, const Descriptor& descriptor, const std::function<void(std::span<const std::byte>)>& write,
                   const std::stop_token& stop) {
  require_file_of_size(file, descriptor);
  base::Sha256 hash;
  copy_from(
      file, descriptor, 0,
      [&](std::span<const std::byte> bytes, std::uint64_t) {
        hash.update(bytes);
        write(bytes);
      },
      stop);
  if (const auto actual = hash.finish(); actual != descriptor.digest) {
    base::fail(base::Code::data_loss, "unexpected digest {}, want {}", actual.str(), descriptor.digest.str());
  }
}

}  // namespace oci
