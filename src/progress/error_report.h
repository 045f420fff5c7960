// SPDX-License-Identifier: Apache-2.0
#pragma once
// The end of a failed build as text, laid out as docker buildx prints it:
//
//     ------
//      > [builder 3/4] RUN make test:
//     0.512 test_parser: 1 failed
//     ------
//     Dockerfile:12
//     --------------------
//       10 |     COPY . .
//       11 |     RUN make
//       12 | >>> RUN make test
//       13 |     FROM scratch
//     --------------------
//     ERROR: process "/bin/sh -c make test" did not complete successfully: exit code: 2
//
// A hint follows on a line of its own. All text from outside is made safe for a terminal.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "progress/events.h"

namespace progress {

/// A step that failed and the last lines of its log ("0.512 text", without line ends).
struct FailedStep {
  std::string name;
  std::vector<std::string> log_tail;
};

/// The "------" block alone.
std::string failed_step_block(const FailedStep& step);

/// The excerpt "Dockerfile:12 …" alone, with carets below what `message` speaks of, where that stands
/// in the marked lines; "" when the spans lie outside the text.
std::string source_excerpt(const base::SourceRange& source, std::string_view message = "");

/// Block (if a step is given), excerpt (if the error has a source), "ERROR: …", hint.
std::string error_report(const base::Error& error, const std::optional<FailedStep>& step = std::nullopt);

/// " 2 warnings found:" and one line each; "" for none. Equal warnings are listed once.
std::string warnings_report(const std::vector<VertexWarning>& warnings);

}  // namespace progress
