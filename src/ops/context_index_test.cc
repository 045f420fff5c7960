// SPDX-License-Identifier: Apache-2.0
#include "ops/context_index.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "ops/context_file.h"

namespace ops {
namespace {

/// A file system with a clock of whole seconds that the test holds; inodes and sizes are the real ones.
class CoarseWorld final : public FileWorld {
 public:
  struct stat stat(int fd) const override {
    struct stat info;
    EXPECT_EQ(::fstat(fd, &info), 0);
    info.st_ctim = {changed.count(info.st_ino) ? changed.at(info.st_ino) : 0, 0};
    info.st_mtim = {1, 0};
    ++stats;
    if (on_stat) on_stat(stats);
    return info;
  }
  std::optional<base::Nanos> now(int) const override {
    return believed ? std::optional(second * base::kSecond) : std::nullopt;
  }
  base::Nanos margin(const FileStamp&) const override { return 0; }
  std::string mount_of(const std::string&) const override { return mount; }
  base::Nanos clock_offset() const override { return offset; }
  void sleep(base::Nanos duration) const override {
    slept += duration;
    second += (duration + base::kSecond - 1) / base::kSecond;
  }

  mutable std::map<ino_t, time_t> changed;
  mutable base::Nanos second = 100;
  mutable base::Nanos slept = 0;
  mutable int stats = 0;
  base::Nanos offset = 0;
  std::string mount = "1";
  bool believed = true;
  std::function<void(int)> on_stat;
};

class ContextIndexTest : public ::testing::Test {
 protected:
  /// Writes in place, as an editor that truncates: same inode, stamped with the present second.
  void edit(const std::string& name, const std::string& text) {
    const base::Fd fd = base::open_file(at(name), O_WRONLY | O_CREAT | O_TRUNC);
    base::write_all(fd.get(), text);
    struct stat info;
    ASSERT_EQ(::fstat(fd.get(), &info), 0);
    world_.changed[info.st_ino] = world_.second;
  }
  std::string at(const std::string& name) const { return files_.path() + "/" + name; }
  FileStamp stamp(const std::string& name) {
    return FileStamp::of(world_.stat(base::open_file(at(name), O_RDONLY).get()));
  }
  Hashed hash(ContextIndex& index, const std::string& name) {
    return index.of(files_.path())->hash(base::open_file(at(name), O_RDONLY).get(), {});
  }
  std::optional<base::Digest> find(ContextIndex& index, const std::string& name) {
    return index.of(files_.path())->find(stamp(name));
  }
  ContextIndex::Options options(const std::string& boot = "one") {
    return {.directory = store_.path() + "/contexts", .boot = boot, .world = &world_};
  }
  std::string index_file() const {
    for (const auto& name : base::list_directory(store_.path() + "/contexts")) {
      if (!name.ends_with(".lock")) return store_.path() + "/contexts/" + name;
    }
    return "";
  }

