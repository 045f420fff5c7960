// SPDX-License-Identifier: Apache-2.0
#include "store/content_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/random.h"
#include "store/lock.h"

namespace store {
namespace {

class DiskContentStore;

class DiskIngest final : public Ingest {
 public:
  DiskIngest(DiskContentStore& store, std::string path, base::FileLock lock, IngestOptions options)
      : store_(store),
        path_(std::move(path)),
        lock_(std::move(lock)),
        options_(options),
        fd_(base::open_file(path_, O_RDWR | O_CREAT, 0600)) {
    rehash();
  }

  std::uint64_t offset() const override { return size_; }

  void write(std::span<const std::byte> bytes) override {
    if (options_.expect_size && size_ + bytes.size() > *options_.expect_size) {
      restart();
      base::fail(base::Code::data_loss, "more than the {} bytes that were announced", *options_.expect_size);
    }
    try {
      base::write_all(fd_.get(), bytes);
    } catch (base::Error& error) {
      error.add_frame(base::format("write {}", path_));
      // Part of them may have been written; offset() must stay true. If even this fails, commit()
      // will find wrong bytes: what has to be reported is the first failure.
      if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) == 0)
        ::lseek(fd_.get(), static_cast<off_t>(size_), SEEK_SET);
      throw;
    }
    hash_.update(bytes);
    size_ += bytes.size();
  }

  void restart() override {
    SLIP_SYSCALL(::ftruncate(fd_.get(), 0), "truncate {}", path_);
    SLIP_SYSCALL(::lseek(fd_.get(), 0, SEEK_SET), "rewind {}", path_);
    hash_ = base::Sha256();
    size_ = 0;
  }

  BlobInfo commit() override;

 private:
  /// What an earlier process left counts again, once its bytes were hashed.
  void rehash() {
    if (!options_.expect) return restart();
    char buffer[1 << 16];
    while (const auto got = base::read_up_to(fd_.get(), buffer, sizeof buffer)) {
      hash_.update(std::string_view(buffer, got));
      size_ += got;
    }
    if (options_.expect_size && size_ > *options_.expect_size) restart();
  }

  DiskContentStore& store_;
  std::string path_;
  base::FileLock lock_;
  IngestOptions options_;
  base::Fd fd_;
  base::Sha256 hash_;
  std::uint64_t size_ = 0;
};

class DiskContentStore final : public ContentStore {
 public:
  explicit DiskContentStore(const std::string& directory)
      : blobs_(directory + "/blobs/sha256"), ingests_(directory + "/ingest") {}

  std::string ingest_path(std::string_view name) const {
    base::make_directories(ingests_);
    return base::format("{}/{}", ingests_, base::sha256(name).hex().substr(0, 40));
  }

  std::string path(const base::Digest& digest) const { return blobs_ + "/" + digest.hex(); }

  std::optional<BlobInfo> find(const base::Digest& digest) const override {
    const auto info = base::lstat_if_exists(path(digest));
    if (!info || !S_ISREG(info->st_mode)) return std::nullopt;
    return BlobInfo{digest, static_cast<std::uint64_t>(info->st_size)};
  }

  std::unique_ptr<Ingest> ingest(std::string_view name, IngestOptions options, std::stop_token stop) override {
    std::string path = ingest_path(name);
    auto lock = wait_for_lock(path + ".lock", stop);
    return std::make_unique<DiskIngest>(*this, std::move(path), std::move(lock), options);
  }

  NamedLock hold(std::string_view name, std::stop_token stop) const override {
    return NamedLock(ingest_path(name) + ".lock", stop);
  }

  base::Fd open(const base::Digest& digest) const override {
    auto fd = base::open_file_if_exists(path(digest), O_RDONLY);
    if (!fd) base::fail(base::Code::not_found, "blob {} is not in the store", digest.str());
    return std::move(*fd);
  }

  std::string read(const base::Digest& digest, std::size_t limit) const override {
    const base::Fd fd = open(digest);
    return base::with_context([&] { return base::read_all(fd.get(), limit); }, "read blob {}", digest.str());
  }

  BlobInfo put(std::string_view bytes) override {
    const base::Digest digest = base::sha256(bytes);
    if (const auto known = find(digest)) return *known;
    const std::string temporary = base::format("{}/put-{}", ingests_, base::random_id(16));
    base::make_directories(ingests_);
    base::write_file_atomic(temporary, bytes, base::Durable::no, 0600);
    return adopt(temporary, {digest, bytes.size()});
  }

  BlobInfo adopt(const std::string& temporary, const BlobInfo& info) override {
    if (find(info.digest)) {
      base::remove_tree(temporary);
      return info;
    }
    base::make_directories(blobs_);
    // Readable by everyone the directory lets in, writable by nobody: blobs do not change.
    SLIP_SYSCALL(::chmod(temporary.c_str(), 0444), "chmod {}", temporary);
    base::fault_point("store.blob.written");
    base::sync_fd(base::open_file(temporary, O_RDONLY).get());
    base::fault_point("store.blob.synced");
    SLIP_SYSCALL(::rename(temporary.c_str(), path(info.digest).c_str()), "rename {}", temporary);
    base::fault_point("store.blob.renamed");
    return info;
  }

  void sync() override {
    if (base::exists(blobs_)) base::sync_directory(blobs_);
  }

  void remove(const base::Digest& digest) override { base::remove_tree(path(digest)); }

  std::vector<BlobInfo> list() const override {
    std::vector<BlobInfo> blobs;
    if (!base::exists(blobs_)) return blobs;
    for (const auto& name : base::list_directory(blobs_)) {
      const auto digest = base::Digest::parse("sha256:" + name);
      if (!digest) continue;
      if (const auto info = find(*digest)) blobs.push_back(*info);
    }
    return blobs;
  }

 private:
  std::string blobs_;
  std::string ingests_;
};

BlobInfo DiskIngest::commit() {
  const base::Digest digest = hash_.finish();
  hash_ = base::Sha256();
  const BlobInfo info{digest, size_};
  const bool short_of = options_.expect_size && size_ != *options_.expect_size;
  if (short_of || (options_.expect && digest != *options_.expect)) {
    restart();
    if (short_of)
      base::fail(base::Code::data_loss, "{} bytes where {} were announced", info.size, *options_.expect_size);
    base::fail(base::Code::data_loss, "the bytes have digest {}, not {}", digest.str(), options_.expect->str());
  }
  store_.adopt(path_, info);
  ::unlink((path_ + ".lock").c_str());
  return info;
}

}  // namespace

std::unique_ptr<ContentStore> make_disk_content_store(const std::string& directory) {
  return std::make_unique<DiskContentStore>(directory);
}

}  // namespace store
