// SPDX-License-Identifier: Apache-2.0
#pragma once
// Events as JSON lines in the shape of BuildKit's client.SolveStatus, as
// `docker buildx build --progress=rawjson` prints them: {"vertexes":[…],"statuses":[…],"logs":[…],
// "warnings":[…]}, times in RFC 3339, log data and warning texts in base64. One line for each event.
#include <string>
#include <string_view>
#include <vector>

#include "progress/events.h"
#include "progress/renderer.h"

namespace progress {

/// One SolveStatus document, without a newline.
std::string to_json(const std::vector<Event>& events);

class RawJsonRenderer final : public Renderer {
 public:
  explicit RawJsonRenderer(Writer writer);
  void changed(const Event& event, const Change& change) override;
  void refresh(Model& model, base::Nanos now) override;
  void finish(Model& model, base::Nanos now) override;
  bool shows_failures() const override { return false; }

 private:
  Writer writer_;
  std::string out_;
};

}  // namespace progress
