// SPDX-License-Identifier: Apache-2.0
#pragma once
// The patterns of .dockerignore and --exclude, by this room's name for them; see base/pattern_matcher.h.
#include "base/pattern_matcher.h"

namespace dockerfile {

using base::matches_or_parent_matches;
using base::MatchInfo;
using base::PatternMatcher;

}  // namespace dockerfile
