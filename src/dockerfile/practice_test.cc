// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/practice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/strings.h"
#include "dockerfile/parser.h"

namespace dockerfile {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Strings = std::vector<std::string>;

std::vector<PracticeFinding> findings_of(std::string_view text) {
  const auto program = parse_instructions(parse_dockerfile(text).statements, nullptr);
  std::vector<PracticeFinding> findings;
  check_practice(program, facts_of_text(program), [&](const PracticeFinding& finding) { findings.push_back(finding); });
  return findings;
}

/// "Rule:line", without the rules about base images, which nearly every short example breaks.
Strings fired(std::string_view text) {
  Strings names;
  for (const auto& finding : findings_of(text)) {
    if (finding.rule->name.starts_with("BaseImage")) continue;
    names.push_back(base::format("{}:{}", finding.rule->name, finding.location.at(0).start.line));
  }
  return names;
}

/// The rules about base images alone.
Strings base_findings(std::string_view text) {
  Strings names;
  for (const auto& finding : findings_of(text)) {
    if (finding.rule->name.starts_with("BaseImage")) {
      names.push_back(base::format("{}:{}", finding.rule->name.substr(9), finding.location.at(0).start.line));
    }
  }
  return names;
}

// ---- the documentation -------------------------------------------------------------------------

std::string docs() {
  const std::filesystem::path testdata = SLIPWAY_TESTDATA;  // src/dockerfile/testdata
  return testdata.parent_path().parent_path().parent_path() / "docs/checks/";
}

/// The Dockerfile below a heading of a page.
std::string example(const std::string& page, const std::string& heading) {
  const auto at = page.find("\n## " + heading + "\n");
  if (at == page.npos) return "";
  const std::string fence = "```dockerfile\n";
  const auto begin = page.find(fence, at) + fence.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

TEST(PracticePages, EveryBadExampleFiresAndEveryGoodOneDoesNot) {
  for (const auto& rule : practice_rules()) {
    const auto page = base::read_file(docs() + std::string(rule.page));
    EXPECT_TRUE(page.starts_with("# " + std::string(rule.name) + "\n")) << rule.page;
    EXPECT_THAT(base::replace_all(page, "`", ""), HasSubstr(std::string(rule.description)))
        << "the page says something else than the rule";
    Strings bad;
    for (const auto& finding : findings_of(example(page, "Bad"))) {
      bad.emplace_back(finding.rule->name);
      EXPECT_FALSE(finding.fix.empty()) << finding.rule->name;
    }
    EXPECT_THAT(bad, Contains(std::string(rule.name)));
    const auto good = example(page, "Good");
    ASSERT_FALSE(good.empty()) << rule.page;
    for (const auto& finding : findings_of(good)) {
      // Digests would make the examples hard to read: only the page about them has one.
      EXPECT_TRUE(finding.rule->name != rule.name && finding.rule->name == "BaseImageNotPinned")
          << rule.page << ": " << finding.message;
    }
  }
}

TEST(PracticePages, EveryPageBelongsToARule) {
  for (const auto& entry : std::filesystem::directory_iterator(docs())) {
    const auto name = entry.path().filename().string();
    if (name == "README.md") continue;
    const auto rules = practice_rules();
    EXPECT_TRUE(std::ranges::any_of(rules, [&](const PracticeRule& rule) { return rule.page == name; })) << name;
  }
}

// ---- base images -------------------------------------------------------------------------------

TEST(PracticeBases, LooksAtEveryNeededImageOnce) {
  EXPECT_THAT(base_findings("FROM a:1 AS x\nFROM a:1\nCOPY --from=x / /\nCOPY --from=b.io/c / /\n"),
              ElementsAre("NotPinned:1", "LatestTag:4", "NotPinned:4"));
  EXPECT_THAT(base_findings("FROM a:1 AS unused\nFROM scratch\n"), IsEmpty());
  EXPECT_THAT(base_findings("FROM a:1@sha256:" + std::string(64, '0') + "\n"), IsEmpty());
  EXPECT_THAT(base_findings("FROM scratch\nCOPY --from=context / /\nCOPY --from=assets / /\n"), IsEmpty());
}

TEST(PracticeBases, LeavesTheCallersChoiceAlone) {
  EXPECT_THAT(base_findings("ARG BASE\nFROM ${BASE}\n"), IsEmpty());
  EXPECT_THAT(base_findings("ARG TAG=3\nFROM alpine:${TAG}\n"), ElementsAre("NotPinned:2"));
}

TEST(PracticeBases, SaysTheDigestThatIsKnown) {
  const auto program = parse_instructions(parse_dockerfile("FROM alpine:3\n").statements, nullptr);
  auto facts = facts_of_text(program);
  facts.resolved = {"docker.io/library/alpine:3@sha256:" + std::string(64, '1')};
  std::string fix;
  check_practice(program, facts, [&](const PracticeFinding& finding) { fix = finding.fix; });
  EXPECT_EQ(fix, "Today it is alpine:3@sha256:" + std::string(64, '1') + ": write that");
}

// ---- the final image ---------------------------------------------------------------------------

TEST(PracticeUser, CountsTheLastUserOfTheFinalImage) {
  EXPECT_THAT(fired("FROM a\nUSER root\nCMD [\"x\"]\n"), ElementsAre("FinalStageRunsAsRoot:2"));
  EXPECT_THAT(fired("FROM a\nUSER 0:0\nCMD x\n"), ElementsAre("FinalStageRunsAsRoot:2"));
  EXPECT_THAT(fired("FROM a AS b\nUSER me\nFROM b\nCMD x\n"), IsEmpty());
  EXPECT_THAT(fired("FROM a AS b\nUSER me\nFROM a\nCMD x\n"), ElementsAre("FinalStageRunsAsRoot:3"));
}

TEST(PracticeUser, IsSilentWhereRootIsMeant) {
  for (const char* rest :
       {"", "CMD bash\n", "ENTRYPOINT [\"/entrypoint.sh\"]\n", "CMD [\"nginx\", \"-g\", \"daemon off;\"]\n",
        "RUN apk add su-exec\nCMD x\n", "CMD [\"mysqld\"]\n"}) {
    EXPECT_THAT(fired(std::string("FROM a\n") + rest), Not(Contains(HasSubstr("Root")))) << rest;
  }
  EXPECT_THAT(fired("FROM gcr.io/distroless/static:nonroot\nCMD [\"/x\"]\n"), IsEmpty());
}

TEST(PracticeTools, SeesCompilersThatStay) {
  const std::string rest = "USER me\nCMD [\"app\"]\n";
  EXPECT_THAT(fired("FROM a\nRUN apk add --no-cache gcc\n" + rest), ElementsAre("BuildToolsInFinalImage:2"));
  EXPECT_THAT(fired("FROM golang:1\nRUN go build\n" + rest), ElementsAre("BuildToolsInFinalImage:1"));
  EXPECT_THAT(fired("FROM a\nRUN apk add --no-cache -t .b gcc && make && apk del .b\n" + rest), IsEmpty());
  EXPECT_THAT(fired("FROM golang:1 AS b\nFROM a\nCOPY --from=b /app /app\n" + rest), IsEmpty());
  EXPECT_THAT(fired("FROM a AS dev\nRUN apk add --no-cache gcc\n" + rest), IsEmpty());
  EXPECT_THAT(fired("FROM golang:1\nUSER me\nCMD [\"go\", \"test\"]\n"), IsEmpty());
}

TEST(PracticeSecrets, LooksAtTheFinalImagesArgumentsOnly) {
  EXPECT_THAT(fired("FROM a\nARG NPM_TOKEN API_KEY=x\n"), ElementsAre("SecretArgInHistory:2", "SecretArgInHistory:2"));
  EXPECT_THAT(fired("FROM a AS b\nARG NPM_TOKEN\nFROM a\nCOPY --from=b /x /x\n"), IsEmpty());
  EXPECT_THAT(fired("FROM a\nARG TOKEN_URL KEY_ID GPG_KEY PUBLIC_TOKEN VITE_API_KEY\n"), IsEmpty());
  EXPECT_THAT(fired("FROM a\nARG SIGNING_KEY=A62AE125BBBFBB96A6E042EC925CC1CCED3D1561\n"), IsEmpty());
}

TEST(PracticeHistory, KnowsFilesByTheirNames) {
  EXPECT_THAT(fired("FROM a\nADD home/.psql_history /root/\n"), ElementsAre("ShellHistoryInFinalImage:2"));
  EXPECT_THAT(fired("FROM a\nRUN history -w\n"), ElementsAre("ShellHistoryInFinalImage:2"));
  EXPECT_THAT(fired("FROM a AS b\nCOPY .bash_history /\nFROM a\nCOPY --from=b /x /x\n"), IsEmpty());
}

TEST(PracticeCaches, WantThemGoneWithinTheStep) {
  EXPECT_THAT(fired("FROM a\nRUN apt-get update && apt-get install -y x\nCMD []\n"),
              ElementsAre("PackageCacheInFinalImage:2"));
  EXPECT_THAT(fired("FROM a\nRUN pip install x\n"), ElementsAre("PackageCacheInFinalImage:2"));
  EXPECT_THAT(fired("FROM a\nRUN dnf install -y x && dnf clean all\n"), IsEmpty());
  EXPECT_THAT(fired("FROM a\nRUN apt-get update && apt-get install x && rm -rf /var/lib/apt/lists/*\n"), IsEmpty());
  EXPECT_THAT(fired("FROM a\nRUN apt-get update && apt-get install x && rm -rf /var/lib/{apt,dpkg}\n"), IsEmpty());
  EXPECT_THAT(fired("FROM a\nRUN apk update && apk add x && rm -f /var/cache/apk/*\n"), IsEmpty());
  EXPECT_THAT(fired("FROM a\nRUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install x\n"),
              IsEmpty());
  EXPECT_THAT(fired("FROM a\nENV PIP_NO_CACHE_DIR=1\nRUN pip install x\n"), IsEmpty());
  EXPECT_THAT(fired("FROM a\nRUN apk add --no-cache x\n"), IsEmpty());
}

// ---- order and structure -----------------------------------------------------------------------

TEST(PracticeOrder, WantsDependenciesFirst) {
  EXPECT_THAT(fired("FROM a\nADD . /x\nRUN apk add --no-cache y\n"), ElementsAre("CopyBeforeDependencies:2"));
  EXPECT_THAT(fired("FROM a AS d\nCOPY go.mod .\nRUN go mod download\nFROM d\nCOPY . .\nRUN go mod download\n"),
              IsEmpty());
  EXPECT_THAT(
      fired("FROM a AS d\nRUN make\nFROM a\nCOPY --from=d /node_modules ./node_modules\nCOPY . .\nRUN npm ci\n"),
      IsEmpty());
  EXPECT_THAT(fired("FROM a\nCOPY . .\nRUN apt-get install ./x.deb\n"), IsEmpty());
}

TEST(PracticeOrder, WantsUpdateAndInstallTogether) {
  EXPECT_THAT(
      fired("FROM a AS b\nRUN apt-get update -q && rm x\nFROM b AS c\nRUN make\nFROM scratch\nCOPY --from=c / /\n"),
      ElementsAre("UpdateWithoutInstall:2"));
  EXPECT_THAT(fired("FROM a AS b\nRUN apt-get update && ./install.sh\nFROM scratch\nCOPY --from=b / /\n"), IsEmpty());
}

TEST(PracticeStages, KnowsStagesThatNobodyCanBuild) {
  EXPECT_THAT(fired("FROM a\nRUN x\nFROM b\n"), ElementsAre("UnusedStage:1"));
  EXPECT_THAT(fired("FROM a AS builder\nFROM b\n"), ElementsAre("UnusedStage:1"));
  EXPECT_THAT(fired("FROM a AS test\nFROM b\n"), IsEmpty());
  EXPECT_THAT(fired("FROM a\nFROM b\nCOPY --from=0 / /\n"), IsEmpty());
  EXPECT_THAT(fired("ARG K=x\nFROM a AS build\nFROM b AS buildx\nFROM build${K}\n"), IsEmpty());
}

TEST(PracticeStages, SeesStepsThatWaitForNothing) {
  const std::string build = "FROM a AS b\nRUN make\nFROM c\n";
  EXPECT_THAT(fired(build + "COPY --from=b /x /app/\nRUN apk add --no-cache y\n"), ElementsAre("ChainedStage:4"));
  EXPECT_THAT(fired(build + "COPY --from=b /x /etc/apt/\nRUN apk add --no-cache y\n"), IsEmpty());
  EXPECT_THAT(fired(build + "COPY --from=b /x /app/\nRUN apk add --no-cache y && /app/x\n"), IsEmpty());
  EXPECT_THAT(fired(build + "COPY --from=b /x /app/\nCOPY --from=b /y /usr/lib/\nRUN apk add --no-cache y\n"),
              IsEmpty());
  EXPECT_THAT(fired("FROM a AS b\nCOPY . /s\nRUN make\nFROM b AS t\nRUN apk add --no-cache y\nFROM c\n"
                    "COPY --from=b /s /s\nCOPY --from=t /usr/bin/y /y\n"),
              ElementsAre("ChainedStage:4"));
}

}  // namespace
}  // namespace dockerfile
