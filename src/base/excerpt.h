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
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace base {

/// "" when the spans lie outside the text. `shown` makes each line fit to print; none = bytes as they are.
std::string excerpt(const SourceRange& source,
                    const std::function<std::string(std::string_view line)>& shown = nullptr);

}  // namespace base
