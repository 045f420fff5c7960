// SPDX-License-Identifier: Apache-2.0
#pragma once
// "did you mean …?": the option that a mistyped word is nearest to.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dockerfile {

enum class LetterCase : bool { ignore, matters };

/// The option less than 3 edits away, the nearest first and the earlier of equals; nothing when
/// `word` itself is one of them. With LetterCase::ignore the answer takes the word's case.
std::optional<std::string> suggest(std::string_view word, const std::vector<std::string>& options,
                                   LetterCase letters = LetterCase::matters);

/// `text`, followed by " (did you mean X?)" when there is a suggestion.
std::string with_suggestion(std::string text, std::string_view word, const std::vector<std::string>& options,
                            LetterCase letters = LetterCase::matters);

}  // namespace dockerfile
