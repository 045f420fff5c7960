// SPDX-License-Identifier: Apache-2.0
#include "ops/listing.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "base/file.h"

namespace ops {
namespace {

ListedFile file(const std::string& name, const std::string& value, int selection = 0) {
  return {selection, name, S_IFREG | 0644, 0, 0, 3, value, ""};
}
ListedFile directory(const std::string& name, mode_t mode = 0755) {
  return {0, name, static_cast<mode_t>(S_IFDIR | mode), 0, 0, 0, "", ""};
}

Listings::Next all_of(const Listing& listing) {
  return [&listing, i = std::size_t{0}](ListedFile& entry) mutable {
    if (i == listing.size()) return false;
    entry = listing[i++];
    return true;
  };
}

std::string told(const std::vector<ListingChange>& changes) {
  std::string text;
  for (const auto& change : changes) {
    text += change.before && change.now ? '~' : change.now ? '+' : '-';
    text += change.file().name + " ";
  }
  return text;
}

/// "-gone", "+new", "~changed", in order; the same for listings that were kept.
std::string told(const Listing& before, const Listing& now) {
  base::TemporaryDirectory directory;
  const Listings kept(directory.path());
  kept.keep(base::sha256("before"), all_of(before));
  kept.keep(base::sha256("now"), all_of(now));
  const auto changes = kept.compare(base::sha256("before"), base::sha256("now"), 1000);
  EXPECT_TRUE(changes);
  std::string text = told(compare_listings(before, now));
  EXPECT_EQ(told(changes.value_or(std::vector<ListingChange>())), text);
  return text;
}

class ListingTest : public ::testing::Test {
 protected:
  base::TemporaryDirectory directory_;
  Listings listings_{directory_.path() + "/listings"};
  const base::Digest one_ = base::sha256("one");
};

TEST_F(ListingTest, GivesBackWhatWasKeptWhateverTheNames) {
  const Listing kept = {directory(""),
                        file("a b\nc", "sha256:00"),
                        file("\xff 7 8", "x", 1),
                        {1, "link", S_IFLNK | 0777, 7, 8, 0, "to\nhere", "sha256:11"}};
  listings_.keep(one_, all_of(kept));
  EXPECT_TRUE(listings_.has(one_));
  EXPECT_EQ(listings_.find(one_), kept);
}

TEST_F(ListingTest, KnowsNothingOfWhatWasNotKept) {
  EXPECT_FALSE(listings_.has(one_));
  EXPECT_FALSE(listings_.find(one_));
}

TEST_F(ListingTest, KeepsNothingWithoutADirectory) {
  const Listings nowhere("");
  nowhere.keep(one_, all_of({}));
  EXPECT_FALSE(nowhere.find(one_));
}

TEST_F(ListingTest, TakesAnUnreadableListingForAnAbsentOne) {
  listings_.keep(one_, all_of({file("a", "v")}));
  const std::string path = listings_.directory() + "/" + one_.hex();
  const std::string whole = base::read_file(path);
  for (const std::string& text :
       {std::string("other"), whole.substr(0, whole.size() - 1), whole + "7", std::string()}) {
    base::write_file_atomic(path, text);
    EXPECT_FALSE(listings_.find(one_)) << text;
  }
}

TEST_F(ListingTest, DropsTheOldestWhenThereIsTooMuch) {
  base::make_directories(listings_.directory());
  const std::string old = listings_.directory() + "/old";
  const std::string young = listings_.directory() + "/young";
  for (const std::string& path : {old, young}) {
    base::write_file_atomic(path, "x");
    ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(Listings::kMaxBytes / 2)), 0);
  }
  const timeval long_ago[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimes(old.c_str(), long_ago), 0);
  const std::string name(2 << 20, 'n');  // a large listing looks at all of them
  listings_.keep(one_, all_of({file(name, "v")}));
  EXPECT_FALSE(base::exists(old));
  EXPECT_TRUE(base::exists(young));
  EXPECT_TRUE(listings_.has(one_));
}

TEST(CompareListings, TellsWhatCameWentAndChanged) {
  const Listing before = {file("a", "1"), file("b", "1"), file("c", "1")};
  const Listing now = {file("a", "1"), file("b", "2"), file("d", "1")};
  EXPECT_EQ(told(before, now), "~b -c +d ");
  EXPECT_EQ(told(now, now), "");
}

TEST(CompareListings, ComparesManyNamesOfAnyLength) {
  Listing before;
  for (int i = 0; i < 3000; ++i) before.push_back(file(std::string(300, 'x') + std::to_string(10000 + i), "1"));
  Listing now = before;
  now[2999].value = "2";
  now.erase(now.begin() + 1500);
  EXPECT_EQ(told(before, now), "-" + before[1500].name + " ~" + before[2999].name + " ");
}

TEST(CompareListings, TakesEntriesInAnyOrder) {
  // Matches of "*/b" and "*/a": by path, not by what is left of it.
  EXPECT_EQ(told({file("b", "1"), file("a", "1")}, {file("b", "1"), file("a", "2")}), "~a ");
}

TEST(CompareListings, KeepsSelectionsApart) {
  EXPECT_EQ(told({file("a", "1", 0), file("a", "1", 1)}, {file("a", "1", 0), file("a", "2", 1)}), "~a ");
}

TEST(CompareListings, SaysNothingOfADirectoryWhoseFilesTellMore) {
  EXPECT_EQ(told({}, {directory(""), directory("d"), file("d/f", "1")}), "+d/f ");
  EXPECT_EQ(told({directory("d")}, {directory("d", 0700)}), "~d ");
  EXPECT_EQ(told({directory("d"), file("e", "1")}, {directory("d", 0700), file("e", "2")}), "~d ~e ");
}

TEST(CompareListings, NeedsNoOrderOfTheWalk) {
  // A walk goes into "a/" before "a.b", the names' order is the other way round.
  const Listing before = {directory("a"), file("a/x", "1"), file("a.b", "1")};
  EXPECT_EQ(told(before, {directory("a"), file("a/x", "1"), file("a.b", "2")}), "~a.b ");
}

}  // namespace
}  // namespace ops
