// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "store/filesystem.h"
#include "store/meta.h"
#include "store/testing/child.h"

namespace store {
namespace {

std::vector<std::string> layer_ids(Store& store) {
  std::vector<std::string> ids;
  auto session = store.meta().use();
  auto row = session.prepare("SELECT id FROM layers ORDER BY id");
  while (row.step()) ids.push_back(row.text(0));
  return ids;
}

std::int64_t count(Store& store, const std::string& table) {
  auto session = store.meta().use();
  const std::string sql = "CREATE TEMP VIEW counted AS SELECT count(*) FROM " + table;
  session.run(sql);
  std::int64_t number = -1;
  {
    auto row = session.prepare("SELECT * FROM counted");
    if (row.step()) number = row.number(0);
  }
  session.run("DROP VIEW counted");
  return number;
}

/// A layer as a step leaves it: directory, record, cache record with a key.
void add_layer(Store& store, const std::string& id) {
  base::make_directories(store.snapshots_dir() + "/" + id + "/fs");
  auto session = store.meta().use();
  session.run("INSERT INTO layers VALUES('" + id + "', '', 1, 1)");
  session.run("INSERT INTO layer_blobs VALUES('" + id + "', 'b', 'gzip', 'd', 1, 'd', 2, 'm', 1)");
  session.run("INSERT INTO records VALUES('r-" + id + "', 'op', 'step', '', '{}', 1, 1)");
  session.run("INSERT INTO keys VALUES('k-" + id + "', 'r-" + id + "')");
}

class StoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open(const std::string& boot = "boot 1") { return Store::open(root_, {.boot = boot}); }
  void damage(const std::string& name, std::size_t offset) {
    const auto file = base::open_file(root_ + "/" + name, O_RDWR);
    const std::string junk(6000, '\x5a');
    ASSERT_EQ(::pwrite(file.get(), junk.data(), junk.size(), static_cast<off_t>(offset)),
              static_cast<ssize_t>(junk.size()));
  }

  base::TemporaryDirectory directory_;
  const std::string root_ = directory_.path() + "/store";
};

TEST_F(StoreTest, IsMadeWhereThereIsNothing) {
  auto store = open();
  EXPECT_EQ(store->content().put("x").digest, base::sha256("x"));
  store.reset();
  EXPECT_TRUE(open()->content().find(base::sha256("x")));
}

TEST_F(StoreTest, OpeningMakesNoNamesDatabaseAndNoEmptyDirectories) {
  open();
  for (const auto& name : base::list_directory(root_)) EXPECT_TRUE(name == "locks" || name == "meta.db") << name;
}

TEST_F(StoreTest, AnotherFormatIsRefusedWithAWayOut) {
  open()->meta().use().run("PRAGMA user_version=7");
  try {
    open();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::failed_precondition);
    EXPECT_EQ(error.text(),
              "opening the store " + root_ + ": " + root_ + "/meta.db has format 7, this program writes 2");
    EXPECT_EQ(error.hint(), "use the slipway that made it, or another store with --root");
  }
}

TEST_F(StoreTest, AnotherFormatOfNamesIsRefusedToo) {
  open()->names().use().run("PRAGMA user_version=7");
  EXPECT_THROW(open()->names(), base::Error);
}

TEST_F(StoreTest, SomebodysDirectoryIsNotTakenForAStore) {
  base::make_directories(root_ + "/Documents");
  try {
    open();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::failed_precondition);
    EXPECT_NE(error.text().find("Documents"), std::string::npos);
  }
  EXPECT_EQ(base::list_directory(root_).size(), 1U);
}

TEST_F(StoreTest, FreshFileSystemCountsAsEmpty) {
  base::make_directories(root_ + "/lost+found");
  EXPECT_NO_THROW(open());
}

TEST_F(StoreTest, NetworkFileSystemsAreKnownByType) {
  EXPECT_EQ(network_filesystem(0x6969), "nfs");
  EXPECT_EQ(network_filesystem(0xff534d42), "cifs");
  EXPECT_EQ(network_filesystem(static_cast<long>(static_cast<int>(0xfe534d42))), "smb2");
  EXPECT_EQ(network_filesystem(0xef53), "");      // ext4
  EXPECT_EQ(network_filesystem(0x01021994), "");  // tmpfs
  EXPECT_EQ(network_filesystem(0x794c7630), "");  // overlay
}

TEST_F(StoreTest, RecordsOutliveTheProcess) {
  add_layer(*open(), "one");
  EXPECT_EQ(layer_ids(*open()), std::vector<std::string>{"one"});
}

