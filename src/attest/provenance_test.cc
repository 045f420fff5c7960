// SPDX-License-Identifier: Apache-2.0
#include "attest/provenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attest/statement.h"
#include "base/base64.h"

namespace attest {
namespace {

const std::string kHex(64, 'a');

/// FROM busybox, RUN with a secret, COPY from the context.
class ProvenanceTest : public ::testing::Test {
 protected:
  ProvenanceTest() {
    llb::Op base;
    base.kind = llb::SourceOp{.identifier = "docker-image://docker.io/library/busybox:latest@sha256:" + kHex};
    base.platform = llb::parse_platform("linux/amd64");
    base.worker_constraints.emplace();
    const std::string base_digest = add(base);

    llb::ExecOp exec;
    exec.meta.args = {"/bin/sh", "-c", "make"};
    exec.mounts.push_back({.input = 0, .dest = "/", .output = 0});
    exec.mounts.push_back({.input = llb::kEmpty,
                           .dest = "/run/secrets/token",
                           .output = llb::kSkipOutput,
                           .type = llb::MountType::secret,
                           .secret = llb::SecretOpt{.id = "token", .mode = 0400, .optional = true}});
    llb::Op run;
    run.inputs = {{base_digest, 0}};
    run.kind = exec;
    const std::string run_digest = add(run);
    definition_.metadata[run_digest].description["llb.customname"] = "[2/3] RUN make";
    definition_.source.locations[run_digest] = {{0, {{{3, 0}, {3, 0}}}}};

    llb::Op local;
    local.kind = llb::SourceOp{.identifier = "local://context", .attrs = {{"local.session", "xyz"}}};
    const std::string local_digest = add(local);
    llb::Op copy;
    copy.inputs = {{run_digest, 0}, {local_digest, 0}};
    copy.kind = llb::FileOp{
        {{.input = 0, .secondary_input = 1, .output = 0, .kind = llb::FileCopy{.src = "/f", .dest = "/f"}}}};
    const std::string copy_digest = add(copy);
    llb::Op last;
    last.inputs = {{copy_digest, 0}};
    add(last);
    definition_.source.infos.push_back({.filename = "Dockerfile",
                                        .data = std::make_shared<const std::string>("FROM busybox\n"),
                                        .language = "Dockerfile"});
    facts_.options = {
        {"build-arg:V", "7"}, {"filename", "sub/Dockerfile"}, {"platform", "linux/amd64"}, {"target", "app"}};
    facts_.asked_images = {"docker.io/library/busybox:latest"};
    facts_.id = "one";
    facts_.builder_platform = "linux/amd64";
  }

  std::string add(const llb::Op& op) {
    definition_.ops.push_back(llb::marshal(op));
    return base::sha256(definition_.ops.back()).str();
  }

