// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/build.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "dockerfile/source_errors.h"
#include "dockerfile/testing/memory_gateway.h"

namespace dockerfile {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class BuildTest : public testing::Test {
 protected:
  BuildResult build(const std::string& text, const FrontendOpts& opts = {}) {
    gateway.set_dockerfile(text);
    return dockerfile::build(gateway, opts);
  }

  llb::Graph graph(const std::string& text, const FrontendOpts& opts = {}) {
    return llb::parse(build(text, opts).images.at(0).definition);
  }

  base::Json config(const std::string& text, const FrontendOpts& opts = {}) {
    return base::Json::parse(build(text, opts).images.at(0).config);
  }

  std::string error_of(const std::string& text, const FrontendOpts& opts = {}) {
    try {
      build(text, opts);
    } catch (const LocatedError& error) {
      line = error.locations().front().front().start.line;
      return error.text();
    } catch (const base::Error& error) {
      line = 0;
      return error.text();
    }
    return "";
  }

  static std::vector<std::string> names(const llb::Graph& graph) {
    std::vector<std::string> out;
    for (const auto& vertex : graph.vertices) out.push_back(vertex.name());
    return out;
  }

  template <typename T>
  static std::vector<const T*> all(const llb::Graph& graph) {
    std::vector<const T*> out;
    for (const auto& vertex : graph.vertices) {
      if (const auto* op = std::get_if<T>(&vertex.op.kind)) out.push_back(op);
    }
    return out;
  }

  static llb::FileCopy first_copy(const llb::Graph& graph) {
    return std::get<llb::FileCopy>(all<llb::FileOp>(graph).at(0)->actions.at(0).kind);
  }

  MemoryGateway gateway;
  int line = 0;
};

// ---- stages ----------------------------------------------------------------------------------

TEST_F(BuildTest, BuildsOnlyWhatTheTargetNeeds) {
  const auto g = graph("FROM a AS one\nRUN one\nFROM b AS two\nRUN two\nFROM one\nRUN three\n");
  const auto digest = MemoryGateway::digest_of("docker.io/library/a:latest");
  EXPECT_THAT(names(g), ElementsAre("[one 1/2] FROM docker.io/library/a:latest@" + digest, "[one 2/2] RUN one",
                                    "[stage-2 1/1] RUN three"));
  EXPECT_THAT(gateway.asked, ElementsAre("docker-image://docker.io/library/a:latest"));
}

TEST_F(BuildTest, TakesTheTargetByNameWhateverItsCase) {
  const auto g = graph("FROM a AS one\nRUN one\nFROM b AS two\nRUN two\n", {{"target", "ONE"}});
  EXPECT_EQ(all<llb::ExecOp>(g).at(0)->meta.args.back(), "one");
}

TEST_F(BuildTest, SaysWhichTargetWasMeant) {
  EXPECT_EQ(error_of("FROM a AS builder\n", {{"target", "bulder"}}),
            "target stage \"bulder\" could not be found (did you mean builder?)");
}

TEST_F(BuildTest, RefusesStagesThatNeedEachOther) {
  EXPECT_EQ(error_of("FROM a AS one\nCOPY --from=two / /\nFROM a AS two\nCOPY --from=one / /\n"),
            "circular dependency detected on stage: one");
}

TEST_F(BuildTest, RefusesToCopyFromALaterStage) {
  EXPECT_THAT(error_of("FROM a\nCOPY --from=late / /\nFROM a AS late\n", {{"target", "stage-0"}}),
              HasSubstr("could not be found"));
  EXPECT_THAT(error_of("FROM a AS one\nCOPY --from=two / /\nFROM a AS two\n", {{"target", "one"}}),
              HasSubstr("cannot copy from stage \"two\", it needs to be defined before current stage \"one\""));
  EXPECT_EQ(line, 2);
}

TEST_F(BuildTest, FromScratchWithoutStepsIsEmpty) {
  EXPECT_TRUE(build("FROM scratch\nENV A=1\n").images[0].definition.empty());
}

TEST_F(BuildTest, GlobalArgumentsChooseTheBase) {
  const std::string text = "ARG V=1\nFROM a:$V\nARG V\nRUN echo $V\n";
  EXPECT_EQ(all<llb::SourceOp>(graph(text))[0]->identifier.substr(0, 36), "docker-image://docker.io/library/a:1");
  const auto g = graph(text, {{"build-arg:V", "2"}});
  EXPECT_EQ(all<llb::SourceOp>(g)[0]->identifier.substr(0, 36), "docker-image://docker.io/library/a:2");
  EXPECT_THAT(all<llb::ExecOp>(g)[0]->meta.env, Contains("V=2"));
}

TEST_F(BuildTest, EmptyBaseNamesAreRefusedWithTheirLine) {
  EXPECT_EQ(error_of("ARG V\nFROM $V\n"), "base name ($V) should not be blank");
  EXPECT_EQ(line, 2);
}

TEST_F(BuildTest, AMissingImageIsNamedAsWritten) {
  gateway.configs["docker.io/library/alpin:latest"] = "";
  EXPECT_EQ(error_of("FROM alpin\n"), "alpin: no such image (did you mean alpine?)");
}

TEST_F(BuildTest, ImagesAreAskedForAtOnceAndFailInOrder) {
  gateway.build_opts.parallel_lookups = 4;
  const std::string text =
      "FROM a AS one\nFROM b AS two\nFROM a\nCOPY --from=one / /\nCOPY --from=two / /\nCOPY --from=c / /\n";
  EXPECT_EQ(graph(text).vertices.size(), 6U);
  EXPECT_THAT(gateway.asked, testing::UnorderedElementsAre("docker-image://docker.io/library/a:latest",
                                                           "docker-image://docker.io/library/b:latest",
                                                           "docker-image://docker.io/library/c:latest"));
  gateway.configs["docker.io/library/b:latest"] = gateway.configs["docker.io/library/c:latest"] = "";
  EXPECT_THAT(error_of(text), HasSubstr("b: no such image"));
  EXPECT_EQ(line, 2);
}

TEST_F(BuildTest, TriggersOfTheBaseRunFirst) {
  gateway.configs["docker.io/library/a:latest"] =
      R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["sha256:1"]},)"
      R"("config":{"OnBuild":["RUN first","COPY --from=other / /o"]}})";
  const auto g = graph("FROM b AS other\nRUN other\nFROM a\nRUN second\n");
  const auto execs = all<llb::ExecOp>(g);
  ASSERT_EQ(execs.size(), 3U);
  EXPECT_EQ(execs[0]->meta.args.back(), "first");
  EXPECT_EQ(execs[1]->meta.args.back(), "other");
  EXPECT_THAT(names(g), Contains("[stage-1 2/4] ONBUILD RUN first"));
  EXPECT_FALSE(base::Json::parse(build("FROM a\n").images[0].config)["config"].contains("OnBuild"));
}

