// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every CacheStorage does. Use from another room's test:
//
//     INSTANTIATE_TEST_SUITE_P(Sqlite, CacheStorageSuite, ::testing::Values(StorageFactory{[] { return open(); }}));
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "solve/cache_storage.h"

namespace solve::testing {

using StorageFactory = std::function<std::unique_ptr<CacheStorage>()>;

class CacheStorageSuite : public ::testing::TestWithParam<StorageFactory> {
 protected:
  static base::Digest digest(const std::string& text) { return base::sha256(text); }
  static CacheKey key(const std::string& text) { return CacheKey{digest("key " + text)}; }
  static Record record(const std::string& name, base::Nanos created = 1) {
    Record made;
    made.id = digest("record " + name);
    made.key = key(name);
    made.op = digest("op " + name);
    made.step = "step " + name;
    made.place = "place " + name;
    made.name = "[" + name + "]";
    made.source = "RUN " + name;
    made.recipe = base::Json::object();
    made.recipe.set("op", name).set("inputs", base::Json::array());
    made.results = {"result of " + name, "", std::string("\x00\xff with odd bytes", 17)};
    made.created = created;
    return made;
  }
  std::unique_ptr<CacheStorage> storage_ = GetParam()();
};

TEST_P(CacheStorageSuite, FindsNothingWhereNothingWasSaved) {
  EXPECT_FALSE(storage_->find(key("a")));
  EXPECT_FALSE(storage_->latest_of_op(digest("op a")));
  EXPECT_FALSE(storage_->latest_of_step("step a"));
  EXPECT_FALSE(storage_->latest_of_step(""));
  EXPECT_FALSE(storage_->latest_of_place("place a"));
  EXPECT_FALSE(storage_->latest_of_place(""));
  EXPECT_FALSE(storage_->get(record("a").id));
}

TEST_P(CacheStorageSuite, GivesBackEveryFieldOfARecord) {
  Record saved = record("a", 1'700'000'000'123'456'789);
  saved.forced = true;
  saved.facts = base::Json::object().set("seen", 7);
  storage_->save(saved, {key("a")});
  EXPECT_EQ(storage_->find(key("a")), saved);
  EXPECT_EQ(storage_->get(saved.id), saved);
}

TEST_P(CacheStorageSuite, FindsARecordUnderEachOfItsKeys) {
  storage_->save(record("a"), {key("1"), key("2")});
  EXPECT_EQ(storage_->find(key("1")), record("a"));
  EXPECT_EQ(storage_->find(key("2")), record("a"));
  EXPECT_FALSE(storage_->find(key("a")));
}

TEST_P(CacheStorageSuite, PointsAKeyToTheRecordSavedLast) {
  storage_->save(record("a"), {key("1"), key("2")});
  storage_->save(record("b"), {key("2")});
  EXPECT_EQ(storage_->find(key("1")), record("a"));
  EXPECT_EQ(storage_->find(key("2")), record("b"));
}

TEST_P(CacheStorageSuite, ReplacesARecordOfTheSameIdAndKeepsItsKeys) {
  storage_->save(record("a"), {key("1")});
  Record again = record("a", 2);
  again.results = {"another"};
  storage_->save(again, {key("2")});
  EXPECT_EQ(storage_->find(key("1")), again);
  EXPECT_EQ(storage_->find(key("2")), again);
}

TEST_P(CacheStorageSuite, LinksMoreKeysToARecord) {
  storage_->save(record("a"), {key("1")});
  storage_->save(record("b"), {key("2")});
  storage_->link(record("a").id, {key("2"), key("3")});
  EXPECT_EQ(storage_->find(key("2")), record("a"));
  EXPECT_EQ(storage_->find(key("3")), record("a"));
}

TEST_P(CacheStorageSuite, LinkToALostRecordChangesNothing) {
  storage_->save(record("b"), {key("2")});
  storage_->link(record("a").id, {key("1"), key("2")});
  EXPECT_FALSE(storage_->find(key("1")));
  EXPECT_EQ(storage_->find(key("2")), record("b"));
}

TEST_P(CacheStorageSuite, RemovesARecordWithAllItsKeys) {
  storage_->save(record("a"), {key("1"), key("2")});
  storage_->save(record("b"), {key("3")});
  storage_->remove(record("a").id);
  storage_->remove(record("never saved").id);
  EXPECT_FALSE(storage_->find(key("1")));
  EXPECT_FALSE(storage_->find(key("2")));
  EXPECT_EQ(storage_->find(key("3")), record("b"));
  EXPECT_FALSE(storage_->latest_of_op(record("a").op));
}

TEST_P(CacheStorageSuite, ARecordWithoutKeysIsStillTheLatestOfItsOpStepAndPlace) {
  storage_->save(record("a"), {});
  EXPECT_EQ(storage_->latest_of_op(record("a").op), record("a"));
  EXPECT_EQ(storage_->latest_of_step("step a"), record("a"));
  EXPECT_EQ(storage_->latest_of_place("place a"), record("a"));
}

TEST_P(CacheStorageSuite, GivesTheNewestRecordOfAnOpAStepAndAPlace) {
  Record older = record("a", 10);
  Record newer = record("b", 20);
  Record last_saved = record("c", 20);
  for (Record* each : {&older, &newer, &last_saved}) {
    each->op = digest("shared op");
    each->step = "shared step";
    each->place = "shared place";
  }
  storage_->save(newer, {key("b")});
  storage_->save(last_saved, {key("c")});
  storage_->save(older, {key("a")});
  EXPECT_EQ(storage_->latest_of_op(digest("shared op")), last_saved);
  EXPECT_EQ(storage_->latest_of_step("shared step"), last_saved);
  EXPECT_EQ(storage_->latest_of_place("shared place"), last_saved);
}

TEST_P(CacheStorageSuite, ARecordWithoutAStepIsNoStepsLatest) {
  Record nameless = record("a");
  nameless.step = "";
  nameless.place = "";
  storage_->save(nameless, {key("a")});
  EXPECT_FALSE(storage_->latest_of_step(""));
  EXPECT_FALSE(storage_->latest_of_place(""));
}

}  // namespace solve::testing
