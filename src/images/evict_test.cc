// SPDX-License-Identifier: Apache-2.0
#include "images/evict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "images/testing/sample_image.h"
#include "snapshot/stored_records.h"

namespace images {
namespace {

using ::testing::ElementsAre;

const base::Nanos kNow = base::system_clock().now();
constexpr std::uint64_t kMegabyte = 1'000'000;

std::vector<std::string> names(const std::vector<EvictionPart>& parts) {
  std::vector<std::string> all;
  for (const auto& part : parts) all.push_back(part.name);
  return all;
}

class EvictTest : public ::testing::Test {
 protected:
  std::string add_layer(std::uint64_t megabytes) {
    auto active = builder_->prepare({});
    base::write_file_atomic(active.mounts().upper + "/file", "content");
    builder_->commit(active, {.size = megabytes * kMegabyte});
    return active.id();
  }
  struct Step {
    double seconds = 1;
    double idle = 60;
  };
  void add_step(const std::string& name, const std::vector<std::string>& layers, const Step& step) {
    auto results = base::Json::array();
    results.push(base::Json::strings(layers).dump());
    auto body = base::Json::object().set("name", name).set("results", results);
    body.set("took", static_cast<std::int64_t>(step.seconds * base::kSecond));
    auto session = store_->meta().use();
    session.prepare("INSERT INTO records VALUES(?, 'op', 'step', '', ?, 1, ?)")
        .bind(1, "id of " + name)
        .bind(2, body.dump())
        .bind(3, kNow - static_cast<base::Nanos>(step.idle * base::kSecond))
        .run();
    session.prepare("INSERT INTO keys VALUES(?, ?)").bind(1, "key of " + name).bind(2, "id of " + name).run();
  }
  /// What made the layers has ended.
  void end_build() { builder_.emplace(options(), layer_records_); }
  EvictionWorld world(bool alone = true) {
    return {.store = *store_,
            .images = images_,
            .snapshots = snapshots_,
            .measure = [](const auto& paths) { return std::vector<std::uint64_t>(paths.size(), 5 * kMegabyte); },
            .remove_tree = {},
            .alone = alone,
            .now = kNow};
  }
  std::vector<std::string> gone(std::uint64_t megabytes) {
    return names(plan_eviction(world(), {.limit = megabytes * kMegabyte}).parts);
  }
  snapshot::SnapshotterOptions options() {
    return {.directory = store_->snapshots_dir(), .locks = store_->locks_dir(), .driver = {}, .remove_tree = {}};
  }