// ---- platforms -------------------------------------------------------------------------------

TEST_F(BuildTest, BuildsEveryPlatformAskedFor) {
  const auto result =
      build("FROM --platform=$BUILDPLATFORM a AS tool\nRUN cross $TARGETARCH\nFROM b\nCOPY --from=tool / /\n",
            {{"platform", "linux/amd64,linux/arm64"}});
  ASSERT_EQ(result.images.size(), 2U);
  EXPECT_EQ(result.images[1].id, "linux/arm64");
  EXPECT_EQ(base::Json::parse(result.images[1].config)["architecture"].string_or(""), "arm64");
  EXPECT_TRUE(result.metadata.contains("containerimage.config/linux/arm64"));
  const auto g = llb::parse(result.images[1].definition);
  EXPECT_EQ(all<llb::ExecOp>(g)[0]->meta.env.size(), 1U);
  EXPECT_THAT(names(g), Contains("[linux/amd64 tool 2/2] RUN cross $TARGETARCH"));
}

TEST_F(BuildTest, RefusesPlatformsNobodyKnows) {
  EXPECT_THAT(error_of("FROM --platform=lnux a\n"), HasSubstr("failed to parse platform lnux"));
  EXPECT_THAT(error_of("FROM a\n", {{"platform", "a/b/c/d"}}), HasSubstr("failed to parse target platform a/b/c/d"));
}

// ---- instructions ----------------------------------------------------------------------------

