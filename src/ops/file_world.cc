// SPDX-License-Identifier: Apache-2.0
#include "ops/file_world.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <time.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/random.h"

namespace ops {
namespace {

constexpr base::Nanos kMillisecond = 1'000'000;
/// The kernel's coarse clock, which stamps files, ticks every 1 to 10 ms.
constexpr base::Nanos kTick = 10 * kMillisecond;
/// Whole seconds are what a file system without fractions writes (FAT: two of them).
constexpr base::Nanos kCoarse = 2 * base::kSecond + kTick;

/// statx(2): ids that are never used again (Linux 6.8), and those that are.
constexpr unsigned kUniqueMountId = 0x4000;
constexpr unsigned kMountId = 0x1000;

constexpr long kXfs = 0x58465342;
constexpr long kZfs = 0x2fc12fc1;
constexpr long kBcachefs = 0xca451a4e;

base::Nanos nanos(const timespec& time) { return base::Nanos{time.tv_sec} * base::kSecond + time.tv_nsec; }

base::Nanos read_clock(clockid_t clock) {
  timespec time;
  ::clock_gettime(clock, &time);
  return nanos(time);
}

/// File systems of this machine whose inodes keep their numbers and are stamped by this kernel's clock.
bool is_believed(long type) {
  for (const long known : {long{EXT4_SUPER_MAGIC}, kXfs, long{BTRFS_SUPER_MAGIC}, long{TMPFS_MAGIC},
                           long{F2FS_SUPER_MAGIC}, kBcachefs, kZfs}) {
    if (type == known) return true;
  }
  return false;
}

class SystemFileWorld final : public FileWorld {
 public:
  struct stat stat(int fd) const override {
    struct stat info;
    SLIP_SYSCALL(::fstat(fd, &info), "stat");
    return info;
  }

  std::optional<base::Nanos> now(int fd) const override {
    if (!is_believed(type_of(fd))) return std::nullopt;
    return read_clock(CLOCK_REALTIME_COARSE);
  }

  base::Nanos margin(const FileStamp& stamp) const override {
    return stamp.changed % base::kSecond == 0 ? kCoarse : kTick;
  }

  std::string mount_of(const std::string& directory) const override {
    struct statx info = {};
    for (const unsigned mask : {kUniqueMountId, kMountId}) {
      if (::statx(AT_FDCWD, directory.c_str(), 0, mask, &info) == 0 && (info.stx_mask & mask) != 0) {
        return base::format("{} {}", mask, info.stx_mnt_id);
      }
    }
    return base::random_id();
  }

  base::Nanos clock_offset() const override {
    // Being scheduled away between the two reads would look like a set clock: the tightest of a few counts.
    base::Nanos best = 0;
    base::Nanos width = INT64_MAX;
    for (int i = 0; i < 8 && width > kMillisecond / 50; ++i) {
      const auto before = read_clock(CLOCK_BOOTTIME);
      const auto wall = read_clock(CLOCK_REALTIME);
      const auto after = read_clock(CLOCK_BOOTTIME);
      if (after - before >= width) continue;
      width = after - before;
      best = wall - before;
    }
    return best;
  }

  void sleep(base::Nanos duration) const override {
    std::this_thread::sleep_for(std::chrono::nanoseconds(duration + kTick));
  }

 private:
  static long type_of(int fd) {
    struct statfs info;
    SLIP_SYSCALL(::fstatfs(fd, &info), "ask for the file system");
    return static_cast<long>(info.f_type);
  }
};

}  // namespace

FileStamp FileStamp::of(const struct stat& info) {
  return {static_cast<std::uint64_t>(info.st_dev),
          static_cast<std::uint64_t>(info.st_ino),
          nanos(info.st_ctim),
          nanos(info.st_mtim),
          static_cast<std::uint64_t>(info.st_size),
          info.st_mode};
}

const FileWorld& system_file_world() {
  static const SystemFileWorld world;
  return world;
}

}  // namespace ops
