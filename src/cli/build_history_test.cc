// SPDX-License-Identifier: Apache-2.0
#include "cli/build_history.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace cli {
namespace {

constexpr base::Nanos kDay = 86400 * base::kSecond;

class BuildHistoryTest : public ::testing::Test {
 protected:
  std::string keep(base::Nanos started, const std::string& step = "") {
    PastBuild build;
    build.started = started;
    build.ended = started + base::kSecond;
    build.context = ".";
    build.outcome = "done";
    PastStep past;
    past.name = "[1/1] COPY a /";
    past.outcome = "ran";
    past.step = step;
    build.steps.push_back(past);
    build.id = BuildHistory::make_id(started);
    history_.keep(build);
    return build.id;
  }
  void prune(base::Nanos at) { base::write_file_atomic(directory_.path() + "/pruned", base::format_rfc3339(at)); }

  base::TemporaryDirectory directory_;
  BuildHistory history_{directory_.path()};
};

TEST_F(BuildHistoryTest, IsEmptyAtFirst) {
  EXPECT_TRUE(history_.ids().empty());
  EXPECT_TRUE(history_.find("").is_null());
}

TEST_F(BuildHistoryTest, ListsTheNewestFirstAndFindsByTheBeginningOfAnId) {
  const auto older = keep(kDay);
  const auto newer = keep(2 * kDay + 5'000'000);
  EXPECT_EQ(history_.ids(), (std::vector<std::string>{newer, older}));
  EXPECT_TRUE(newer.starts_with("19700103-000000.005-")) << newer;
  EXPECT_EQ(history_.find("")["id"].as_string(), newer);
  EXPECT_EQ(history_.find("19700102")["id"].as_string(), older);
  EXPECT_TRUE(history_.find("2001").is_null());
}

TEST_F(BuildHistoryTest, AnUnclearIdIsRefused) {
  keep(kDay);
  keep(2 * kDay);
  EXPECT_THROW(history_.find("197001"), base::Error);
}

TEST_F(BuildHistoryTest, KeepsABoundedNumber) {
  for (std::size_t i = 0; i < BuildHistory::kMaxBuilds + 300; ++i)
    keep(kDay + static_cast<base::Nanos>(i) * base::kSecond);
  // Room is made now and then: a little more than the bound may be there.
  EXPECT_LT(history_.ids().size(), BuildHistory::kMaxBuilds + 200);
  EXPECT_GE(history_.ids().size(), BuildHistory::kMaxBuilds);
}

TEST_F(BuildHistoryTest, KnowsStepsThatRanBeforeTheLastPrune) {
  keep(kDay, "COPY a");
  EXPECT_FALSE(BuildHistory(directory_.path()).was_pruned("COPY a")) << "nothing was pruned yet";
  prune(2 * kDay);
  keep(3 * kDay, "COPY b");
  BuildHistory again(directory_.path());
  EXPECT_TRUE(again.was_pruned("COPY a"));
  EXPECT_FALSE(again.was_pruned("COPY b")) << "it ran after the prune";
  EXPECT_FALSE(again.was_pruned(""));
}

TEST_F(BuildHistoryTest, ADamagedFileIsNoBuild) {
  const auto id = keep(kDay);
  base::write_file_atomic(directory_.path() + "/builds/" + id, "{");
  EXPECT_TRUE(history_.find("").is_null());
}

TEST_F(BuildHistoryTest, KeepsTheWholeOutputOfStepsThatDidNotEndWell) {
  const auto bad = base::sha256("bad");
  const auto good = base::sha256("good");
  const std::string directory = history_.log_directory("id");
  std::string path;
  {
    StepLogs logs(directory);
    logs.write(bad, "one\n");
    logs.write(good, "fine\n");
    logs.write(bad, "two\n");
    logs.ended_well(good);
    path = logs.path(bad);
    EXPECT_EQ(logs.path(good), "");
  }
  EXPECT_EQ(base::read_file(path), "one\ntwo\n");
  EXPECT_EQ(base::list_directory(directory).size(), 1U);
  {
    StepLogs logs(directory + "2");
    logs.write(good, "fine\n");
    logs.ended_well(good);
  }
  EXPECT_FALSE(base::exists(directory + "2")) << "nothing failed";
}

TEST_F(BuildHistoryTest, LogsGoWithTheirBuilds) {
  base::make_directories(history_.log_directory("19700101-000000.000-aaaa"));
  for (std::size_t i = 0; i < BuildHistory::kMaxBuilds + 300; ++i)
    keep(kDay + static_cast<base::Nanos>(i) * base::kSecond);
  EXPECT_FALSE(base::exists(history_.log_directory("19700101-000000.000-aaaa")));
}

TEST_F(BuildHistoryTest, AHistoryThatCannotBeWrittenIsNoFailure) {
  base::write_file_atomic(directory_.path() + "/file", "");
  EXPECT_NO_THROW(BuildHistory(directory_.path() + "/file").keep({}));
}

}  // namespace
}  // namespace cli