  CoarseWorld world_;
  base::TemporaryDirectory files_;
  base::TemporaryDirectory store_;
};

TEST_F(ContextIndexTest, FindsWhatWasHashedAlsoInAnotherProcess) {
  edit("a", "text");
  world_.second++;
  {
    ContextIndex index(options());
    EXPECT_FALSE(find(index, "a"));
    const Hashed hashed = hash(index, "a");
    EXPECT_EQ(hashed.proof, Proof::settled);
    EXPECT_EQ(hashed.digest, base::sha256("text"));
    EXPECT_EQ(find(index, "a"), base::sha256("text"));
  }
  ContextIndex next(options());
  EXPECT_EQ(find(next, "a"), base::sha256("text"));
}

TEST_F(ContextIndexTest, DoesNotBelieveAFileThatWasHashedInTheTickOfItsEdit) {
  ContextIndex index(options());
  edit("a", "AAAA");
  EXPECT_EQ(hash(index, "a").proof, Proof::racy);
  const FileStamp before = stamp("a");
  edit("a", "BBBB");
  ASSERT_EQ(stamp("a"), before) << "the fake must hide the edit";
  EXPECT_FALSE(find(index, "a"));
  EXPECT_EQ(hash(index, "a").digest, base::sha256("BBBB"));
}

TEST_F(ContextIndexTest, WaitsForTheTickToPass) {
  ContextIndex index(options());
  edit("a", "AAAA");
  EXPECT_EQ(hash(index, "a").proof, Proof::racy);
  index.of(files_.path())->let_time_pass();
  EXPECT_GT(world_.slept, 0);
  EXPECT_EQ(hash(index, "a").proof, Proof::settled);
  EXPECT_EQ(find(index, "a"), base::sha256("AAAA"));
  edit("a", "BBBB");  // a second later: the stamp tells
  EXPECT_FALSE(find(index, "a"));
  world_.slept = 0;
  index.of(files_.path())->let_time_pass();
  EXPECT_EQ(world_.slept, 0) << "nothing racy since";
}

TEST_F(ContextIndexTest, AnyMemberOfTheStampCounts) {
  ContextIndex index(options());
  edit("a", "AAAA");
  world_.second++;
  hash(index, "a");
  const FileStamp good = stamp("a");
  ASSERT_TRUE(index.of(files_.path())->find(good));
  const std::function<void(FileStamp&)> changes[] = {
      [](FileStamp& s) { ++s.device; },   [](FileStamp& s) { ++s.inode; }, [](FileStamp& s) { ++s.changed; },
      [](FileStamp& s) { ++s.modified; }, [](FileStamp& s) { ++s.size; },  [](FileStamp& s) { s.mode ^= 0111; }};
  for (const auto& change : changes) {
    FileStamp other = good;
    change(other);
    EXPECT_FALSE(index.of(files_.path())->find(other));
  }
}

TEST_F(ContextIndexTest, ReadsAFileAgainThatChangesMeanwhile) {
  ContextIndex index(options());
  edit("a", "AAAA");
  world_.second = 200;
  bool once = true;
  world_.on_stat = [&](int) {
    if (std::exchange(once, false)) edit("a", "BBBBB");
  };
  EXPECT_EQ(hash(index, "a").digest, base::sha256("BBBBB"));
}

TEST_F(ContextIndexTest, GivesUpOnAFileThatChangesAllTheTime) {
  ContextIndex index(options());
  edit("a", "");
  world_.on_stat = [&](int count) { edit("a", std::string(static_cast<std::size_t>(count), 'x')); };
  try {
    hash(index, "a");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::aborted);
  }
}

TEST_F(ContextIndexTest, IsForgottenByAnotherBootAnotherMountAndASetClock) {
  edit("a", "text");
  world_.second++;
  {
    ContextIndex index(options());
    hash(index, "a");
  }
  ContextIndex other_boot(options("two"));
  EXPECT_FALSE(find(other_boot, "a"));
  world_.offset = -3600 * base::kSecond;
  ContextIndex clock_set(options());
  EXPECT_FALSE(find(clock_set, "a"));
  world_.offset = 0;
  world_.mount = "2";
  ContextIndex mounted_anew(options());
  EXPECT_FALSE(find(mounted_anew, "a"));
  world_.mount = "1";
  ContextIndex as_it_was(options());
  EXPECT_TRUE(find(as_it_was, "a"));
}

TEST_F(ContextIndexTest, KeepsNothingWhenTheClockIsSetDuringTheBuild) {
  edit("a", "text");
  world_.second++;
  {
    ContextIndex index(options());
    hash(index, "a");
    world_.offset = base::kSecond;
  }
  ContextIndex next(options());
  EXPECT_FALSE(find(next, "a"));
}

TEST_F(ContextIndexTest, AStampOfTheFutureProvesNothing) {
  ContextIndex index(options());
  edit("a", "text");
  world_.second = 50;  // somebody set the clock back
  EXPECT_EQ(hash(index, "a").proof, Proof::none);
  EXPECT_FALSE(find(index, "a"));
}

TEST_F(ContextIndexTest, WhereStampsProveNothingEveryFileIsRead) {
  world_.believed = false;
  edit("a", "text");
  world_.second++;
  ContextIndex index(options());
  EXPECT_EQ(hash(index, "a").proof, Proof::none);
  EXPECT_FALSE(find(index, "a"));
}

TEST_F(ContextIndexTest, TrustingNothingReadsEveryFile) {
  edit("a", "text");
  world_.second++;
  {
    ContextIndex index(options());
    hash(index, "a");
  }
  auto paranoid = options();
  paranoid.trust = ContextIndex::Trust::nothing;
  ContextIndex index(paranoid);
  EXPECT_FALSE(find(index, "a"));
  EXPECT_EQ(hash(index, "a").proof, Proof::none);
}

TEST_F(ContextIndexTest, TwoProcessesAddToOneIndex) {
  edit("a", "one");
  edit("b", "two");
  world_.second++;
  ContextIndex first(options());
  ContextIndex second(options());
  hash(first, "a");
  hash(second, "b");
  first.save();
  second.save();
  ContextIndex third(options());
  EXPECT_EQ(find(third, "a"), base::sha256("one"));
  EXPECT_EQ(find(third, "b"), base::sha256("two"));
}

TEST_F(ContextIndexTest, ForgetsFilesThatNoBuildMeets) {
  edit("gone", "text");
  world_.second++;
  {
    hash(*std::make_unique<ContextIndex>(options()), "gone");
  }
  const FileStamp gone = stamp("gone");
  for (int i = 0; i < 9; ++i) {
    edit("a", std::to_string(i));
    world_.second++;
    ContextIndex index(options());
    hash(index, "a");
  }
  EXPECT_FALSE(ContextIndex(options()).of(files_.path())->find(gone));
}

TEST_F(ContextIndexTest, ADamagedFileIsAsGoodAsNone) {
  edit("a", "text");
  world_.second++;
  {
    hash(*std::make_unique<ContextIndex>(options()), "a");
  }
  const std::string good = base::read_file(index_file());
  for (const std::string& bad : {good.substr(0, good.size() - 1), good.substr(0, 20), std::string(), good + good,
                                 "x" + good.substr(1), std::string(good.size(), '\0')}) {
    base::write_file_atomic(index_file(), bad);
    ContextIndex index(options());
    EXPECT_FALSE(find(index, "a"));
  }
  base::write_file_atomic(index_file(), good);
  ContextIndex index(options());
  EXPECT_TRUE(find(index, "a"));
}

}  // namespace
}  // namespace ops
