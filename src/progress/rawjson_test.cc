// SPDX-License-Identifier: Apache-2.0
#include "progress/rawjson.h"

#include <gtest/gtest.h>

#include "progress/testing/golden.h"
#include "progress/testing/story.h"

namespace progress {
namespace {

using namespace testing;

TEST(RawJson, OneLineForEachEventInBuildKitsShape) {
  std::string text;
  RawJsonRenderer renderer([&](std::string_view part) { text += part; });
  Model model;
  const auto tell = [&](const Event& event) { renderer.changed(event, model.apply(event)); };
  auto vertex = running("[2/2] RUN make", 0);
  vertex.inputs = {id("[1/2] FROM base")};
  vertex.group = ProgressGroup{.id = "g", .name = "group", .weak = true};
  tell(known("[1/2] FROM base"));
  tell(vertex);
  tell(transfer("[2/2] RUN make", "sha256:1234", 0, 1.5, 0, 10));
  tell(log("[2/2] RUN make", 2, "a\xff\n"));
  tell(failed("[2/2] RUN make", 0, 3, "exit code: <1>"));
  tell(cached("[1/2] FROM base", 3));
  tell(VertexWarning{.vertex = id("[2/2] RUN make"),
                     .level = 1,
                     .short_text = "JSONArgsRecommended",
                     .detail = {"one", "two"},
                     .url = "https://example.org/",
                     .source = base::SourceRange{.filename = "Dockerfile",
                                                 .data = std::make_shared<const std::string>("FROM x\n"),
                                                 .spans = {{{1, 0}, {1, 6}}}}});
  EXPECT_EQ(text, "");  // told, not yet shown
  renderer.finish(model, at(4));
  EXPECT_EQ(text, golden(SLIPWAY_TESTDATA, "rawjson.txt", text));
}

TEST(RawJson, SeveralEventsCanShareADocument) {
  EXPECT_EQ(to_json({}), "{}");
  const auto text = to_json({Event(cached("a", 0)), Event(log("a", 1, ""))});
  EXPECT_TRUE(text.starts_with("{\"vertexes\":[{")) << text;
  EXPECT_NE(text.find("\"logs\":[{"), std::string::npos);
  EXPECT_NE(text.find("\"data\":\"\""), std::string::npos);
}

}  // namespace
}  // namespace progress
