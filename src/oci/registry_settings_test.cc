// SPDX-License-Identifier: Apache-2.0
#include "oci/registry_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace oci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> places(const RegistrySettings& settings, const char* image,
                                ByDigest by_digest = ByDigest::no) {
  std::vector<std::string> all;
  for (const auto& place : settings.sources(Reference::parse(image).tagged(), by_digest)) all.push_back(place.str());
  return all;
}

RegistrySettings settings_of(const char* text) {
  RegistrySettings settings;
  settings.add(text, "registries.conf");
  return settings;
}

TEST(RegistrySettings, MirrorsAreAskedBeforeTheRegistryItself) {
  const auto settings = settings_of(R"(
unqualified-search-registries = ["quay.io"]
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "mirror.example:5000/hub"
insecure = true
[[registry.mirror]]
location = "pinned.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.example"
pull-from-mirror = "tag-only"
)");
  EXPECT_THAT(places(settings, "debian:12"),
              ElementsAre("mirror.example:5000/hub/library/debian:12", "tags.example/library/debian:12",
                          "docker.io/library/debian:12"));
  EXPECT_THAT(places(settings, "debian:12", ByDigest::yes),
              ElementsAre("mirror.example:5000/hub/library/debian:12", "pinned.example/library/debian:12",
                          "docker.io/library/debian:12"));
  EXPECT_THAT(settings.insecure_hosts(), ElementsAre("mirror.example:5000"));
  EXPECT_THAT(places(settings, "quay.io/x/y:1"), ElementsAre("quay.io/x/y:1"));
}

TEST(RegistrySettings, TheLongestPrefixCounts) {
  const auto settings = settings_of(R"(
[[registry]]
location = "r.example"
blocked = true
[[registry]]
prefix = "r.example/open"
location = "elsewhere.example/team"
[[registry]]
prefix = "*.corp.example"
insecure = true
blocked = true
)");
  EXPECT_THAT(places(settings, "r.example/open/app:1"), ElementsAre("elsewhere.example/team/app:1"));
  EXPECT_EQ(settings.location(Reference::parse("r.example/open/app:1")).str(), "elsewhere.example/team/app:1");
  EXPECT_THAT(places(settings, "corp.example/app:1"), ElementsAre("corp.example/app:1"));
  for (const char* image : {"r.example/opener:1", "r.example/x:1", "a.corp.example/x:1"}) {
    try {
      settings.sources(Reference::parse(image), ByDigest::no);
      ADD_FAILURE() << image;
    } catch (const base::Error& error) {
      EXPECT_TRUE(error.is_refusal());
      EXPECT_THAT(error.text(), HasSubstr("is blocked by registries.conf"));
    }
  }
}

TEST(RegistrySettings, ReadsBuildkitdToml) {
  const auto settings = settings_of(R"(
debug = true
[worker.oci]
enabled = true
[registry."docker.io"]
mirrors = ["mirror.example", "proxy.example:5000/hub"]
[registry."proxy.example:5000"]
http = true
[registry."inner.example"]
insecure = true
ca = ["/etc/ca.pem"]
[[registry."inner.example".keypair]]
key = "/etc/key.pem"
cert = "/etc/cert.pem"
)");
  EXPECT_THAT(places(settings, "debian:12"),
              ElementsAre("mirror.example/library/debian:12", "proxy.example:5000/hub/library/debian:12",
                          "docker.io/library/debian:12"));
  EXPECT_THAT(settings.plain_hosts(), ElementsAre("proxy.example:5000"));
  EXPECT_THAT(settings.insecure_hosts(), ElementsAre("inner.example"));
  EXPECT_EQ(settings.tls().at("inner.example").client_certificate, "/etc/cert.pem");
  EXPECT_THAT(settings.tls().at("inner.example").ca_files, ElementsAre("/etc/ca.pem"));
}

std::string mistake(const char* text) {
  try {
    settings_of(text);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::invalid_argument);
    return error.text();
  }
  return "";
}

TEST(RegistrySettings, MistakesHaveTheirLine) {
  EXPECT_THAT(mistake("[[registry]\n"), HasSubstr("registries.conf:1: "));
  EXPECT_THAT(mistake("\n[.0\""), HasSubstr("registries.conf:2: this is no TOML"));
  EXPECT_THAT(mistake("\n[[registry]]\nblocked = true\n"), HasSubstr("registries.conf:2: a registry has neither"));
  EXPECT_THAT(mistake("[[registry]]\nlocation = \"a b\"\n"), HasSubstr("no location"));
  EXPECT_THAT(mistake("[[registry]]\nlocation = \"r.example\"\ninsecure = \"yes\"\n"),
              HasSubstr("registries.conf:3: insecure is neither true nor false"));
  EXPECT_THAT(mistake("[[registry]]\nlocation = \"r.example\"\n[[registry.mirror]]\nlocation = \"m.example\"\n"
                      "pull-from-mirror = \"never\"\n"),
              HasSubstr("registries.conf:5: pull-from-mirror"));
  EXPECT_THAT(mistake("registry = 1\n"), HasSubstr("neither a list nor a table"));
}

TEST(RegistrySettings, AreLookedForWherePodmanHasThem) {
  const base::TemporaryDirectory home;
  base::make_directories(home.path() + "/.config/containers/registries.conf.d");
  base::write_file_atomic(home.path() + "/.config/containers/registries.conf",
                          "[[registry]]\nlocation = \"r.example\"\nblocked = true\n");
  base::write_file_atomic(home.path() + "/.config/containers/registries.conf.d/10.conf",
                          "[[registry]]\nlocation = \"r.example\"\n");
  const auto settings = RegistrySettings::conventional([&](const std::string& name) -> std::optional<std::string> {
    return name == "HOME" ? std::optional(home.path()) : std::nullopt;
  });
  EXPECT_THAT(places(settings, "r.example/x:1"), ElementsAre("r.example/x:1"));
}

}  // namespace
}  // namespace oci
