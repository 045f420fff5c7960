// SPDX-License-Identifier: Apache-2.0
// Recipes in, causes out. tests/e2e/cases/why.sh plants the same causes in real builds.
#include "ops/explain.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "solve/testing/memory_cache_storage.h"

namespace ops {
namespace {

using base::Json;

class ExplainTest : public ::testing::Test {
 protected:
  /// {"op": …, "inputs": […]} of text.
  static Json recipe(const std::string& op, const std::string& inputs = "[]") {
    return Json::object().set("op", Json::parse(op)).set("inputs", Json::parse(inputs));
  }
  static std::string exec(const std::string& args, const std::string& env = "[]") {
    return R"({"op":"exec","args":[)" + args + R"(],"env":)" + env + R"(,"user":"","cwd":"/"})";
  }

  solve::Record& before(const Json& made, const std::string& name, const std::string& source = "") {
    previous_.id = base::sha256("previous");
    previous_.recipe = made;
    previous_.name = name;
    previous_.source = source;
    previous_.created = 7;
    return previous_;
  }

  Explanation now(const Json& made, const std::string& name, const std::string& source = "",
                  const std::vector<ExplainedInput>& inputs = {}, std::string_view dockerfile = "", int line = 4) {
    solve::Vertex vertex;
    vertex.name = name;
    vertex.source = source;
    solve::Decision decision;
    decision.reason = solve::RunReason::input_changed;
    decision.recipe = made;
    decision.previous = previous_;
    return Explainer(records_, listings_).explain(vertex, decision, inputs, line, dockerfile);
  }

  std::string keep(const std::string& content, const Listing& listing) {
    const auto digest = base::sha256(content);
    std::size_t next = 0;
    listings_.keep(digest, [&](ListedFile& file) {
      if (next == listing.size()) return false;
      file = listing[next++];
      return true;
    });
    return digest.str();
  }
  static ListedFile file(const std::string& name, const std::string& value, mode_t mode = 0644) {
    return {0, name, static_cast<mode_t>(S_IFREG | mode), 0, 0, 1, value, ""};
  }
  static std::string input(const std::string& content, const std::string& path) {
    return R"([{"content":")" + content + R"(","selector":"[{\"path\":\")" + path + R"(\",\"wildcard\":false}]"}])";
  }

