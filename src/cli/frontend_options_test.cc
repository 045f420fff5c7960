// SPDX-License-Identifier: Apache-2.0
#include "cli/frontend_options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/error.h"

namespace cli {
namespace {

using Map = std::map<std::string, std::string>;

TEST(FrontendOptions, UseBuildKitsNames) {
  BuildOptions options;
  options.build_args = {"V=1", "EMPTY="};
  options.labels = {"a=b", "bare"};
  options.targets = {"app"};
  options.platforms = {"linux/amd64", "linux/arm64"};
  options.add_hosts = {"db:10.0.0.1", "six:[::1]", "eq=10.0.0.2"};
  options.ulimits = {"nofile=10:20"};
  options.network = "none";
  options.shm_size = "64m";
  options.no_cache_filters = {"a", "b"};
  EXPECT_EQ(frontend_options(options), (Map{{"build-arg:V", "1"},
                                            {"build-arg:EMPTY", ""},
                                            {"label:a", "b"},
                                            {"label:bare", ""},
                                            {"target", "app"},
                                            {"platform", "linux/amd64,linux/arm64"},
                                            {"add-hosts", "db=10.0.0.1,six=::1,eq=10.0.0.2"},
                                            {"ulimit", "nofile=10:20"},
                                            {"force-network-mode", "none"},
                                            {"shm-size", "67108864"},
                                            {"no-cache", "a,b"}}));
}

TEST(FrontendOptions, ABuildArgWithoutValueComesFromTheEnvironment) {
  ::setenv("SLIPWAY_TEST_ARG", "from env", 1);
  ::unsetenv("SLIPWAY_TEST_UNSET");
  BuildOptions options;
  options.build_args = {"SLIPWAY_TEST_ARG", "SLIPWAY_TEST_UNSET"};
  EXPECT_EQ(frontend_options(options), (Map{{"build-arg:SLIPWAY_TEST_ARG", "from env"}}));
}

TEST(FrontendOptions, BadValuesNameTheirFlag) {
  const auto text_of = [](const auto& edit) {
    BuildOptions options;
    edit(options);
    try {
      frontend_options(options);
      build_settings(options);
    } catch (const base::Error& error) {
      return error.text();
    }
    return std::string();
  };
  EXPECT_NE(text_of([](auto& o) { o.network = "bridge"; }).find("--network"), std::string::npos);
  EXPECT_NE(text_of([](auto& o) { o.add_hosts = {"nohost"}; }).find("--add-host"), std::string::npos);
  EXPECT_NE(text_of([](auto& o) { o.shm_size = "lots"; }).find("--shm-size"), std::string::npos);
  EXPECT_NE(text_of([](auto& o) { o.ulimits = {"nofile"}; }).find("--ulimit"), std::string::npos);
  EXPECT_NE(text_of([](auto& o) { o.secrets = {"src=x"}; }).find("--secret"), std::string::npos);
  EXPECT_NE(text_of([](auto& o) { o.allow = {"everything"}; }).find("--allow"), std::string::npos);
}

TEST(FrontendOptions, SizesAreReadAsDockerReadsThem) {
  EXPECT_EQ(parse_size("1024", "x"), 1024);
  EXPECT_EQ(parse_size("1.5k", "x"), 1536);
  EXPECT_EQ(parse_size("2GiB", "x"), std::int64_t{2} << 30);
  EXPECT_EQ(parse_size("3MB", "x"), 3 << 20);
}

TEST(BuildSettings, SecretsKnowTheirSource) {
  BuildOptions options;
  options.secrets = {"id=a,src=/f", "id=b,env=B"};
  const auto settings = build_settings(options);
  EXPECT_EQ(settings.secrets.at("a").file, "/f");
  EXPECT_EQ(settings.secrets.at("b").variable, "B");
}

}  // namespace
}  // namespace cli