  base::TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store", {.boot = "boot 1"});
  snapshot::StoredLayerRecords layer_records_{store_->meta()};
  std::optional<snapshot::Snapshotter> builder_{std::in_place, options(), layer_records_};
  snapshot::Snapshotter snapshots_{options(), layer_records_};  ///< of the process that evicts
  ImageStore images_{*store_};
};

TEST_F(EvictTest, WhatIsCheapToHaveAgainGoesFirst) {
  add_step("dear", {add_layer(10)}, {.seconds = 100});
  add_step("cheap", {add_layer(10)}, {.seconds = 1});
  add_step("large", {add_layer(1000)}, {.seconds = 100});
  add_step("old", {add_layer(10)}, {.seconds = 100, .idle = 1e6});
  end_build();
  EXPECT_THAT(gone(10), ElementsAre("old", "large", "cheap"));
  EXPECT_THAT(gone(10'000), ElementsAre());
}

TEST_F(EvictTest, AStepThatOthersStandOnGoesAfterThem) {
  const auto below = add_layer(10);
  add_step("below", {below}, {.seconds = 0.1});
  add_step("above", {below, add_layer(10)}, {.seconds = 100});
  end_build();
  EXPECT_THAT(gone(15), ElementsAre("above"));
  EXPECT_THAT(gone(5), ElementsAre("above", "below"));
}

TEST_F(EvictTest, WhatABuildNeedsStays) {
  const auto needed = add_layer(10);
  add_step("needed", {needed}, {.seconds = 0.1});
  add_step("other", {add_layer(10)}, {.seconds = 100});
  end_build();
  ASSERT_TRUE(builder_->has(needed));
  const auto plan = plan_eviction(world(), {.limit = 0});
  EXPECT_THAT(names(plan.parts), ElementsAre("other"));
  ASSERT_EQ(plan.kept.size(), 1U);
  EXPECT_TRUE(plan.kept[0].leased);
  EXPECT_EQ(evict(world(), plan), 10 * kMegabyte);
  EXPECT_TRUE(builder_->has(needed));
}

TEST_F(EvictTest, ALeaseThatCameAfterThePlanStillHolds) {
  const auto needed = add_layer(10);
  add_step("needed", {needed}, {});
  end_build();
  const auto plan = plan_eviction(world(), {.limit = 0});
  ASSERT_TRUE(builder_->has(needed));
  evict(world(), plan);
  EXPECT_TRUE(base::exists(builder_->layer_directory(needed)));
}

TEST_F(EvictTest, GarbageGoesBeforeAnyStep) {
  add_step("step", {add_layer(10)}, {.seconds = 0.001, .idle = 1e9});
  add_layer(3);
  store_->content().put(std::string(2000, 'x'));
  end_build();
  EXPECT_THAT(gone(10), ElementsAre("a layer that no step names", "a blob of no image and no layer"));
  // Beside other builds a young blob may be on its way into an image.
  EXPECT_THAT(names(plan_eviction(world(false), {.limit = 10 * kMegabyte}).parts),
              ElementsAre("a layer that no step names", "step"));
}

TEST_F(EvictTest, RemovesStepLayerAndBlobAndNothingElse) {
  const auto layer = add_layer(10);
  const auto kept = add_layer(10);
  const auto blob = store_->content().put("blob of the layer");
  layer_records_.put_blob(
      {layer, "", "gzip"},
      {.digest = blob.digest, .size = 17, .diff_id = blob.digest, .uncompressed_size = 17, .media_type = "x"});
  add_step("goes", {layer}, {.seconds = 1});
  add_step("stays", {kept}, {.seconds = 100});
  Image image;
  image.name = "docker.io/library/app:latest";
  image.root = testing::put_image(store_->content(), {"layer of an image"});
  images_.put(image);
  end_build();
  const auto plan = plan_eviction(world(), {.limit = 10 * kMegabyte});
  EXPECT_EQ(plan.used, 20 * kMegabyte + 17);
  EXPECT_EQ(plan.freed(), 10 * kMegabyte + 17);
  evict(world(), plan);
  EXPECT_FALSE(snapshots_.has(layer));
  EXPECT_TRUE(snapshots_.has(kept));
  EXPECT_FALSE(store_->content().find(blob.digest));
  EXPECT_TRUE(store_->content().find(base::sha256("layer of an image")));
  auto session = store_->meta().use();
  auto rows = session.prepare("SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM keys)");
  ASSERT_TRUE(rows.step());
  EXPECT_EQ(rows.number(0), 1);
  EXPECT_EQ(rows.number(1), 1);
}

TEST_F(EvictTest, SizesNobodyKnewAreMeasuredOnce) {
  add_step("step", {add_layer(0)}, {});
  end_build();
  EXPECT_EQ(counted_bytes(world()), 5 * kMegabyte);
  auto unable = world();
  unable.measure = [](const auto&) -> std::vector<std::uint64_t> { throw std::logic_error("measured again"); };
  EXPECT_EQ(counted_bytes(unable), 5 * kMegabyte);
}

TEST_F(EvictTest, CacheMountsGoWhenNobodyCanBeWritingToThem) {
  base::make_directories(store_->root() + "/cache-mounts/one/data");
  EXPECT_THAT(gone(0), ElementsAre("cache-mounts one"));
  const auto plan = plan_eviction(world(false), {.limit = 0});
  EXPECT_THAT(names(plan.parts), ElementsAre());
  evict(world(), plan_eviction(world(), {.limit = 0}));
  EXPECT_FALSE(base::exists(store_->root() + "/cache-mounts/one"));
}

TEST_F(EvictTest, WhatWasUsedLatelyStaysOnWish) {
  add_step("new", {add_layer(10)}, {.idle = 60});
  add_step("old", {add_layer(10)}, {.idle = 7200});
  end_build();
  EXPECT_THAT(names(plan_eviction(world(), {.limit = 0, .idle = 3600 * base::kSecond}).parts), ElementsAre("old"));
}

}  // namespace
}  // namespace images
