// SPDX-License-Identifier: Apache-2.0
// An ignore file and a path: the path is the first line.
#include <string>

#include "base/path.h"
#include "base/pattern_matcher.h"
#include "dockerfile/ignore_file.h"

#include "targets.h"

namespace fuzz {
namespace {

/// What a walk down to `path` finds.
bool walk(const base::PatternMatcher& matcher, const std::string& path) {
  base::MatchInfo parent;
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    base::MatchInfo info;
    matcher.matches(std::string_view(path).substr(0, slash), parent, &info);
    parent = std::move(info);
  }
  return matcher.matches(path, parent, nullptr);
}

}  // namespace

void ignore(std::string_view input) {
  const auto [line, text] = first_line(input);
  const auto path = base::clean_path(line);
  if (path == "." || path.starts_with("/") || path.starts_with("..")) return;
  accepted([&] {
    const base::PatternMatcher matcher(dockerfile::read_ignore_file(text));
    const bool at_once = matcher.matches_or_parent_matches(path);
    const bool walked = walk(matcher, path);
    // BuildKit's matcher, too, forgets on a walk the exceptions that it had no need to look at for the parent.
    if (!matcher.has_exclusions()) require(at_once == walked, "a look at once and a walk agree");
  });
}

}  // namespace fuzz
