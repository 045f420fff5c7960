// SPDX-License-Identifier: Apache-2.0
#include "oci/credentials.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <map>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"

namespace oci {
namespace {

class CredentialsTest : public ::testing::Test {
 protected:
  std::optional<Credential> find(std::string_view domain, std::string_view path = "ns/app") {
    return FileCredentials(files_).find(domain, path, {});
  }
  void docker(const std::string& json) { base::write_file_atomic(files_.docker_config, json); }
  void podman(const std::string& json) { base::write_file_atomic(files_.auth_files[0], json); }
  static std::string auth(const std::string& user) {
    return R"({"auth":")" + base::base64_encode(user + ":pw:with colon") + "\"}";
  }

  base::TemporaryDirectory dir_;
  CredentialFiles files_{dir_.path() + "/config.json", {dir_.path() + "/auth.json"}};
};

TEST_F(CredentialsTest, AreAbsentWithoutFiles) { EXPECT_FALSE(find("docker.io")); }

TEST_F(CredentialsTest, ReadUserAndPasswordOfAHost) {
  docker(R"({"auths":{"host:5000":)" + auth("me") + R"(,"other":)" + auth("you") + "}}");
  EXPECT_EQ(find("host:5000")->username, "me");
  EXPECT_EQ(find("host:5000")->password, "pw:with colon");
  EXPECT_FALSE(find("host"));
}

TEST_F(CredentialsTest, KnowDockerHubsOddKey) {
  docker(R"({"auths":{"https://index.docker.io/v1/":)" + auth("hub") + "}}");
  EXPECT_EQ(find("docker.io")->username, "hub");
}

TEST_F(CredentialsTest, TakeUrlsOfHosts) {
  docker(R"({"auths":{"https://host.example/v2/":)" + auth("me") + "}}");
  EXPECT_EQ(find("host.example")->username, "me");
}

TEST_F(CredentialsTest, PreferTheMostSpecificNamespace) {
  podman(R"({"auths":{"host":)" + auth("all") + R"(,"host/ns":)" + auth("ns") + R"(,"host/ns/app":)" + auth("app") +
         "}}");
  EXPECT_EQ(find("host", "ns/app")->username, "app");
  EXPECT_EQ(find("host", "ns/other")->username, "ns");
  EXPECT_EQ(find("host", "x")->username, "all");
}

TEST_F(CredentialsTest, ReadIdentityTokens) {
  docker(R"({"auths":{"host":{"identitytoken":"refresh"}}})");
  EXPECT_EQ(find("host")->identity_token, "refresh");
}

TEST_F(CredentialsTest, AskTheHelperOfTheHost) {
  const std::string program = dir_.path() + "/docker-credential-fake";
  base::write_file_atomic(
      program,
      "#!/bin/sh\nread server\n[ \"$1\" = get ] || exit 9\n"
      "case $server in\n"
      "  token.example) echo '{\"Username\":\"<token>\",\"Secret\":\"refresh\"}';;\n"
      "  broken.example) echo secret-in-error >&2; exit 3;;\n"
      "  none.example) echo 'credentials not found in native keychain'; exit 1;;\n"
      "  *) echo \"{\\\"ServerURL\\\":\\\"$server\\\",\\\"Username\\\":\\\"$server\\\",\\\"Secret\\\":\\\"s\\\"}\";;\n"
      "esac\n");
  ::chmod(program.c_str(), 0755);
  const std::string path = dir_.path() + ":" + std::getenv("PATH");
  ::setenv("PATH", path.c_str(), 1);
  docker(R"({"credsStore":"fake","auths":{"none.example":)" + auth("fallback") + "}}");
  EXPECT_EQ(find("docker.io")->username, "https://index.docker.io/v1/");
  EXPECT_EQ(find("token.example")->identity_token, "refresh");
  EXPECT_EQ(find("none.example")->username, "fallback");
  try {
    find("broken.example");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::unauthenticated);
    EXPECT_EQ(error.text().find("secret-in-error"), std::string::npos);
  }
}

TEST_F(CredentialsTest, NameTheFileThatIsBroken) {
  docker("{");
  try {
    find("host");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(error.text().find("config.json"), std::string::npos);
  }
}

TEST(CredentialFiles, FollowTheEnvironment) {
  std::map<std::string, std::string> environment = {{"HOME", "/h"}, {"XDG_RUNTIME_DIR", "/run/u"}};
  const auto lookup = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  EXPECT_EQ(conventional_files(lookup).docker_config, "/h/.docker/config.json");
  EXPECT_EQ(conventional_files(lookup).auth_files,
            (std::vector<std::string>{"/run/u/containers/auth.json", "/h/.config/containers/auth.json"}));
  environment["DOCKER_CONFIG"] = "/d";
  environment["REGISTRY_AUTH_FILE"] = "/a.json";
  EXPECT_EQ(conventional_files(lookup).docker_config, "/d/config.json");
  EXPECT_EQ(conventional_files(lookup).auth_files, std::vector<std::string>{"/a.json"});
}

}  // namespace
}  // namespace oci
