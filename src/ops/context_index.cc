// SPDX-License-Identifier: Apache-2.0
#include "ops/context_index.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/task.h"
#include "ops/context_file.h"

namespace ops {
namespace {

constexpr int kAttempts = 4;
/// A file that no build has met for so many saves is forgotten.
constexpr std::uint64_t kMaxUnseen = 8;
/// A stamp further ahead than this is of a clock that was set back: waiting for it is no use.
constexpr base::Nanos kLongestWait = 5 * base::kSecond;

std::pair<base::Digest, std::uint64_t> read_all_of(int fd, const std::stop_token& stop) {
  thread_local std::string buffer(256 << 10, '\0');
  base::Sha256 hash;
  std::uint64_t offset = 0;
  for (;;) {
    base::throw_if_stopped(stop);
    const auto got =
        SLIP_SYSCALL(::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset)), "read a context file");
    if (got == 0) return {hash.finish(), offset};
    hash.update(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    offset += static_cast<std::uint64_t>(got);
  }
}

}  // namespace

class ContextIndex::Table final : public KnownFiles {
 public:
  Table(const std::string& context, const Options& options)
      : path_(options.directory + "/" + base::sha256(context).hex().substr(0, 40)),
        options_(options),
        world_(*options.world) {
    epoch_ = {options.boot + "\n" + world_.mount_of(context), world_.clock_offset()};
    if (const auto info = base::stat_if_exists(context)) device_ = static_cast<std::uint64_t>(info->st_dev);
    if (options_.trust == Trust::nothing) return;
    try {
      old_ = IndexFile::open(path_, epoch_);
    } catch (const base::Error& error) {
      base::log_warn("the index of a context cannot be read: {}", error.text());
    }
    seen_ = std::vector<std::atomic<bool>>(old_.entries().size());
  }

  std::optional<base::Digest> find(const FileStamp& stamp) override {
    if (options_.trust == Trust::nothing) return std::nullopt;
    if (const auto position = old_.find(stamp); position && old_.entries()[*position].stamp == stamp) {
      seen_[*position].store(true, std::memory_order_relaxed);
      return base::Digest(old_.entries()[*position].digest);
    }
    const auto fresh = fresh_.lock();
    const auto found = fresh->find({stamp.device, stamp.inode});
    if (found == fresh->end() || found->second.stamp != stamp) return std::nullopt;
    return base::Digest(found->second.digest);
  }

  Hashed hash(int fd, const std::stop_token& stop) override {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const auto began = world_.now(fd);
      Hashed hashed;
      hashed.info = world_.stat(fd);
      const FileStamp stamp = FileStamp::of(hashed.info);
      if (!S_ISREG(hashed.info.st_mode)) break;
      const auto [digest, size] = read_all_of(fd, stop);
      if (FileStamp::of(world_.stat(fd)) != stamp || size != stamp.size) continue;
      hashed.digest = digest;
      hashed.proof = proof_of(stamp, began);
      if (hashed.proof == Proof::settled) remember(stamp, digest);
      return hashed;
    }
    base::fail(base::Code::aborted, "it changes while it is read");
  }

  void let_time_pass() override {
    const base::Nanos wait = std::exchange(*wait_.lock(), 0);
    if (wait > 0) world_.sleep(wait);
  }

  void save() {
    const auto fresh = fresh_.lock();
    if (fresh->empty() || options_.trust == Trust::nothing) return;
    const base::FileLock alone = base::FileLock::wait(path_ + ".lock");
    // Of another epoch when the clock was set during this build: then nothing is worth keeping.
    if (!IndexEpoch{epoch_.boot, world_.clock_offset()}.continues(epoch_)) return;
    std::vector<IndexEntry> entries;
    entries.reserve(fresh->size());
    for (const auto& [file, entry] : *fresh) entries.push_back(entry);
    merge_into(entries);
    IndexFile::write(path_, epoch_, entries);
    fresh->clear();
  }

 private:
  Proof proof_of(const FileStamp& stamp, const std::optional<base::Nanos>& began) {
    if (!began || options_.trust == Trust::nothing) return Proof::none;
    if (stamp.device != device_) return Proof::none;  // a mount inside the context, of which the epoch knows nothing
    const base::Nanos missing = stamp.changed + world_.margin(stamp) - *began;
    if (missing < 0) return Proof::settled;
    if (missing > kLongestWait) return Proof::none;
    const auto wait = wait_.lock();
    *wait = std::max(*wait, missing + 1);
    return Proof::racy;
  }

  void remember(const FileStamp& stamp, const base::Digest& digest) {
    fresh_.lock()->insert_or_assign({stamp.device, stamp.inode}, IndexEntry{stamp, 0, digest.bytes()});
  }

  /// Adds to what is new (sorted) what the file says of other files; another process may have replaced it.
  void merge_into(std::vector<IndexEntry>& entries) const {
    const IndexFile present = IndexFile::open(path_, epoch_);
    const std::size_t fresh = entries.size();
    for (const IndexEntry& entry : present.entries()) {
      if (std::binary_search(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(fresh), entry, before)) {
        continue;
      }
      IndexEntry kept = entry;
      const auto known = old_.find(entry.stamp);
      kept.unseen = known && seen_[*known] ? 0 : entry.unseen + 1;
      if (kept.unseen <= kMaxUnseen) entries.push_back(kept);
    }
    std::sort(entries.begin(), entries.end(), before);
  }

  std::string path_;
  const Options& options_;
  const FileWorld& world_;
  IndexEpoch epoch_;
  std::uint64_t device_ = 0;  ///< of the context directory
  IndexFile old_;
  std::vector<std::atomic<bool>> seen_;  ///< per entry of `old_`
  base::Sync<std::map<std::pair<std::uint64_t, std::uint64_t>, IndexEntry>> fresh_;
  base::Sync<base::Nanos> wait_{0};
};

ContextIndex::ContextIndex(Options options) : options_(std::move(options)) {
  if (!options_.world) options_.world = &system_file_world();
}

ContextIndex::~ContextIndex() { save(); }

std::shared_ptr<KnownFiles> ContextIndex::of(const std::string& context) {
  const auto tables = tables_.lock();
  auto& table = (*tables)[context];
  if (!table) table = std::make_shared<Table>(context, options_);
  return table;
}

void ContextIndex::save() {
  for (const auto& [context, table] : *tables_.lock()) {
    try {
      base::make_directories(options_.directory);
      table->save();
    } catch (const base::Error& error) {
      base::log_warn("the index of {} was not written: {}", context, error.text());  // the next build reads more
    }
  }
}

}  // namespace ops
