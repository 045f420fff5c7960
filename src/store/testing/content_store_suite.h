// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every ContentStore does, as tests. An implementation's test file says:
//
//     INSTANTIATE_TEST_SUITE_P(Disk, ContentStoreSuite, testing::Values(ContentStoreFactory{&make_disk_fixture}));
//
// Include in one translation unit per test program.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "store/content_store.h"

namespace store::testing {

/// Keeps a store and what lies below it.
class ContentStoreFixture {
 public:
  virtual ~ContentStoreFixture() = default;
  virtual ContentStore& content() = 0;
};

using ContentStoreFactory = std::function<std::unique_ptr<ContentStoreFixture>()>;

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

template <typename Body>
base::Code code_thrown_by(Body&& body) {
  try {
    body();
  } catch (const base::Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return base::Code::unknown;
}

class ContentStoreSuite : public ::testing::TestWithParam<ContentStoreFactory> {
 protected:
  void SetUp() override { fixture_ = GetParam()(); }
  ContentStore& content() { return fixture_->content(); }
  static constexpr std::string_view kText = "the bytes of a blob";
  const base::Digest digest_ = base::sha256(kText);

 private:
  std::unique_ptr<ContentStoreFixture> fixture_;
};

TEST_P(ContentStoreSuite, IngestIsInvisibleUntilCommit) {
  auto ingest = content().ingest("a", {.expect = digest_});
  ingest->write(bytes_of(kText));
  EXPECT_FALSE(content().find(digest_));
  EXPECT_TRUE(content().list().empty());
  const auto blob = ingest->commit();
  EXPECT_EQ(blob, (BlobInfo{digest_, kText.size()}));
  EXPECT_EQ(content().find(digest_), blob);
  EXPECT_EQ(content().read(digest_, 1000), kText);
}

TEST_P(ContentStoreSuite, CommitWithoutExpectationsNamesWhateverWasWritten) {
  auto ingest = content().ingest("a", {});
  ingest->write(bytes_of(kText.substr(0, 4)));
  ingest->write(bytes_of(kText.substr(4)));
  EXPECT_EQ(ingest->commit().digest, digest_);
}

TEST_P(ContentStoreSuite, CommitOfWrongBytesThrowsDataLossAndLeavesNoBlob) {
  {
    auto ingest = content().ingest("a", {.expect = digest_});
    ingest->write(bytes_of("other bytes, same name"));
    EXPECT_EQ(code_thrown_by([&] { ingest->commit(); }), base::Code::data_loss);
  }
  EXPECT_TRUE(content().list().empty());
  EXPECT_EQ(content().ingest("a", {.expect = digest_})->offset(), 0U) << "wrong bytes must not be resumed";
}

TEST_P(ContentStoreSuite, CommitOfTooFewBytesThrowsDataLoss) {
  auto ingest = content().ingest("a", {.expect_size = kText.size() + 1});
  ingest->write(bytes_of(kText));
  EXPECT_EQ(code_thrown_by([&] { ingest->commit(); }), base::Code::data_loss);
  EXPECT_TRUE(content().list().empty());
}

TEST_P(ContentStoreSuite, WriteBeyondTheAnnouncedSizeThrowsDataLoss) {
  auto ingest = content().ingest("a", {.expect = digest_, .expect_size = kText.size() - 1});
  EXPECT_EQ(code_thrown_by([&] { ingest->write(bytes_of(kText)); }), base::Code::data_loss);
  EXPECT_TRUE(content().list().empty());
}

TEST_P(ContentStoreSuite, AbandonedIngestIsResumedWhereItStopped) {
  content().ingest("a", {.expect = digest_})->write(bytes_of(kText.substr(0, 7)));
  auto ingest = content().ingest("a", {.expect = digest_});
  ASSERT_EQ(ingest->offset(), 7U);
  ingest->write(bytes_of(kText.substr(7)));
  EXPECT_EQ(ingest->commit().digest, digest_);
}

TEST_P(ContentStoreSuite, AbandonedIngestOfUnknownBytesBeginsAgain) {
  content().ingest("a", {})->write(bytes_of("leftovers"));
  auto ingest = content().ingest("a", {});
  EXPECT_EQ(ingest->offset(), 0U);
  ingest->write(bytes_of(kText));
  EXPECT_EQ(ingest->commit().digest, digest_);
}

TEST_P(ContentStoreSuite, LeftoversLongerThanTheBlobAreDropped) {
  content().ingest("a", {.expect = digest_})->write(bytes_of(std::string(100, 'x')));
  EXPECT_EQ(content().ingest("a", {.expect = digest_, .expect_size = kText.size()})->offset(), 0U);
}

TEST_P(ContentStoreSuite, CommittedNameCanBeUsedForOtherBytes) {
  auto first = content().ingest("a", {});
  first->write(bytes_of(kText));
  first->commit();
  first.reset();
  auto second = content().ingest("a", {.expect = base::sha256("second")});
  EXPECT_EQ(second->offset(), 0U);
  second->write(bytes_of("second"));
  second->commit();
  EXPECT_EQ(content().list().size(), 2U);
  EXPECT_EQ(content().read(digest_, 1000), kText);
}

TEST_P(ContentStoreSuite, RestartDropsWhatWasWritten) {
  auto ingest = content().ingest("a", {.expect = digest_});
  ingest->write(bytes_of("a server that ignored the range"));
  ingest->restart();
  EXPECT_EQ(ingest->offset(), 0U);
  ingest->write(bytes_of(kText));
  EXPECT_EQ(ingest->commit().digest, digest_);
}

TEST_P(ContentStoreSuite, HeldNameIsWaitedForUntilAStopIsRequested) {
  const auto held = content().ingest("a", {.expect = digest_});
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_THROW(content().ingest("a", {.expect = digest_}, stop.get_token()), base::Cancelled);
  EXPECT_NO_THROW(content().ingest("b", {.expect = digest_}));
}

TEST_P(ContentStoreSuite, HeldNameIsHandedOverWhenItsHolderLetsGo) {
  auto held = content().ingest("a", {.expect = digest_});
  held->write(bytes_of(kText));
  std::jthread letting_go([&] { held.reset(); });
  EXPECT_EQ(content().ingest("a", {.expect = digest_})->offset(), kText.size());
}

TEST_P(ContentStoreSuite, BlobThatIsThereAlreadyIsCommittedHarmlessly) {
  content().put(kText);
  auto ingest = content().ingest("a", {.expect = digest_});
  ingest->write(bytes_of(kText));
  EXPECT_EQ(ingest->commit(), (BlobInfo{digest_, kText.size()}));
  EXPECT_EQ(content().list().size(), 1U);
}

TEST_P(ContentStoreSuite, ThreadsMayIngestOneBlobUnderManyNames) {
  const std::string large(300'000, 'z');
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        auto ingest = content().ingest("name " + std::to_string(i), {.expect = base::sha256(large)});
        for (std::size_t at = 0; at < large.size(); at += 1000) {
          ingest->write(bytes_of(std::string_view(large).substr(at, 1000)));
        }
        ingest->commit();
      });
    }
  }
  ASSERT_EQ(content().list().size(), 1U);
  EXPECT_EQ(content().read(base::sha256(large), large.size()), large);
}

