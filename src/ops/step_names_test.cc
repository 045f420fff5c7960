// SPDX-License-Identifier: Apache-2.0
#include "ops/step_names.h"

#include <gtest/gtest.h>

namespace ops {
namespace {

llb::Vertex vertex(const std::string& title, const std::string& text = "", std::vector<int> lines = {}) {
  llb::Vertex made;
  made.op.kind = llb::ExecOp{};
  made.metadata.description["llb.customname"] = title;
  if (lines.empty()) return made;
  base::SourceRange range{"Dockerfile", std::make_shared<const std::string>(text), {}};
  for (const int line : lines) range.spans.push_back({{line, 0}, {line, 0}});
  made.sources.push_back(std::move(range));
  return made;
}

TEST(StepTitle, TakesStageNumberAndTextApart) {
  const auto title = parse_step_title("[linux/arm64 build 2/5] RUN make [all]");
  ASSERT_TRUE(title);
  EXPECT_EQ(title->stage, "linux/arm64 build");
  EXPECT_EQ(title->number, "2");
  EXPECT_EQ(title->text, "RUN make [all]");
  EXPECT_EQ(parse_step_title("[2/5] RUN x")->stage, "");
}

TEST(StepTitle, OtherTitlesAreNoSteps) {
  for (const char* name : {"", "RUN x", "[internal] load build context", "[a/b] x", "[build 2/] x", "[2/5]"}) {
    EXPECT_FALSE(parse_step_title(name)) << name;
  }
}

TEST(StepNames, AStepIsFoundAgainWhereverItStandsInItsStage) {
  StepNamer namer("project");
  const auto before = namer.of(vertex("[a 2/5] RUN make", "FROM x\nRUN make\n", {2}));
  const auto moved = namer.of(vertex("[a 3/6] RUN make", "FROM x\nUSER 1\nRUN make\n", {3}));
  EXPECT_EQ(before.step, moved.step);
  EXPECT_NE(before.place, moved.place);
  EXPECT_EQ(before.source, "RUN make");
}

TEST(StepNames, AStepIsFoundAgainInItsPlaceAfterItWasEdited) {
  StepNamer namer("project");
  const auto before = namer.of(vertex("[a 2/5] RUN make", "FROM x\nRUN make\n", {2}));
  const auto edited = namer.of(vertex("[a 2/5] RUN make -j", "FROM x\nRUN make -j\n", {2}));
  EXPECT_NE(before.step, edited.step);
  EXPECT_EQ(before.place, edited.place);
  EXPECT_NE(before.place, namer.of(vertex("[a 2/5] COPY x y")).place) << "another instruction";
}

TEST(StepNames, StagesProjectsAndKindsOfOpsAreKeptApart) {
  StepNamer namer("project");
  StepNamer other("other project");
  const auto step = namer.of(vertex("[a 2/5] RUN make"));
  EXPECT_NE(step.step, namer.of(vertex("[b 2/5] RUN make")).step);
  EXPECT_NE(step.step, other.of(vertex("[a 2/5] RUN make")).step);
  llb::Vertex source = vertex("[a 2/5] RUN make");
  source.op.kind = llb::SourceOp{};
  EXPECT_NE(step.step, namer.of(source).step);
}

TEST(StepNames, AllLinesOfAContinuedInstructionCount) {
  StepNamer namer("p");
  EXPECT_EQ(namer.of(vertex("[2/2] RUN a && b", "FROM x\nRUN a && \\\n  b\nUSER 1", {2, 3})).source,
            "RUN a && \\\n  b");
  EXPECT_EQ(namer.of(vertex("[2/2] RUN a", "RUN a", {1})).source, "RUN a") << "no newline at the end";
  EXPECT_EQ(namer.of(vertex("[2/2] RUN a", "RUN a", {7})).source, "") << "a line that is not there";
}

TEST(StepNames, NamelessVerticesHaveNone) {
  StepNamer namer("p");
  const auto names = namer.of(vertex(""));
  EXPECT_TRUE(names.step.empty() && names.place.empty() && names.source.empty());
}

}  // namespace
}  // namespace ops