  llb::Definition definition_;
  BuildFacts facts_{.definition = definition_};
};

TEST_F(ProvenanceTest, MinNamesWhatTheBuildStandsOnAndNoArguments) {
  const auto json = provenance({.mode = ProvenanceWish::Mode::min, .builder_id = "https://ci/7"}, facts_);
  const auto& definition = json["buildDefinition"];
  ASSERT_EQ(definition["resolvedDependencies"].items().size(), 1U);
  EXPECT_EQ(definition["resolvedDependencies"].items()[0]["uri"].as_string(),
            "pkg:docker/busybox@latest?platform=linux%2Famd64");
  EXPECT_EQ(definition["resolvedDependencies"].items()[0]["digest"]["sha256"].as_string(), kHex);
  const auto& external = definition["externalParameters"];
  EXPECT_EQ(external["configSource"]["path"].as_string(), "sub/Dockerfile");
  EXPECT_EQ(external["request"]["args"].dump(), R"({"target":"app"})");
  EXPECT_FALSE(external["request"].contains("secrets"));
  EXPECT_EQ(external["request"]["locals"].dump(), R"([{"name":"context"}])");
  EXPECT_FALSE(definition["internalParameters"].contains("buildConfig"));
  const auto& metadata = json["runDetails"]["metadata"];
  EXPECT_EQ(metadata["buildkit_completeness"].dump(), R"({"request":false,"resolvedDependencies":false})");
  EXPECT_EQ(metadata["slipway_network_steps"].dump(), R"(["[2/3] RUN make"])");
  EXPECT_EQ(json["runDetails"]["builder"]["id"].as_string(), "https://ci/7");
}

TEST_F(ProvenanceTest, MaxHasTheGraphTheSourceAndTheRequest) {
  const auto json = provenance({}, facts_);
  const auto& request = json["buildDefinition"]["externalParameters"]["request"];
  EXPECT_EQ(request["args"]["build-arg:V"].as_string(), "7");
  EXPECT_EQ(request["secrets"].dump(), R"([{"id":"token","optional":true}])");
  const auto& config = json["buildDefinition"]["internalParameters"]["buildConfig"];
  const auto& steps = config["llbDefinition"].items();
  ASSERT_EQ(steps.size(), 5U);
  EXPECT_EQ(steps[1]["id"].as_string(), "step1");
  EXPECT_EQ(steps[1]["inputs"].dump(), R"(["step0:0"])");
  EXPECT_EQ(steps[1]["op"]["Op"]["exec"]["meta"]["args"].dump(), R"(["/bin/sh","-c","make"])");
  EXPECT_EQ(steps[1]["op"]["Op"]["exec"]["mounts"].items()[1]["secretOpt"].dump(),
            R"({"ID":"token","mode":256,"optional":true})");
  EXPECT_FALSE(steps[2]["op"]["Op"]["source"].contains("attrs")) << "sessions say nothing";
  EXPECT_EQ(steps[3]["inputs"].dump(), R"(["step1:0","step2:0"])");
  EXPECT_EQ(config["digestMapping"].members().size(), 5U);
  const auto& source = json["runDetails"]["metadata"]["buildkit_metadata"]["source"];
  EXPECT_EQ(source["infos"].items()[0]["data"].as_string(), base::base64_encode("FROM busybox\n"));
  EXPECT_EQ(source["locations"]["step1"].dump(),
            R"({"locations":[{"ranges":[{"start":{"line":3},"end":{"line":3}}]}]})");
}

TEST_F(ProvenanceTest, TheOldVersionSaysTheSame) {
  const auto json = provenance({.mode = ProvenanceWish::Mode::min, .version = ProvenanceWish::Version::v02}, facts_);
  EXPECT_EQ(json["materials"].items()[0]["digest"]["sha256"].as_string(), kHex);
  EXPECT_EQ(json["invocation"]["configSource"]["entryPoint"].as_string(), "sub/Dockerfile");
  EXPECT_EQ(json["invocation"]["environment"]["platform"].as_string(), "linux/amd64");
  EXPECT_FALSE(json["metadata"]["completeness"]["materials"].bool_or(true));
}

TEST_F(ProvenanceTest, WhatAProxySawIsAmongTheDependencies) {
  facts_.proxy_network = true;
  const base::Digest run = base::sha256(definition_.ops[1]);
  proxy::Seen& seen = facts_.fetched[run];
  seen.requests = {{.method = "GET", .url = "https://a/old", .status = 302, .location = "https://a/f"},
                   {.method = "GET", .url = "https://a/f", .status = 200, .digest = "sha256:" + kHex, .size = 7}};
  auto json = provenance({.mode = ProvenanceWish::Mode::min}, facts_);
  const auto& dependencies = json["buildDefinition"]["resolvedDependencies"].items();
  ASSERT_EQ(dependencies.size(), 3U);
  EXPECT_EQ(dependencies[1].dump(), R"({"uri":"https://a/f","digest":{"sha256":")" + kHex +
                                        R"("},"annotations":{"slipway_step":"[2/3] RUN make"}})");
  EXPECT_EQ(dependencies[2]["uri"].as_string(), "https://a/old");
  EXPECT_EQ(json["runDetails"]["metadata"]["buildkit_metadata"]["network"].dump(), R"({"mode":"proxy"})");
  EXPECT_FALSE(json["runDetails"]["metadata"].contains("slipway_network_steps"));
  EXPECT_FALSE(json["runDetails"]["metadata"].contains("buildkit_hermetic"));
  json = provenance({.mode = ProvenanceWish::Mode::min, .version = ProvenanceWish::Version::v02}, facts_);
  EXPECT_EQ(json["materials"].items().size(), 3U);