TEST_F(BuildTest, ConfigHoldsWhatInstructionsSay) {
  const auto c = config(
      "FROM scratch\nENV A=1 B=\"x y\"\nLABEL l=\"<v>\"\nEXPOSE 80 53/UDP 1-2\nVOLUME /v\nUSER me\nWORKDIR /w\nWORKDIR "
      "d\n"
      "ENTRYPOINT [\"run\"]\nCMD echo hi\nSTOPSIGNAL SIGTERM\nHEALTHCHECK --interval=90s CMD true\nMAINTAINER me\n"
      "ONBUILD RUN x\nSHELL [\"sh\", \"-x\"]\n");
  const auto& inner = c["config"];
  EXPECT_THAT(inner["Env"].string_items(), Contains("B=x y"));
  EXPECT_EQ(inner["Labels"]["l"].string_or(""), "<v>");
  EXPECT_TRUE(inner["ExposedPorts"].contains("53/udp"));
  EXPECT_TRUE(inner["ExposedPorts"].contains("2/tcp"));
  EXPECT_TRUE(inner["Volumes"].contains("/v"));
  EXPECT_EQ(inner["WorkingDir"].string_or(""), "/w/d");
  EXPECT_THAT(inner["Cmd"].string_items(), ElementsAre("/bin/sh", "-c", "echo hi"));
  EXPECT_THAT(inner["Entrypoint"].string_items(), ElementsAre("run"));
  EXPECT_EQ(inner["Healthcheck"]["Interval"].int_or(0), 90'000'000'000);
  EXPECT_THAT(inner["OnBuild"].string_items(), ElementsAre("RUN x"));
  EXPECT_EQ(c["author"].string_or(""), "me");
}

TEST_F(BuildTest, HistoryTellsEveryInstruction) {
  const auto c =
      config("FROM scratch\nARG V=1\nRUN --network=none make $V\nCMD [\"a b\"]\nHEALTHCHECK --timeout=1m30s CMD x\n");
  std::vector<std::string> lines;
  for (const auto& entry : c["history"].items()) lines.push_back(entry["created_by"].string_or(""));
  EXPECT_THAT(lines, ElementsAre("ARG V=1", "RUN |1 V=1 /bin/sh -c make $V # buildkit", "CMD [\"a b\"]",
                                 "HEALTHCHECK {Test:[CMD-SHELL x] Interval:0s Timeout:1m30s StartPeriod:0s "
                                 "StartInterval:0s Retries:0}"));
  EXPECT_FALSE(c["history"].items()[1].contains("empty_layer"));
  EXPECT_TRUE(c["history"].items()[0]["empty_layer"].bool_or(false));
}

TEST_F(BuildTest, EntrypointForgetsTheCommandOfTheBase) {
  gateway.configs["docker.io/library/a:latest"] =
      R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["sha256:1"]},"config":{"Cmd":["x"]}})";
  EXPECT_TRUE(config("FROM a\n")["config"].contains("Cmd"));
  EXPECT_FALSE(config("FROM a\nENTRYPOINT [\"e\"]\n")["config"].contains("Cmd"));
  EXPECT_TRUE(config("FROM a\nCMD [\"c\"]\nENTRYPOINT [\"e\"]\n")["config"].contains("Cmd"));
}

TEST_F(BuildTest, RunKnowsAllKindsOfMounts) {
  const auto g = graph(
      "FROM a\nRUN --mount=target=/ctx --mount=type=cache,target=/c,sharing=locked "
      "--mount=type=tmpfs,target=/t,size=1m "
      "--mount=type=secret,id=s,env=S --mount=type=secret,id=k,target=/k,required --mount=type=ssh true\n");
  const auto& exec = *all<llb::ExecOp>(g).at(0);
  std::map<std::string, llb::Mount> mounts;
  for (const auto& mount : exec.mounts) mounts[mount.dest] = mount;
  EXPECT_TRUE(mounts.at("/ctx").readonly);
  EXPECT_EQ(mounts.at("/c").cache->id, "//c");
  EXPECT_EQ(mounts.at("/c").cache->sharing, llb::CacheSharing::locked);
  EXPECT_EQ(mounts.at("/t").tmpfs_size, 1 << 20);
  EXPECT_FALSE(mounts.at("/k").secret->optional);
  EXPECT_EQ(exec.secret_env.at(0).name, "S");
  EXPECT_THAT(exec.meta.env, Contains(HasSubstr("SSH_AUTH_SOCK=")));
}

TEST_F(BuildTest, SecretsAreMaskedInNames) {
  const auto g = graph("FROM a\nRUN --mount=type=secret,id=s,env=TOKEN curl $TOKEN\n");
  EXPECT_THAT(names(g).back(), HasSubstr("curl ****"));
}

