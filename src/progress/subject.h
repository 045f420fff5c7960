// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an error message speaks of, in the words of the source: what the caret below a line points at.
#include <string>
#include <string_view>
#include <vector>

namespace progress {

/// The parts of a message that may stand in the source, the likeliest first: what is quoted ("…", '…'
/// or `…`), a variable in parentheses, the word after "unknown …:", and the word that the message begins with before a
/// colon. Parts of one character are left out: they stand in every line.
std::vector<std::string> subjects_of(std::string_view message);

}  // namespace progress
