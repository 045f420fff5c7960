// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "store/testing/child.h"

namespace store {
namespace {

class DatabaseTest : public ::testing::Test {
 protected:
  std::string path_of(const char* name) const { return directory_.path() + "/" + name; }
  std::int64_t count(Database& database) {
    auto session = database.use();
    auto row = session.prepare("SELECT count(*) FROM t");
    return row.step() ? row.number(0) : -1;
  }
  base::TemporaryDirectory directory_;
  Database database_{path_of("a.db"), Durability::process};
};

TEST_F(DatabaseTest, KeepsTextOfAnyBytesAndNumbersOfAnySize) {
  const std::string bytes("a\0\xff\n", 4);
  auto session = database_.use();
  session.run("CREATE TABLE t(a TEXT, b INTEGER, c TEXT)");
  session.prepare("INSERT INTO t VALUES(?, ?, NULL)").bind(1, bytes).bind(2, INT64_MIN).run();
  auto row = session.prepare("SELECT a, b, c FROM t");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.text(0), bytes);
  EXPECT_EQ(row.number(1), INT64_MIN);
  EXPECT_TRUE(row.is_null(2));
  EXPECT_FALSE(row.step());
}

TEST_F(DatabaseTest, TransactionWithoutCommitLeavesNothing) {
  database_.use().run("CREATE TABLE t(a TEXT)");
  {
    auto session = database_.use();
    Transaction transaction(session);
    session.run("INSERT INTO t VALUES('x')");
  }
  EXPECT_EQ(count(database_), 0);
  {
    auto session = database_.use();
    Transaction transaction(session);
    session.run("INSERT INTO t VALUES('x')");
    transaction.commit();
  }
  EXPECT_EQ(count(database_), 1);
}

TEST_F(DatabaseTest, ThreadsAndConnectionsTakeTurns) {
  database_.use().run("CREATE TABLE t(a INTEGER)");
  Database second(path_of("a.db"), Durability::process);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int n = 0; n < 25; ++n) {
          auto session = (i % 2 ? database_ : second).use();
          Transaction transaction(session);
          session.prepare("INSERT INTO t SELECT coalesce(max(a), 0) + 1 FROM t").run();
          transaction.commit();
        }
      });
    }
  }
  auto session = database_.use();
  auto row = session.prepare("SELECT count(DISTINCT a), max(a) FROM t");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.number(0), 100);
  EXPECT_EQ(row.number(1), 100);
}

TEST_F(DatabaseTest, FileThatIsNoDatabaseIsDataLossAndNamed) {
  base::write_file_atomic(path_of("junk.db"), std::string(5000, 'j'));
  Database junk(path_of("junk.db"), Durability::machine);
  try {
    junk.version();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::data_loss);
    EXPECT_NE(error.text().find("junk.db"), std::string::npos);
  }
  EXPECT_FALSE(base::exists(path_of("junk.db.damaged"))) << "only what can be made again is marked";
}

TEST_F(DatabaseTest, DamagedDisposableFileIsMarkedAndCanBeEmptiedInPlace) {
  base::write_file_atomic(path_of("junk.db"), std::string(5000, 'j'));
  Database junk(path_of("junk.db"), Durability::process);
  EXPECT_THROW(junk.version(), base::Error);
  EXPECT_TRUE(base::exists(path_of("junk.db.damaged")));
  const auto before = base::lstat_if_exists(path_of("junk.db"));
  junk.use().empty();
  EXPECT_EQ(junk.version(), 0);
  junk.use().run("CREATE TABLE t(a TEXT)");
  EXPECT_EQ(count(junk), 0);
  EXPECT_FALSE(base::exists(path_of("junk.db.damaged")));
  EXPECT_EQ(base::lstat_if_exists(path_of("junk.db"))->st_ino, before->st_ino);
}

TEST_F(DatabaseTest, OtherConnectionsGoOnAfterTheFileWasEmptied) {
  database_.use().run("CREATE TABLE t(a TEXT); INSERT INTO t VALUES('old')");
  Database other(path_of("a.db"), Durability::process);
  EXPECT_EQ(count(other), 1);
  database_.use().empty();
  database_.use().run("CREATE TABLE t(a TEXT)");
  EXPECT_EQ(count(other), 0);
  other.use().run("INSERT INTO t VALUES('new')");
  EXPECT_EQ(count(database_), 1);
}

TEST_F(DatabaseTest, PathThatCannotBeOpenedIsNamed) {
  try {
    Database absent(path_of("no/such/directory.db"), Durability::process);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::permission_denied);
    EXPECT_NE(error.text().find("no/such/directory.db"), std::string::npos);
    EXPECT_NE(error.hint(), "");
  }
}

const testing::ChildScenario kTwoRows("insert pairs", [](const std::string& root) {
  Database database(root + "/pairs.db", Durability::process);
  database.use().run("CREATE TABLE IF NOT EXISTS t(a INTEGER)");
  auto session = database.use();
  Transaction transaction(session);
  session.run("INSERT INTO t VALUES(1)");
  session.run("INSERT INTO t VALUES(2)");
  transaction.commit();
});

TEST_F(DatabaseTest, KilledWriterLeavesWholeTransactions) {
  for (const char* point : {"kill@store.database.commit", "kill@store.database.committed"}) {
    const auto killed = testing::run_scenario("insert pairs", directory_.path(), point);
    EXPECT_EQ(killed.status.signal, SIGKILL);
    Database database(path_of("pairs.db"), Durability::process);
    EXPECT_EQ(count(database) % 2, 0);
    EXPECT_EQ(count(database) > 0, std::string_view(point).ends_with("committed"));
  }
}

const testing::ChildScenario kWriterMidway("write midway", [](const std::string& root) {
  Database database(root + "/a.db", Durability::process);
  auto session = database.use();
  Transaction transaction(session);
  session.run("INSERT INTO t VALUES('half')");
  testing::announce(root, "midway");
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
});

TEST_F(DatabaseTest, WriterKilledMidwayFreesItsLockAndIsRolledBack) {
  database_.use().run("CREATE TABLE t(a TEXT)");
  auto child = testing::start_scenario("write midway", directory_.path());
  testing::await(directory_.path(), "midway");
  EXPECT_EQ(count(database_), 0);
  child.kill(SIGKILL);
  child.wait();
  auto session = database_.use();
  Transaction transaction(session);
  session.run("INSERT INTO t VALUES('whole')");
  transaction.commit();
  auto row = session.prepare("SELECT a FROM t");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.text(0), "whole");
}

}  // namespace
}  // namespace store