TEST_F(BuildTest, HeredocsAreScriptsProgramsAndFiles) {
  const auto g = graph(
      "FROM a\nRUN <<EOF\necho 1\necho 2\nEOF\nRUN <<EOF\n#!/usr/bin/python\nprint()\nEOF\n"
      "COPY <<one <<two /d/\n1\none\n2\ntwo\n");
  const auto execs = all<llb::ExecOp>(g);
  EXPECT_EQ(execs.at(0)->meta.args.back(), "echo 1\necho 2\n");
  EXPECT_THAT(execs.at(1)->meta.args.back(), "/dev/pipes/EOF");
  EXPECT_EQ(all<llb::FileOp>(g).size(), 4U);
}

TEST_F(BuildTest, CopySaysWhatIsToBeDone) {
  const auto copy = first_copy(graph("FROM a\nCOPY --chown=1:g --chmod=u+x --exclude=*.o --parents ./x/./y* d/\n"));
  EXPECT_EQ(copy.src, "/x");
  EXPECT_EQ(copy.dest, "/d/");
  EXPECT_EQ(copy.mode_str, "u+x");
  EXPECT_EQ(copy.owner->user->id, 1U);
  EXPECT_EQ(copy.owner->group->name, "g");
  EXPECT_THAT(copy.include_patterns, ElementsAre("y*"));
  EXPECT_THAT(copy.exclude_patterns, ElementsAre("*.o"));
}

TEST_F(BuildTest, LinkedCopiesAreMerged) {
  const auto g = graph("FROM a\nCOPY --link x /x\n");
  ASSERT_EQ(all<llb::MergeOp>(g).size(), 1U);
  EXPECT_THAT(names(g), Contains("[2/2] LINK COPY --link x /x"));
  EXPECT_EQ(g.vertices.back().metadata.progress_group->id, g.vertices[2].metadata.progress_group->id);
}

TEST_F(BuildTest, AddFetchesFromUrlsAndGit) {
  const auto g = graph("FROM a\nADD https://example.com/d/f.tgz /\nADD https://example.com/r.git#v1:sub /r/\n");
  std::vector<std::string> sources;
  for (const auto* source : all<llb::SourceOp>(g)) sources.push_back(source->identifier);
  EXPECT_THAT(sources, Contains("https://example.com/d/f.tgz"));
  EXPECT_THAT(sources, Contains("git://example.com/r.git#v1:sub"));
  EXPECT_EQ(first_copy(g).src, "/f.tgz");
  EXPECT_FALSE(first_copy(g).attempt_unpack);
  EXPECT_EQ(error_of("FROM a\nCOPY https://example.com/x /\n"), "source can't be a URL for COPY");
  EXPECT_EQ(error_of("FROM a\nADD --checksum=sha256:12 https://example.com/x /\n"), "invalid checksum digest length");
}

TEST_F(BuildTest, BadModesArePointedOut) {
  EXPECT_THAT(error_of("FROM a\nCOPY --chmod=99 a /\n"), HasSubstr("invalid chmod parameter: '99'"));
  EXPECT_EQ(error_of("FROM a\nCOPY --chmod=u+q a /\n"), "invalid syntax");
  EXPECT_EQ(line, 2);
}

// ---- contexts --------------------------------------------------------------------------------

std::string context_attr(const llb::Graph& graph, std::string_view identifier, std::string_view name) {
  for (const auto& vertex : graph.vertices) {
    const auto* source = std::get_if<llb::SourceOp>(&vertex.op.kind);
    if (source != nullptr && source->identifier == identifier) return source->attr(name);
  }
  return "no such source";
}

TEST_F(BuildTest, AsksTheContextForWhatIsUsedOnly) {
  const std::string text = "FROM a\nCOPY src/b src/a /\nRUN --mount=source=conf,target=/conf true\n";
  EXPECT_EQ(context_attr(graph(text), "local://context", "local.followpaths"), R"(["conf","src/a","src/b"])");
  EXPECT_EQ(context_attr(graph(text + "COPY . /\n"), "local://context", "local.followpaths"), "");
}

TEST_F(BuildTest, IgnoreFilesBecomePatterns) {
  gateway.files["local://context"][".dockerignore"] = "# c\n/node_modules\n!keep\n";
  EXPECT_EQ(context_attr(graph("FROM a\nCOPY . /\n"), "local://context", "local.excludepatterns"),
            R"(["node_modules","!keep"])");
  gateway.files["local://dockerfile"]["Dockerfile.dockerignore"] = "own\n";
  EXPECT_EQ(context_attr(graph("FROM a\nCOPY . /\n"), "local://context", "local.excludepatterns"), R"(["own"])");
}

