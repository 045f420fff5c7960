// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/suggest.h"

#include <algorithm>

#include "base/unicode.h"

namespace dockerfile {
namespace {

constexpr std::size_t kTooFar = 3;

/// Number of insertions, deletions and replacements of characters, or kTooFar if it is not below that.
std::size_t edit_distance(const std::u32string& a, const std::u32string& b) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) >= kTooFar) return kTooFar;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
    if (*std::min_element(row.begin(), row.end()) >= kTooFar) return kTooFar;
  }
  return row[b.size()];
}

std::string in_case_of(std::string_view model, std::string text) {
  if (model == base::lower_runes(model)) return base::lower_runes(text);
  if (model == base::upper_runes(model)) return base::upper_runes(text);
  return text;
}

}  // namespace

std::optional<std::string> suggest(std::string_view word, const std::vector<std::string>& options, LetterCase letters) {
  const auto fold = [&](std::string_view text) {
    return letters == LetterCase::ignore ? base::lower_runes(text) : std::string(text);
  };
  const std::u32string wanted = base::decode_runes(fold(word));
  std::optional<std::string> best;
  std::size_t best_distance = kTooFar;
  for (const std::string& option : options) {
    const std::string folded = fold(option);
    const std::size_t distance = edit_distance(wanted, base::decode_runes(folded));
    if (distance == 0) return std::nullopt;
    if (distance >= best_distance) continue;
    best = letters == LetterCase::ignore ? in_case_of(word, folded) : folded;
    best_distance = distance;
  }
  if (best && best->empty()) return std::nullopt;
  return best;
}

std::string with_suggestion(std::string text, std::string_view word, const std::vector<std::string>& options,
                            LetterCase letters) {
  if (const auto match = suggest(word, options, letters)) text += " (did you mean " + *match + "?)";
  return text;
}

}  // namespace dockerfile