  seen.requests.push_back({.method = "POST", .url = "https://a/p", .status = 200, .gap = "method_not_materializable"});
  json = provenance({.mode = ProvenanceWish::Mode::min}, facts_);
  const auto& gaps = json["runDetails"]["metadata"]["buildkit_metadata"]["network"]["proxy"]["incomplete"].items();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].dump(), R"({"op":")" + run.str() + R"(","name":"[2/3] RUN make","method":"POST",)" +
                                R"("uri":"https://a/p","reason":"method_not_materializable"})");
}

TEST_F(ProvenanceTest, SaysWhatItDoesNotName) {
  EXPECT_THAT(
      unnamed_materials(facts_),
      ::testing::ElementsAre("local directory context", ::testing::StartsWith("[2/3] RUN make: had a network")));
  facts_.proxy_network = true;
  facts_.fetched[base::sha256(definition_.ops[1])].requests = {
      {.method = "GET", .url = "https://a/f", .status = 404, .gap = "unsuccessful_response"}};
  EXPECT_THAT(
      unnamed_materials(facts_),
      ::testing::ElementsAre("local directory context", "[2/3] RUN make: GET https://a/f: unsuccessful_response"));
}

llb::ExecOp make_step() {
  llb::ExecOp exec;
  exec.meta.args = {"make"};
  exec.mounts.push_back({.input = llb::kEmpty, .dest = "/", .output = 0});
  return exec;
}
llb::ExecOp with_cache(llb::ExecOp exec) {
  exec.mounts.push_back({.input = llb::kEmpty,
                         .dest = "/c",
                         .output = llb::kSkipOutput,
                         .type = llb::MountType::cache,
                         .cache = llb::CacheOpt{.id = "c"}});
  return exec;
}
/// A build of that step alone.
llb::Definition definition_of(const llb::ExecOp& step) {
  llb::Definition definition;
  llb::Op run;
  run.kind = step;
  definition.ops = {llb::marshal(run)};
  llb::Op last;
  last.inputs = {{base::sha256(definition.ops[0]).str(), 0}};
  definition.ops.push_back(llb::marshal(last));
  return definition;
}

TEST(Provenance, IsCompleteOnlyWithEverythingThatWasFetched) {
  const llb::ExecOp exec = make_step();
  const auto completeness = [&](const llb::ExecOp& step, bool recorded) {
    const llb::Definition definition = definition_of(step);
    const base::Digest digest = base::sha256(definition.ops[0]);
    BuildFacts facts{.definition = definition};
    facts.proxy_network = true;
    if (recorded) facts.fetched[digest];
    const auto json = provenance({}, facts);
    const auto& metadata = json["runDetails"]["metadata"];
    const auto& gaps = metadata["buildkit_metadata"]["network"]["proxy"]["incomplete"].items();
    const bool complete = metadata["buildkit_completeness"]["resolvedDependencies"].bool_or(false);
    return gaps.empty() && complete ? "complete" : complete ? "wrong" : gaps.at(0)["reason"].string_or("");
  };
  EXPECT_EQ(completeness(exec, true), "complete");
  EXPECT_EQ(completeness(exec, false), "not_recorded");
  llb::ExecOp cached = with_cache(exec);
  EXPECT_EQ(completeness(cached, true), "cache_mount");
  llb::ExecOp insecure = exec;
  insecure.security = llb::SecurityMode::insecure;
  EXPECT_EQ(completeness(insecure, true), "insecure_step");
  llb::ExecOp offline = exec;
  offline.network = llb::NetMode::none;
  EXPECT_EQ(completeness(offline, false), "complete");
  // Without a network, too, bytes come by other ways.
  for (llb::ExecOp* step : {&cached, &insecure}) step->network = llb::NetMode::none;
  EXPECT_EQ(completeness(cached, false), "cache_mount");
  EXPECT_EQ(completeness(insecure, false), "insecure_step");
}