TEST_F(BuildTest, NamedContextsReplaceImagesAndStages) {
  const auto g = graph(
      "FROM a AS one\nRUN one\nFROM b\nCOPY --from=one / /\nCOPY --from=data /x /\n",
      {{"context:one", "docker-image://c"},
       {"context:data", "local:data"},
       {"context:b", "oci-layout://store@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}});
  std::vector<std::string> sources;
  for (const auto* source : all<llb::SourceOp>(g)) sources.push_back(std::string(source->scheme()));
  EXPECT_THAT(sources, ElementsAre("oci-layout", "docker-image", "local"));
  EXPECT_THAT(all<llb::ExecOp>(g), IsEmpty());
  EXPECT_EQ(context_attr(g, "local://data", "local.followpaths"), R"(["x"])");
}

TEST_F(BuildTest, RefusesContextsItDoesNotKnow) {
  EXPECT_EQ(error_of("FROM a\n", {{"context:a", "ftp:x"}}), "unsupported context source ftp for a");
  EXPECT_EQ(error_of("FROM a\n", {{"context:a", "x"}}), "invalid context specifier x for a");
  EXPECT_THAT(error_of("FROM a\n", {{"context:a", "oci-layout://x"}}), HasSubstr("has no digest"));
}

TEST_F(BuildTest, RemoteContextsHoldTheDockerfile) {
  gateway.files["git://example.com/r.git#main"]["Dockerfile"] = "FROM a\nCOPY . /\n";
  const auto g = graph("", {{"context", "https://example.com/r.git#main"}});
  EXPECT_EQ(all<llb::SourceOp>(g)[1]->identifier, "git://example.com/r.git#main");
  gateway.files["https://example.com/Dockerfile"]["context"] = "FROM b\n";
  EXPECT_THAT(all<llb::SourceOp>(graph("", {{"context", "https://example.com/Dockerfile"}}))[0]->identifier,
              HasSubstr("library/b:latest"));
}

TEST_F(BuildTest, AMissingDockerfileIsSaidToBeMissing) {
  EXPECT_EQ(error_of("", {{"filename", "other"}}), "failed to read dockerfile: open other: no such file or directory");
  EXPECT_EQ(error_of(""), "the Dockerfile cannot be empty");
}

// ---- options ---------------------------------------------------------------------------------

TEST_F(BuildTest, OptionsReachTheSteps) {
  const auto g = graph("FROM a\nRUN x\n", {{"add-hosts", "h=10.0.0.1"},
                                           {"ulimit", "nofile=1:2"},
                                           {"shm-size", "64"},
                                           {"hostname", "n"},
                                           {"force-network-mode", "none"},
                                           {"cgroup-parent", "p"},
                                           {"no-cache", ""},
                                           {"memory", "5"},
                                           {"build-arg:HTTP_PROXY", "http://p"}});
  const auto& exec = *all<llb::ExecOp>(g)[0];
  EXPECT_EQ(exec.meta.extra_hosts.at(0).ip, "10.0.0.1");
  EXPECT_EQ(exec.meta.ulimits.at(0).hard, 2);
  EXPECT_EQ(exec.meta.hostname, "n");
  EXPECT_EQ(exec.network, llb::NetMode::none);
  EXPECT_EQ(exec.meta.cgroup_parent, "p");
  EXPECT_EQ(exec.meta.proxy_env->http_proxy, "http://p");
  EXPECT_TRUE(g.vertices.back().metadata.ignore_cache);
  EXPECT_EQ(g.vertices.back().metadata.linux_resources->memory, 5);
}

// ---- what is scanned for the SBOM ----------------------------------------------------------

/// "name" or "-name" of each tree that something is said about.
std::string scan_trees(const PlatformImage& image) {
  std::string text;
  for (const auto& tree : image.scan_trees)
    text += (text.empty() ? "" : " ") + ((tree.is_wanted ? "" : "-") + tree.name);
  return text;
}

TEST_F(BuildTest, SaysWhichTreesAreToBeScanned) {
  const std::string stages =
      "FROM a AS one\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN 1\n"
      "FROM a AS two\nCOPY --from=one / /\n"
      "FROM a AS three\nARG BUILDKIT_SBOM_SCAN_STAGE=one,three\nRUN 3\n"
      "FROM a AS unbuilt\nARG BUILDKIT_SBOM_SCAN_STAGE=true\n"
      "FROM three\nARG BUILDKIT_SBOM_SCAN_CONTEXT\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nCOPY --from=two / /\n"
      "COPY --from=b / /\n";
  const auto scanned = [&](const std::string& globals, const FrontendOpts& opts = {}) {
    return scan_trees(build(globals + stages, opts).images.at(0));
  };
  EXPECT_EQ(scanned(""), "one three");
  EXPECT_EQ(scanned("ARG BUILDKIT_SBOM_SCAN_STAGE=false\n"), "one three -two");
  EXPECT_EQ(scanned("ARG BUILDKIT_SBOM_SCAN_CONTEXT=1\nARG BUILDKIT_SBOM_SCAN_STAGE=T\n"), "context one three two");
  EXPECT_EQ(scanned("ARG BUILDKIT_SBOM_SCAN_CONTEXT=stage-4,x\n"), "context one three");
  EXPECT_EQ(scanned("ARG BUILDKIT_SBOM_SCAN_CONTEXT=what is this\n"), "-context one three");
  EXPECT_EQ(scanned("", {{"build-arg:BUILDKIT_SBOM_SCAN_STAGE", "three"}}), "-one three");
  EXPECT_EQ(scanned("", {{"build-arg:BUILDKIT_SBOM_SCAN_CONTEXT", "true"}}), "context one three");
  EXPECT_EQ(scanned("", {{"build-arg:BUILDKIT_SBOM_SCAN_STAGE", "false"}}), "-one -three");
  EXPECT_FALSE(build(stages).images.at(0).scan_ignores_cache);
  EXPECT_TRUE(build(stages, {{"no-cache", "one"}}).images.at(0).scan_ignores_cache);
  EXPECT_FALSE(build(stages, {{"no-cache", "two"}}).images.at(0).scan_ignores_cache);
}

TEST_F(BuildTest, TreesToBeScannedAreThoseOfTheBuild) {
  const auto image = build(
                         "ARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nFROM a AS one\nARG BUILDKIT_SBOM_SCAN_STAGE=true\n"
                         "RUN make\nFROM scratch\nCOPY --from=one / /\nCOPY x /\n")
                         .images.at(0);
  ASSERT_EQ(scan_trees(image), "context one");
  EXPECT_TRUE(image.scan_trees[0].is_context);
  const auto context = llb::parse(image.scan_trees[0].definition);
  EXPECT_EQ(std::get<llb::SourceOp>(context.vertices.at(0).op.kind).identifier, "local://context");
  const auto one = llb::parse(image.scan_trees[1].definition);
  EXPECT_EQ(std::get<llb::ExecOp>(one.vertices.back().op.kind).meta.args.back(), "make");
  EXPECT_EQ(one.vertices.back().digest, llb::parse(image.definition).vertices.at(1).digest);
}

TEST_F(BuildTest, ScanSettingsAreNoVariables) {
  const auto g = graph(
      "ARG BUILDKIT_SBOM_SCAN_STAGE=true\nFROM a\nARG BUILDKIT_SBOM_SCAN_STAGE\n"
      "ARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nRUN x\n");
  EXPECT_THAT(all<llb::ExecOp>(g).at(0)->meta.env, Not(Contains(HasSubstr("BUILDKIT"))));
}

TEST_F(BuildTest, WrongOptionsAreRefused) {
  const std::pair<FrontendOpts, const char*> cases[] = {
      {{{"ulimit", "nofile"}}, "failed to parse ulimit: invalid ulimit argument: nofile"},
      {{{"ulimit", "nofile=2:1"}}, "less than or equal to hard limit: 2 > 1"},
      {{{"add-hosts", "h"}}, "invalid key-value pair h"},
      {{{"add-hosts", "h=x"}}, "failed to parse IP x"},
      {{{"shm-size", "1m"}}, "strconv.ParseInt: parsing \"1m\": invalid syntax"},
      {{{"memory", "-1"}}, "invalid memory value: -1: must be > 0"},
      {{{"cpusetcpus", "3-1"}}, "invalid cpuset range \"3-1\""},
      {{{"force-network-mode", "vpn"}}, "invalid netmode vpn"},
      {{{"image-resolve-mode", "x"}}, "invalid image-resolve-mode: x"},
      {{{"multi-platform", "maybe"}}, "invalid boolean value for multi-platform: maybe"},
      {{{"frontend.caps", "moby.unknown"}}, "unsupported frontend capability moby.unknown"},
  };
  for (const auto& [opts, text] : cases) EXPECT_THAT(error_of("FROM a\n", opts), HasSubstr(text));
}

TEST_F(BuildTest, DatesComeFromNumbersAndSources) {
  auto c = config("FROM a\nENV A=1\n", {{"build-arg:SOURCE_DATE_EPOCH", "1700000000"}});
  EXPECT_EQ(c["history"].items().back()["created"].string_or(""), "2023-11-14T22:13:20Z");
  gateway.source_time = 1700000000;
  gateway.files["git://example.com/r.git"]["Dockerfile"] = "FROM a\nENV A=1\n";
  c = config("", {{"build-arg:SOURCE_DATE_EPOCH", "context"}, {"context", "https://example.com/r.git"}});
  EXPECT_EQ(c["history"].items().back()["created"].string_or(""), "2023-11-14T23:13:20+01:00");
  EXPECT_EQ(error_of("FROM a\n", {{"build-arg:SOURCE_DATE_EPOCH", "x"}}), "invalid SOURCE_DATE_EPOCH: x");
}

// ---- frontends -------------------------------------------------------------------------------

TEST_F(BuildTest, IsDockersFrontendItself) {
  EXPECT_EQ(build("# syntax=docker/dockerfile:1.7-labs\nFROM a\n").images.size(), 1U);
  EXPECT_THAT(gateway.forwards, IsEmpty());
}

TEST_F(BuildTest, HandsOtherFrontendsTheBuild) {
  const auto result = build("# syntax=example.com/other:1 extra\nFROM a\n", {{"target", "t"}});
  EXPECT_TRUE(result.forwarded);
  ASSERT_EQ(gateway.forwards.size(), 1U);
  EXPECT_EQ(gateway.forwards[0].frontend_opts.at("source"), "example.com/other:1");
  EXPECT_EQ(gateway.forwards[0].frontend_opts.at("cmdline"), "example.com/other:1 extra");
  EXPECT_EQ(gateway.forwards[0].frontend_opts.at("target"), "t");
}

// ---- checks ----------------------------------------------------------------------------------

TEST_F(BuildTest, RemarksAreSentOnceForAllPlatforms) {
  build("FROM a as x\nENV A 1\n", {{"platform", "linux/amd64,linux/arm64"}});
  std::vector<std::string> messages;
  for (const auto& warning : gateway.warnings) messages.push_back(warning.message);
  EXPECT_THAT(messages, Contains(HasSubstr("FromAsCasing: ")));
  EXPECT_THAT(messages, Contains(HasSubstr("LegacyKeyValueFormat: ")));
  EXPECT_EQ(messages.size(), 2U);
}

TEST_F(BuildTest, RemarksCanBeSkippedOrMadeErrors) {
  build("# check=skip=FromAsCasing\nFROM a as x\n");
  EXPECT_THAT(gateway.warnings, IsEmpty());
  EXPECT_EQ(error_of("# check=error=true\nFROM a as x\n"), "lint violation found for rules: FromAsCasing");
  EXPECT_THAT(error_of("# check=nonsense\nFROM a\n"), HasSubstr("invalid check option"));
}

TEST_F(BuildTest, ErrorsShowTheirPlaceInTheFile) {
  try {
    build("FROM a\nEXPOSE x\n");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.text(), "invalid containerPort: x");
    ASSERT_TRUE(error.source());
    EXPECT_EQ(error.source()->filename, "Dockerfile");
    EXPECT_EQ(error.source()->spans.at(0).start.line, 2);
    EXPECT_THAT(*error.source()->data, HasSubstr("EXPOSE x"));
  }
}

TEST_F(BuildTest, EveryStepKnowsItsLine) {
  const auto g = graph("FROM a\n\nRUN x\n");
  ASSERT_EQ(g.vertices[1].sources.size(), 1U);
  EXPECT_EQ(g.vertices[1].sources[0].spans[0].start.line, 3);
  EXPECT_THAT(names(g), Not(Contains("")));
}

}  // namespace
}  // namespace dockerfile
