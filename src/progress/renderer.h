// SPDX-License-Identifier: Apache-2.0
#pragma once
// How the display's thread drives one way of showing a build. Renderers are single-threaded, take
// the time as an argument and hand their text to a Writer, so tests hold both.
#include <functional>
#include <string_view>

#include "base/time.h"
#include "progress/model.h"

namespace progress {

/// Takes text for the output. Must not throw.
using Writer = std::function<void(std::string_view)>;

class Renderer {
 public:
  virtual ~Renderer() = default;
  /// After every event, with what it changed.
  virtual void changed(const Event& event, const Change& change) = 0;
  /// A batch of events has been told, or some time has passed: show the state.
  virtual void refresh(Model& model, base::Nanos now) = 0;
  /// The last words.
  virtual void finish(Model& model, base::Nanos now) = 0;
  /// True when finish() prints the log tail of failed steps.
  virtual bool shows_failures() const = 0;
};

}  // namespace progress