TEST(Provenance, IsHermeticOnlyWhenNothingComesByOtherWays) {
  const auto hermetic = [](const llb::ExecOp& step) {
    const llb::Definition definition = definition_of(step);
    const auto json = provenance({}, BuildFacts{.definition = definition});
    const auto& metadata = json["runDetails"]["metadata"];
    EXPECT_TRUE(metadata["buildkit_completeness"]["resolvedDependencies"].bool_or(false));
    return metadata["buildkit_hermetic"].bool_or(false);
  };
  llb::ExecOp exec = make_step();
  EXPECT_FALSE(hermetic(exec));
  exec.network = llb::NetMode::none;
  EXPECT_TRUE(hermetic(exec));
  EXPECT_FALSE(hermetic(with_cache(exec)));
  exec.security = llb::SecurityMode::insecure;
  EXPECT_FALSE(hermetic(exec));
  const llb::Definition definition = definition_of(exec);
  EXPECT_THAT(unnamed_materials(BuildFacts{.definition = definition}),
              ::testing::ElementsAre(::testing::EndsWith(": insecure_step")));
}

TEST_F(ProvenanceTest, ADigestOfTheDockerfilesOwnStaysInTheName) {
  facts_.asked_images = {"docker.io/library/busybox:latest@sha256:" + kHex};
  const auto json = provenance({}, facts_);
  EXPECT_EQ(json["buildDefinition"]["resolvedDependencies"].items()[0]["uri"].as_string(),
            "pkg:docker/busybox@latest?digest=sha256:" + kHex + "&platform=linux%2Famd64");
}

TEST(Provenance, RepositoriesAndDownloadsHaveTheirPins) {
  llb::Definition definition;
  const auto add = [&](const llb::Op& op) {
    definition.ops.push_back(llb::marshal(op));
    return base::sha256(definition.ops.back());
  };
  llb::Op git;
  git.kind = llb::SourceOp{.identifier = "git://example.org/x.git#v1",
                           .attrs = {{"git.fullurl", "https://me:pw@example.org/x.git"}}};
  const auto git_digest = add(git);
  llb::Op http;
  http.kind = llb::SourceOp{.identifier = "https://user@example.org/f.tgz"};
  const auto http_digest = add(http);
  llb::Op merge;
  merge.inputs = {{git_digest.str(), 0}, {http_digest.str(), 0}};
  merge.kind = llb::MergeOp{{0, 1}};
  const auto merged = add(merge);
  llb::Op last;
  last.inputs = {{merged.str(), 0}};
  add(last);
  BuildFacts facts{.definition = definition};
  facts.pins = {{git_digest, std::string(40, 'c')}, {http_digest, "sha256:" + kHex}};
  facts.options = {{"context", "https://me:pw@example.org/x.git#v1"}};
  const auto json = provenance({.mode = ProvenanceWish::Mode::min}, facts);
  EXPECT_EQ(json["buildDefinition"]["resolvedDependencies"].dump(),
            R"([{"uri":"https://example.org/x.git#v1","digest":{"sha1":")" + std::string(40, 'c') +
                R"("}},{"uri":"https://example.org/f.tgz","digest":{"sha256":")" + kHex + R"("}}])");
  EXPECT_EQ(json["buildDefinition"]["externalParameters"]["configSource"]["digest"]["sha1"].as_string(),
            std::string(40, 'c'));
  EXPECT_TRUE(json["runDetails"]["metadata"]["buildkit_hermetic"].bool_or(false));
  EXPECT_EQ(json.dump().find("pw@"), std::string::npos);
}

TEST(Statement, IsInTotos) {
  const Attestation attestation{"https://example.org/p", base::Json::object().set("a", 1), "a.json"};
  const std::vector<Subject> subjects = {{"pkg:docker/app@1", base::Digest::parse_or_throw("sha256:" + kHex)}};
  EXPECT_EQ(statement(attestation, subjects),
            R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"https://example.org/p",)"
            R"("subject":[{"name":"pkg:docker/app@1","digest":{"sha256":")" +
                kHex + R"("}}],"predicate":{"a":1}})");
}

}  // namespace
}  // namespace attest