  base::TemporaryDirectory directory_;
  Listings listings_{directory_.path() + "/l"};
  solve::testing::MemoryCacheStorage records_;
  solve::Record previous_;
};

TEST_F(ExplainTest, ANewStepHasNothingToSay) {
  solve::Decision decision;
  const auto why = Explainer(records_, listings_).explain({}, decision, {});
  EXPECT_TRUE(why.causes.empty());
  EXPECT_EQ(why.note(), "");
}

TEST_F(ExplainTest, NamesTheVariableAndTheLineThatSetsIt) {
  before(recipe(exec("\"x\"", R"(["A=1","GONE=1","SAME=1"])")), "[2/2] RUN x");
  const auto why = now(recipe(exec("\"x\"", R"(["A=2","SAME=1","NEW=1"])")), "[2/2] RUN x", "", {},
                       "FROM y\nARG A\nENV B=1 A=3\nRUN x\nENV A=4");
  ASSERT_EQ(why.causes.size(), 3U);
  EXPECT_EQ(why.causes[0].text(), "A changed");
  EXPECT_EQ(why.causes[0].line, 3);
  EXPECT_EQ(why.causes[0].before + why.causes[0].now, "12");
  EXPECT_EQ(why.causes[1].text(), "NEW is new");
  EXPECT_EQ(why.causes[2].text(), "GONE is gone");
  EXPECT_EQ(why.note(), "A changed and 2 more");
}

TEST_F(ExplainTest, ShowsTheFirstLineThatDiffers) {
  before(recipe(exec("\"a\"")), "[2/2] RUN a", "RUN <<E\na\nb\nE");
  const auto why = now(recipe(exec("\"c\"")), "[2/2] RUN c", "RUN <<E\na\nc\nE");
  ASSERT_EQ(why.causes.size(), 1U);
  EXPECT_EQ(why.causes[0].kind, CauseKind::instruction);
  EXPECT_EQ(why.causes[0].before, "b");
  EXPECT_EQ(why.causes[0].now, "c");
  EXPECT_EQ(why.causes[0].line, 6);
}

TEST_F(ExplainTest, NamesTheVariableThatChangedThePathOfACopy) {
  before(recipe(R"({"op":"file","actions":[{"copy":"one","dest":"/x"}]})"), "[2/2] COPY one /x", "COPY ${A} /x");
  const auto why =
      now(recipe(R"({"op":"file","actions":[{"copy":"two","dest":"/x"}]})"), "[2/2] COPY two /x", "COPY ${A} /x");
  ASSERT_EQ(why.causes.size(), 1U);
  EXPECT_EQ(why.causes[0].kind, CauseKind::variable);
  EXPECT_EQ(why.causes[0].subject + why.causes[0].before + why.causes[0].now, "Aonetwo");
}

TEST_F(ExplainTest, NamesTheFileOfTheContext) {
  const std::string op = R"({"op":"file","actions":[]})";
  before(recipe(op, input(keep("1", {file("a", "x"), file("b", "y")}), "/src")), "[2/2] COPY src /");
  const auto why = now(recipe(op, input(keep("2", {file("a", "x"), file("b", "z", 0755)}), "/src")), "[2/2] COPY src /",
                       "", {{"[internal] load build context"}});
  ASSERT_EQ(why.causes.size(), 1U);
  EXPECT_EQ(why.causes[0].text(), "src/b changed");
  EXPECT_EQ(why.causes[0].from, "");
  EXPECT_EQ(why.causes[0].before + why.causes[0].now, "yz");
  EXPECT_EQ(why.causes[0].file_now->mode & 07777, 0755U);
}

TEST_F(ExplainTest, NamesTheFileOfAnotherStage) {
  const std::string op = R"({"op":"file","actions":[]})";
  before(recipe(op, input(keep("1", {file("", "x")}), "/out/app")), "[2/2] COPY --from=b /out/app /");
  const auto why =
      now(recipe(op, input(keep("2", {file("", "x", 0755)}), "/out/app")), previous_.name, "", {{"[b 2/2] RUN make"}});
  ASSERT_EQ(why.causes.size(), 1U);
  EXPECT_EQ(why.causes[0].text(), "mode of /out/app changed");
  EXPECT_EQ(why.causes[0].from, "[b 2/2] RUN make");
}

TEST_F(ExplainTest, FallsBackToThePathWhereAListingIsLost) {
  const std::string op = R"({"op":"file","actions":[]})";
  before(recipe(op, input(base::sha256("1").str(), "/src")), "[2/2] COPY src /");
  const auto why =
      now(recipe(op, input(base::sha256("2").str(), "/src")), previous_.name, "", {{"[internal] load build context"}});
  ASSERT_EQ(why.causes.size(), 1U);
  EXPECT_EQ(why.causes[0].text(), "src changed");
}

TEST_F(ExplainTest, NamesTheBaseImageAndBothDigests) {
  const std::string image = R"({"op":"image","layers":[]})";
  const auto save = [&](const std::string& id, const std::string& name) {
    solve::Record record;
    record.id = base::sha256(id);
    record.recipe = recipe(image);
    record.name = name;
    records_.save(record, {});
    return R"([{"record":")" + record.id.str() + R"("}])";
  };
  const std::string hex(64, 'a');
  const std::string old_base = save("1", "[1/2] FROM docker.io/x:1@sha256:" + hex);
  const std::string new_base = save("2", "[1/2] FROM docker.io/x:1@sha256:" + std::string(64, 'b'));
  before(recipe(exec("\"a\""), old_base), "[2/2] RUN a");
  const auto why = now(recipe(exec("\"a\""), new_base), "[2/2] RUN a", "",
                       {{"[1/2] FROM docker.io/x:1@sha256:" + std::string(64, 'b'), true}});
  ASSERT_EQ(why.causes.size(), 1U);
  EXPECT_EQ(why.causes[0].text(), "docker.io/x:1 changed");
  EXPECT_EQ(why.causes[0].before, "sha256:" + hex);
}

TEST_F(ExplainTest, NamesTheStepThatRanAgain) {
  before(recipe(exec("\"a\""), R"([{"record":"x"}])"), "[3/3] RUN a");
  const auto why = now(recipe(exec("\"a\""), R"([{"record":"y"}])"), "[3/3] RUN a", "", {{"[2/3] COPY a /", true}});
  EXPECT_EQ(why.note(), "after [2/3] COPY a /");
}

TEST_F(ExplainTest, FollowsACachedInputToWhatTellsItsFormsApart) {
  const auto save = [&](const std::string& id, const std::string& value) {
    solve::Record record;
    record.id = base::sha256(id);
    record.recipe = recipe(exec("\"b\"", R"(["V=)" + value + R"("])"));
    record.name = "[2/3] RUN b";
    records_.save(record, {});
    return R"([{"record":")" + record.id.str() + R"("}])";
  };
  before(recipe(exec("\"a\""), save("1", "old")), "[3/3] RUN a");
  const auto why = now(recipe(exec("\"a\""), save("2", "new")), "[3/3] RUN a", "", {{"[2/3] RUN b", false}});
  ASSERT_EQ(why.causes.size(), 2U);
  EXPECT_EQ(why.causes[0].text(), "V changed");
  EXPECT_EQ(why.causes[1].text(), "after [2/3] RUN b");
}

TEST_F(ExplainTest, SaysWhichOtherPartDiffers) {
  before(recipe(R"({"op":"exec","args":[],"env":[],"user":"1","cwd":"/"})"), "[2/2] RUN a", "RUN a");
  const auto why = now(recipe(R"({"op":"exec","args":[],"env":[],"user":"2","cwd":"/w"})"), "[2/2] RUN a", "RUN a");
  ASSERT_EQ(why.causes.size(), 2U);
  EXPECT_EQ(why.causes[0].text(), "user changed");
  EXPECT_EQ(why.causes[1].text(), "working directory changed");
}

TEST_F(ExplainTest, ForcedAndEvictedStepsSaySo) {
  Explanation why;
  why.reason = solve::RunReason::forced;
  EXPECT_EQ(why.note(), "--no-cache");
  why.reason = solve::RunReason::evicted;
  EXPECT_EQ(why.note(), "its result was removed");
}

TEST_F(ExplainTest, DamagedRecipesAreJustDifferent) {
  before(recipe("7", R"([7,{"content":"x"}])"), "");
  EXPECT_FALSE(
      now(recipe(exec("\"a\""), R"([{"content":"sha256:zz","selector":"[7"}])"), "[2/2] RUN a").causes.empty());
}

}  // namespace
}  // namespace ops
