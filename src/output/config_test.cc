// SPDX-License-Identifier: Apache-2.0
#include "output/config.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"

namespace output {
namespace {

const base::Digest kOne = base::sha256("1");
const base::Digest kTwo = base::sha256("2");
constexpr base::Nanos kTen = 10 * base::kSecond;

std::string config(const std::string& history, const std::string& more = "") {
  return R"({"os":"linux","architecture":"amd64",)" + more + R"("history":)" + history + "}";
}

std::vector<std::string> created(const std::string& bytes) {
  std::vector<std::string> times;
  const auto json = base::Json::parse(bytes);
  for (const auto& entry : json["history"].items()) times.push_back(entry["created"].string_or("-"));
  return times;
}

TEST(FinalizeConfig, SortsTheMembersAndKeepsTheRestAsItIs) {
  const std::string result = finalize_config(
      R"({"os":"linux","config":{"Env":["B=<&>"],"Cmd":null},"author":"me","architecture":"amd64","created":"2020-01-01T00:00:00Z"})",
      {}, {});
  EXPECT_EQ(
      result,
      R"({"architecture":"amd64","author":"me","config":{"Env":["B=\u003c\u0026\u003e"],"Cmd":null},)"
      R"("created":"2020-01-01T00:00:00Z","history":null,"os":"linux","rootfs":{"type":"layers","diff_ids":null}})");
}

TEST(FinalizeConfig, WritesTheDiffIdsInTheirOrder) {
  const std::vector<LayerHistory> layers = {{kOne, kTen, ""}, {kTwo, kTen, ""}};
  const auto json =
      base::Json::parse(finalize_config(config(R"([{"created_by":"a"},{"created_by":"b"}])"), layers, {}));
  EXPECT_EQ(json["rootfs"]["diff_ids"].string_items(), (std::vector<std::string>{kOne.str(), kTwo.str()}));
}

TEST(FinalizeConfig, AppendsHistoryForLayersThatHaveNone) {
  const std::vector<LayerHistory> layers = {{kOne, kTen, "base"}, {kTwo, kTen, "RUN x"}};
  const auto json = base::Json::parse(finalize_config(config(R"([{"created_by":"a"}])"), layers, {}));
  ASSERT_EQ(json["history"].items().size(), 2U);
  EXPECT_EQ(json["history"].items()[1].dump(),
            R"({"created":"1970-01-01T00:00:10Z","created_by":"RUN x","comment":"buildkit.exporter.image.v0"})");
}

TEST(FinalizeConfig, MarksSurplusHistoryAsEmpty) {
  const std::vector<LayerHistory> layers = {{kOne, kTen, ""}};
  const auto json = base::Json::parse(
      finalize_config(config(R"([{"created_by":"a"},{"empty_layer":true},{"created_by":"b"}])"), layers, {}));
  EXPECT_FALSE(json["history"].items()[0]["empty_layer"].bool_or(false));
  EXPECT_TRUE(json["history"].items()[2]["empty_layer"].bool_or(false));
}

TEST(FinalizeConfig, GivesMetadataTheTimeOfTheFirstNewLayer) {
  const std::vector<LayerHistory> layers = {{kOne, std::nullopt, ""}, {kTwo, kTen, ""}};
  const std::string result = finalize_config(
      config(
          R"([{"created":"2001-01-01T00:00:00Z"},{"created_by":"ENV","empty_layer":true},{"created_by":"RUN"},{"empty_layer":true}])"),
      layers, {});
  EXPECT_EQ(created(result), (std::vector<std::string>{"2001-01-01T00:00:00Z", "1970-01-01T00:00:10Z",
                                                       "1970-01-01T00:00:10Z", "1970-01-01T00:00:10Z"}));
  EXPECT_EQ(base::Json::parse(result)["created"].string_or(""), "1970-01-01T00:00:10Z");
}

TEST(FinalizeConfig, GivesMetadataTheBasesTimeWhenThereIsNoNewLayer) {
  const std::vector<LayerHistory> layers = {{kOne, std::nullopt, ""}};
  EXPECT_EQ(
      created(finalize_config(config(R"([{"created":"2001-01-01T00:00:00Z"},{"empty_layer":true}])"), layers, {})),
      (std::vector<std::string>{"2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z"}));
}

TEST(FinalizeConfig, HasNoTimesWhereThereAreNone) {
  const std::string result = finalize_config(config(R"([{"empty_layer":true,"created_by":"x"}])"), {}, {});
  EXPECT_EQ(created(result), std::vector<std::string>{"-"});
  EXPECT_TRUE(base::Json::parse(result)["created"].is_null());
}

TEST(FinalizeConfig, ClampsToTheEpochButNotTheBase) {
  const std::string history =
      R"([{"created":"2021-01-01T00:00:00Z","created_by":"base"},{"created":"2022-01-01T00:00:00Z","created_by":"new"},{"created":"1999-01-01T00:00:00Z","created_by":"old"}])";
  FinalizeOptions options;
  options.epoch = kTen;
  options.base_config = config(R"([{"created":"2021-01-01T00:00:00Z","created_by":"base"}])");
  const std::vector<LayerHistory> layers = {{kOne, kTen, ""}, {kTwo, kTen, ""}, {kTwo, kTen, ""}};
  const std::string result = finalize_config(config(history, R"("created":"2023-01-01T00:00:00Z",)"), layers, options);
  EXPECT_EQ(created(result),
            (std::vector<std::string>{"2021-01-01T00:00:00Z", "1970-01-01T00:00:10Z", "1970-01-01T00:00:10Z"}));
  EXPECT_EQ(base::Json::parse(result)["created"].string_or(""), "1970-01-01T00:00:10Z");
}

TEST(FinalizeConfig, CarriesAnInlineCache) {
  FinalizeOptions options;
  options.inline_cache = "[]";
  EXPECT_EQ(base::Json::parse(finalize_config(config("[]"), {}, options))["moby.buildkit.cache.v0"].string_or(""),
            "W10=");
}

TEST(FinalizeConfig, JoinedLayersLeaveTheTopmostEntryAndMakeTheOthersEmpty) {
  const std::vector<LayerHistory> layers = {{kOne, kTen, ""}, {.diff_id = kTwo, .created = kTen, .members = 3}};
  const auto json = base::Json::parse(finalize_config(
      config(R"([{"created_by":"a"},{"created_by":"b"},{"created_by":"ENV","empty_layer":true},{"created_by":"c"}])"),
      layers, {}));
  std::string text;
  for (const auto& entry : json["history"].items()) {
    text += entry["created_by"].string_or("?") + (entry["empty_layer"].bool_or(false) ? "-" : "+") + " ";
  }
  // The fourth layer had no entry; it is the topmost of its group.
  EXPECT_EQ(text, "a+ b- ENV- c- ?+ ");
  EXPECT_EQ(json["rootfs"]["diff_ids"].items().size(), 2U);
}

TEST(FinalizeConfig, RefusesAConfigWithoutPlatformOrSense) {
  for (const char* bad : {"", "null", "[]", R"({"os":"linux"})", R"({"architecture":"amd64"})",
                          R"({"os":"linux","architecture":"amd64","history":[{"created":"yesterday"}]})"}) {
    FinalizeOptions options;
    options.epoch = kTen;
    EXPECT_THROW(finalize_config(bad, {}, options), base::Error) << bad;
  }
}

TEST(GoTime, IsAsGoPrintsIt) {
  EXPECT_EQ(go_time_text("2020-01-02T03:04:05.120000000Z"), "2020-01-02T03:04:05.12Z");
  EXPECT_EQ(go_time_text("2020-01-02T03:04:05.000Z"), "2020-01-02T03:04:05Z");
  EXPECT_EQ(go_time_text("2020-01-02T03:04:05+00:00"), "2020-01-02T03:04:05Z");
  EXPECT_EQ(go_time_text("2020-01-02T03:04:05.1234567899+02:00"), "2020-01-02T03:04:05.123456789+02:00");
  EXPECT_EQ(go_time_text(""), "");
}

}  // namespace
}  // namespace output