TEST_F(StoreTest, AnotherBootDropsWhatWasNeverSaved) {
  add_layer(*open("boot 1"), "one");
  auto store = open("boot 2");
  for (const char* table : {"layers", "layer_blobs", "records", "keys"}) EXPECT_EQ(count(*store, table), 0) << table;
  add_layer(*store, "two");
  store.reset();
  EXPECT_EQ(layer_ids(*open("boot 2")), std::vector<std::string>{"two"});
}

TEST_F(StoreTest, AnotherBootGoesOnFromWhatWasSaved) {
  {
    auto store = open("boot 1");
    add_layer(*store, "saved");
    store->save();
    add_layer(*store, "unsaved");
  }
  auto store = open("boot 2");
  EXPECT_EQ(layer_ids(*store), std::vector<std::string>{"saved"});
  for (const char* table : {"layer_blobs", "records", "keys"}) EXPECT_EQ(count(*store, table), 1) << table;
}

TEST_F(StoreTest, SavedRecordsSurviveSeveralBoots) {
  {
    auto store = open("boot 1");
    add_layer(*store, "saved");
    store->save();
  }
  open("boot 2");
  open("boot 3");
  EXPECT_EQ(layer_ids(*open("boot 4")), std::vector<std::string>{"saved"});
}

TEST_F(StoreTest, SavedLayerWithoutItsDirectoryIsDropped) {
  {
    auto store = open("boot 1");
    add_layer(*store, "here");
    add_layer(*store, "gone");
    store->save();
  }
  base::remove_tree(root_ + "/snapshots/gone");
  auto store = open("boot 2");
  EXPECT_EQ(layer_ids(*store), std::vector<std::string>{"here"});
  EXPECT_EQ(count(*store, "layer_blobs"), 1);
}

TEST_F(StoreTest, ForgottenCopyIsNotUsed) {
  {
    auto store = open("boot 1");
    add_layer(*store, "one");
    store->save();
    store->forget_saved();
    store->forget_saved();
  }
  EXPECT_TRUE(layer_ids(*open("boot 2")).empty());
}

TEST_F(StoreTest, DamagedRecordsAreReplacedByTheCopy) {
  {
    auto store = open();
    add_layer(*store, "saved");
    store->save();
    add_layer(*store, "later");
  }
  damage("meta.db", 0);
  EXPECT_EQ(layer_ids(*open()), std::vector<std::string>{"saved"});
}

TEST_F(StoreTest, DamageFoundMidwayIsRepairedByTheNextProcess) {
  {
    auto store = open();
    for (int i = 0; i < 300; ++i) add_layer(*store, "layer-" + std::to_string(i));
  }
  // Beyond the pages that opening reads.
  const auto size = static_cast<std::size_t>(base::lstat_if_exists(root_ + "/meta.db")->st_size);
  for (std::size_t at = 12 * 4096; at + 6000 < size; at += 8192) damage("meta.db", at);
  bool failed = false;
  try {
    auto store = open();
    for (int i = 0; i < 50; ++i) layer_ids(*store), count(*store, "records"), count(*store, "keys");
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::data_loss);
    failed = true;
  }
  ASSERT_TRUE(failed) << "the test did not damage a page that is read";
  auto store = open();
  EXPECT_TRUE(layer_ids(*store).empty());
  add_layer(*store, "new");
  EXPECT_FALSE(base::exists(root_ + "/meta.db.damaged"));
}

TEST_F(StoreTest, DamagedCopyIsNoCopy) {
  {
    auto store = open("boot 1");
    for (int i = 0; i < 100; ++i) add_layer(*store, "layer-" + std::to_string(i));
    store->save();
  }
  for (const std::size_t offset : {std::size_t{0}, std::size_t{3 * 4096}}) {
    damage("meta.saved", offset);
    auto store = open("boot after damage at " + std::to_string(offset));
    EXPECT_TRUE(layer_ids(*store).empty());
    add_layer(*store, "layer-1");
  }
  base::write_file_atomic(root_ + "/meta.saved", "");
  EXPECT_TRUE(layer_ids(*open("boot with an empty copy")).empty());
}

TEST_F(StoreTest, DamagedNamesAreNeverEmptied) {
  open()->names().use().run("INSERT INTO images VALUES('n', '{}', 'built', 1)");
  damage("names.db", 0);
  try {
    open()->names();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::data_loss);
    EXPECT_NE(error.hint().find("restore the file"), std::string::npos);
  }
}

TEST_F(StoreTest, RootWithQuotesAndSpacesIsSavedAndRestored) {
  const std::string root = directory_.path() + "/it's a store";
  {
    auto store = Store::open(root, {.boot = "boot 1"});
    add_layer(*store, "one");
    store->save();
  }
  auto store = Store::open(root, {.boot = "boot 2"});
  EXPECT_EQ(layer_ids(*store).size(), 1U);
}

