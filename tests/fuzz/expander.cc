// SPDX-License-Identifier: Apache-2.0
// Variables and quotes: lines NAME=VALUE, an empty line, then the word.
#include <algorithm>
#include <string>
#include <vector>

#include "base/strings.h"
#include "dockerfile/shell_words.h"

#include "targets.h"

namespace fuzz {
namespace {

/// Nothing to replace or to drop; what is not UTF-8 becomes U+FFFD and so does not stay.
bool is_plain(std::string_view word) {
  return std::ranges::all_of(word, [](unsigned char c) { return c < 0x80 && c != 0; }) &&
         word.find_first_of("$'\"\\`") == std::string_view::npos;
}

void expand(std::string_view word, const dockerfile::EnvironmentList& env, const dockerfile::ShellWords& words) {
  accepted([&] {
    const auto result = words.expand(word, env);
    for (const auto& name : result.matched) require(env.get(name).has_value(), "a matched variable is set");
    for (const auto& name : result.unmatched) require(!env.get(name).has_value(), "an unmatched variable is not set");
    if (is_plain(word)) require(result.text == word, "plain words stay");
  });
}

}  // namespace

void expander(std::string_view input) {
  const auto gap = input.find("\n\n");
  const auto word = gap == std::string_view::npos ? input : input.substr(gap + 2);
  const dockerfile::EnvironmentList env(gap == std::string_view::npos ? std::vector<std::string>{}
                                                                      : base::split(input.substr(0, gap), '\n'));
  for (const char32_t escape : {U'\\', U'`'}) {
    expand(word, env, dockerfile::ShellWords(escape));
    expand(word, env, dockerfile::ShellWords(escape, {.raw_quotes = true, .raw_escapes = true}));
    expand(word, env, dockerfile::ShellWords(escape, {.skip_process_quotes = true, .skip_unset = true}));
  }
}

}  // namespace fuzz