TEST_P(ContentStoreSuite, AbsentBlobIsNotFound) {
  EXPECT_FALSE(content().find(digest_));
  EXPECT_EQ(code_thrown_by([&] { content().open(digest_); }), base::Code::not_found);
  EXPECT_EQ(code_thrown_by([&] { content().read(digest_, 1000); }), base::Code::not_found);
  EXPECT_NO_THROW(content().remove(digest_));
}

TEST_P(ContentStoreSuite, ReadRefusesMoreThanTheLimit) {
  content().put(kText);
  EXPECT_EQ(code_thrown_by([&] { content().read(digest_, kText.size() - 1); }), base::Code::out_of_range);
  EXPECT_EQ(content().read(digest_, kText.size()), kText);
}

TEST_P(ContentStoreSuite, RemovedBlobIsGoneForNewReadersOnly) {
  content().put(kText);
  const auto reader = content().open(digest_);
  content().remove(digest_);
  EXPECT_FALSE(content().find(digest_));
  EXPECT_EQ(base::read_all(reader.get()), kText);
}

TEST_P(ContentStoreSuite, PutIsIdempotentAndTakesAnyBytes) {
  const std::string zeros("\0\xff\0", 3);
  for (const std::string& bytes : {std::string(), zeros, std::string(100'000, 'q')}) {
    EXPECT_EQ(content().put(bytes), (BlobInfo{base::sha256(bytes), bytes.size()}));
    EXPECT_EQ(content().put(bytes).digest, base::sha256(bytes));
    EXPECT_EQ(content().read(base::sha256(bytes), bytes.size()), bytes);
  }
  EXPECT_EQ(content().list().size(), 3U);
}

TEST_P(ContentStoreSuite, ListIsInTheOrderOfDigests) {
  for (int i = 0; i < 40; ++i) content().put(std::to_string(i));
  const auto blobs = content().list();
  ASSERT_EQ(blobs.size(), 40U);
  EXPECT_TRUE(
      std::is_sorted(blobs.begin(), blobs.end(), [](const auto& a, const auto& b) { return a.digest < b.digest; }));
}

}  // namespace store::testing
