// SPDX-License-Identifier: Apache-2.0
#pragma once
// The lines around a place in a source file, as BuildKit's clients print them:
//
//     Dockerfile:3
//     --------------------
//        2 |     WORKDIR /src
//        3 | >>> RUN make
//        4 |     CMD ["app"]
//     --------------------
//
// Given the words that the error is about, a line of carets below a marked line points at one.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace base {

struct ExcerptOptions {
  /// Makes each line fit to print; none = bytes as they are.
  std::function<std::string(std::string_view line)> shown;
  /// The first of these that stands as a word of its own in a marked line gets the carets.
  std::vector<std::string> subjects;
};

/// "" when the spans lie outside the text.
std::string excerpt(const SourceRange& source, const ExcerptOptions& options = {});

}  // namespace base