TEST_F(StoreTest, SavingIsDueOnlyForOldUnsavedRecords) {
  auto store = open();
  add_layer(*store, "one");
  EXPECT_FALSE(is_saving_due(root_, 3600));
  EXPECT_TRUE(is_saving_due(root_, 0));
  store->save();
  const timespec old[] = {{1'000'000, 0}, {1'000'000, 0}};
  ::utimensat(AT_FDCWD, (root_ + "/meta.db").c_str(), old, 0);
  EXPECT_FALSE(is_saving_due(root_, 0));
}

TEST_F(StoreTest, FirstLockSavesEarlierWork) {
  add_layer(*open("boot 1"), "earlier");
  const timespec old[] = {{1'000'000, 0}, {1'000'000, 0}};
  ::utimensat(AT_FDCWD, (root_ + "/meta.db").c_str(), old, 0);
  {
    auto store = open("boot 1");
    const auto lock = store->lock("step", {});
  }
  EXPECT_EQ(layer_ids(*open("boot 2")), std::vector<std::string>{"earlier"});
}

const testing::ChildScenario kSave("add and save", [](const std::string& root) {
  auto store = Store::open(root, {.boot = "boot 1"});
  if (count(*store, "layers") == 1) add_layer(*store, "two");
  store->save();
});

TEST_F(StoreTest, KilledAnywhereWhileSavingOldOrNewCopyIsUsed) {
  {
    auto store = open("boot 1");
    add_layer(*store, "one");
    store->save();
  }
  int point = 1;
  for (;; ++point) {
    ASSERT_LT(point, 100);
    const auto output = testing::run_scenario("add and save", root_, base::format("kill@{}", point));
    if (output.status.ok()) break;
    ASSERT_EQ(output.status.signal, SIGKILL) << output.err;
  }
  EXPECT_GT(point, 2);
  EXPECT_EQ(layer_ids(*open("boot 2")).size(), 2U);
}

const testing::ChildScenario kRestore("restore",
                                      [](const std::string& root) { Store::open(root, {.boot = "boot 2"}); });

TEST_F(StoreTest, KilledAnywhereWhileRestoringTheNextProcessRestores) {
  {
    auto store = open("boot 1");
    add_layer(*store, "one");
    store->save();
  }
  int point = 1;
  for (;; ++point) {
    ASSERT_LT(point, 100);
    const auto output = testing::run_scenario("restore", root_, base::format("kill@{}", point));
    if (output.status.ok()) break;
    ASSERT_EQ(output.status.signal, SIGKILL) << output.err;
  }
  EXPECT_GT(point, 3);
  EXPECT_EQ(layer_ids(*open("boot 2")), std::vector<std::string>{"one"});
}

const testing::ChildScenario kOpenMany("open and add", [](const std::string& root) {
  auto store = Store::open(root, {.boot = "boot 2"});
  store->content().put("x");
  const auto lock = store->lock("counter", {});
  auto session = store->meta().use();
  session.run("UPDATE layers SET size = size + 1");
});

TEST_F(StoreTest, ManyProcessesMayBeTheFirstOfABoot) {
  {
    auto store = open("boot 1");
    add_layer(*store, "one");
    store->save();
  }
  {
    std::vector<base::Child> children;
    for (int i = 0; i < 6; ++i) children.push_back(testing::start_scenario("open and add", root_));
    for (auto& child : children) EXPECT_TRUE(child.wait().ok());
  }
  auto store = open("boot 2");
  auto session = store->meta().use();
  auto row = session.prepare("SELECT size FROM layers");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.number(0), 7);
}

TEST_F(StoreTest, LockExcludesThreadsAndIsFreedWithItsObject) {
  auto store = open();
  {
    const auto held = store->lock("a", {});
    EXPECT_FALSE(store->try_lock("a"));
    EXPECT_TRUE(store->try_lock("b"));
  }
  EXPECT_TRUE(store->try_lock("a"));
}

TEST_F(StoreTest, WaitingForALockEndsWithAStop) {
  auto store = open();
  const auto held = store->lock("a", {});
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_THROW(store->lock("a", stop.get_token()), base::Cancelled);
}

const testing::ChildScenario kHoldLock("hold a lock", [](const std::string& root) {
  auto store = Store::open(root, {.boot = "boot 1"});
  const auto held = store->lock("step", {});
  testing::announce(root, "held");
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
});

TEST_F(StoreTest, LockOfAKilledProcessIsTakenOver) {
  auto store = open();
  auto child = testing::start_scenario("hold a lock", root_);
  testing::await(root_, "held");
  EXPECT_FALSE(store->try_lock("step"));
  child.kill(SIGKILL);
  EXPECT_NO_THROW(store->lock("step", {}));
}

}  // namespace
}  // namespace store
