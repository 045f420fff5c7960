// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/image_config.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dockerfile {
namespace {

TEST(ImageConfig, KeepsFieldsInOrderAndDropsWhatIsEmpty) {
  ImageConfig image;
  image.platform = {.architecture = "amd64", .os = "linux"};
  EXPECT_EQ(image.json(), R"({"architecture":"amd64","os":"linux","rootfs":{"type":"","diff_ids":null},"config":{}})");
}

TEST(ImageConfig, ReadsAndWritesTheSameBytes) {
  const std::string bytes =
      R"({"created":"2020-01-02T03:04:05.5+02:00","author":"a","architecture":"arm","os":"linux","os.version":"1",)"
      R"("os.features":["f"],"variant":"v7","rootfs":{"type":"layers","diff_ids":["sha256:1"]},"history":[{"created":)"
      R"("2020-01-02T03:04:05Z","created_by":"x","author":"y","comment":"z","empty_layer":true}],"config":{"User":"u",)"
      R"("ExposedPorts":{"80/tcp":{}},"Env":["A=1"],"Entrypoint":["e"],"Cmd":["c"],"Volumes":{"/v":{}},"WorkingDir":"/",)"
      R"("Labels":{"k":"\u003c"},"StopSignal":"9","ArgsEscaped":true,"Healthcheck":{"Test":["NONE"],"Interval":1,)"
      R"("Timeout":2,"StartPeriod":3,"StartInterval":4,"Retries":5},"OnBuild":["o"],"Shell":["s"]}})";
  EXPECT_EQ(ImageConfig::parse(bytes).json(), bytes);
}

TEST(ImageConfig, WritesTimesAsGoDoes) {
  const auto created = [](const std::string& time) {
    return ImageConfig::parse(R"({"created":")" + time + "\"}").created;
  };
  EXPECT_EQ(created("2020-01-02T03:04:05.120000Z"), "2020-01-02T03:04:05.12Z");
  EXPECT_EQ(created("2020-01-02T03:04:05.000+00:00"), "2020-01-02T03:04:05Z");
  EXPECT_THROW(created("yesterday"), base::Error);
}

TEST(ImageConfig, RefusesWhatIsNoObject) {
  EXPECT_THROW(ImageConfig::parse("[]"), base::Error);
  EXPECT_THROW(ImageConfig::parse("{\"config\":"), base::Error);
}

TEST(ImageConfig, ReplacesVariablesInPlace) {
  ImageConfig image;
  image.env = ImageEnv({"A=1", "AB=2", "A=twice", "bare"});
  image.env.set("A", "3");
  image.env.set("C", "");
  EXPECT_EQ(image.env.entries(), (std::vector<std::string>{"A=3", "AB=2", "A=twice", "bare", "C="}));
  EXPECT_TRUE(image.env.has("AB"));
  EXPECT_TRUE(image.env.has("bare"));
  EXPECT_FALSE(image.env.has("B"));
}

std::vector<std::string> lines(const History& history) {
  std::vector<std::string> out;
  for (const auto& entry : history) out.push_back(entry.created_by);
  return out;
}

HistoryEntry line(std::string text) { return {"", std::move(text), "", "", false}; }

TEST(History, CopiesGrowApart) {
  History base;
  EXPECT_TRUE(base.empty());
  base.push_back(line("a"));
  History one = base;
  History two = base;
  one.push_back(line("one"));
  two.push_back(line("two"));
  base.push_back(line("b"));
  one.push_back(line("more"));
  EXPECT_EQ(lines(base), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lines(one), (std::vector<std::string>{"a", "one", "more"}));
  EXPECT_EQ(lines(two), (std::vector<std::string>{"a", "two"}));
}

TEST(History, AChainSharesItsEntries) {
  History first;
  first.push_back(line("a"));
  History second = first;
  second.push_back(line("b"));
  EXPECT_EQ(&*first.begin(), &*second.begin());
  EXPECT_EQ(first.size(), 1U);
  EXPECT_EQ(second.size(), 2U);
}

}  // namespace
}  // namespace dockerfile
