// SPDX-License-Identifier: Apache-2.0
#include "solve/key.h"

#include <gtest/gtest.h>

#include <set>

namespace solve {

namespace {

KeyedInput identity(const std::string& id, int output = 0, std::string selector = "") {
  return {base::sha256(id), {}, output, std::move(selector)};
}
KeyedInput content(const std::string& text, std::string selector = "") {
  return {base::sha256("whatever"), base::sha256(text), 0, std::move(selector)};
}

TEST(Key, FieldsCannotRunIntoEachOther) {
  EXPECT_NE(KeyHasher("d").add("ab").add("c").finish(), KeyHasher("d").add("a").add("bc").finish());
  EXPECT_NE(KeyHasher("d").add("").finish(), KeyHasher("d").finish());
  EXPECT_NE(KeyHasher("d").add("x").finish(), KeyHasher("e").add("x").finish());
  EXPECT_NE(KeyHasher("d").add(base::Digest()).finish(), KeyHasher("d").finish());
}

TEST(Key, EveryPartOfAnInputCounts) {
  const base::Digest op = base::sha256("op");
  std::set<CacheKey> keys;
  keys.insert(make_key(KeyKind::resolved, op, {}));
  keys.insert(make_key(KeyKind::resolved, base::sha256("other op"), {}));
  keys.insert(make_key(KeyKind::resolved, op, {identity("a")}));
  keys.insert(make_key(KeyKind::resolved, op, {identity("a"), identity("a")}));
  keys.insert(make_key(KeyKind::resolved, op, {identity("b")}));
  keys.insert(make_key(KeyKind::resolved, op, {identity("a", 1)}));
  keys.insert(make_key(KeyKind::resolved, op, {identity("a", 0, "dir")}));
  keys.insert(make_key(KeyKind::resolved, op, {content("a")}));
  keys.insert(make_key(KeyKind::definition, op, {identity("a")}));
  keys.insert(make_key(KeyKind::resolved, op, {identity("a"), identity("b")}));
  keys.insert(make_key(KeyKind::resolved, op, {identity("b"), identity("a")}));
  EXPECT_EQ(keys.size(), 11U);
}

TEST(Key, AnInputKeyedByContentCountsWithItsContentAlone) {
  const base::Digest op = base::sha256("op");
  KeyedInput one = content("same", "a/x");
  KeyedInput two = content("same", "b/x");
  two.identity = base::sha256("came another way");
  EXPECT_EQ(make_key(KeyKind::resolved, op, {one}), make_key(KeyKind::resolved, op, {two}));
}

TEST(Key, StaysTheSameBetweenVersions) {
  // A change here makes every store forget what it knows: then bump the domain's number as well.
  EXPECT_EQ(make_key(KeyKind::resolved, base::sha256("op"), {identity("a", 1, "dir"), content("b")}).digest.hex(),
            "a051c1fd9168bc4a087ce17d1aa179baa89d79f0ac01bdc83019d531bb62c2e2");
}

TEST(Recipe, TellsHowEachInputWasKeyed) {
  base::Json op = base::Json::object();
  op.set("run", "make");
  const auto recipe = key_recipe(op, {identity("a", 1, "dir"), content("b", "src")});
  EXPECT_EQ(recipe.dump(), R"({"op":{"run":"make"},"inputs":[{"record":")" + base::sha256("a").str() +
                               R"(","output":1,"selector":"dir"},{"content":")" + base::sha256("b").str() +
                               R"(","selector":"src"}]})");
}

TEST(Recipe, DiffNamesWhatIsChangedAddedAndGone) {
  const auto before = base::Json::parse(R"({"op":{"args":["a","b"],"cwd":"/"},"inputs":[1]})");
  const auto now = base::Json::parse(R"({"op":{"args":["a","c","d"],"user":"app"},"inputs":[1]})");
  std::vector<std::string> lines;
  for (const auto& difference : diff_recipes(before, now)) {
    lines.push_back(difference.path + " " + difference.before.dump() + " " + difference.now.dump());
  }
  EXPECT_EQ(lines, (std::vector<std::string>{R"(op.args.1 "b" "c")", R"(op.args.2 null "d")", R"(op.cwd "/" null)",
                                             R"(op.user null "app")"}));
}

TEST(Recipe, DiffOfEqualRecipesIsEmptyAndALongOneIsCut) {
  const auto one = base::Json::parse("[1,2,3,4]");
  EXPECT_TRUE(diff_recipes(one, one).empty());
  EXPECT_EQ(diff_recipes(one, base::Json::parse("[5,6,7,8]"), 2).size(), 2U);
  EXPECT_EQ(diff_recipes(one, base::Json::parse("{}")).size(), 1U);
}

}  // namespace

}  // namespace solve
