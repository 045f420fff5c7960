// SPDX-License-Identifier: Apache-2.0
#include "progress/subject.h"

namespace progress {
namespace {

constexpr std::string_view kQuotes = "\"'`";

bool begins_word(std::string_view text, std::size_t at) {
  return at == 0 || text[at - 1] == ' ' || text[at - 1] == '(' || text[at - 1] == '=';
}

/// An apostrophe within a word quotes nothing.
std::vector<std::string> quoted_parts(std::string_view message) {
  std::vector<std::string> parts;
  for (std::size_t at = message.find_first_of(kQuotes); at != message.npos;
       at = message.find_first_of(kQuotes, at + 1)) {
    if (!begins_word(message, at)) continue;
    const std::size_t end = message.find(message[at], at + 1);
    if (end == message.npos) break;
    parts.emplace_back(message.substr(at + 1, end - at - 1));
    // Messages speak of paths as they stand in the context, from its root.
    if (parts.back().starts_with('/')) parts.push_back(parts.back().substr(1));
    at = end;
  }
  return parts;
}

/// A word that was to be expanded: "base name (${BASE}) should not be blank".
std::string parenthesised_variable(std::string_view message) {
  const std::size_t begin = message.find("($");
  const std::size_t end = message.find(')', begin == message.npos ? 0 : begin);
  if (begin == message.npos || end == message.npos) return "";
  return std::string(message.substr(begin + 1, end - begin - 1));
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find_first_of(" \n:")); }

}  // namespace

std::vector<std::string> subjects_of(std::string_view message) {
  std::vector<std::string> subjects = quoted_parts(message);
  subjects.push_back(parenthesised_variable(message));
  if (const std::size_t unknown = message.find("unknown "); unknown != message.npos) {
    const std::size_t colon = message.find(": ", unknown);
    if (colon != message.npos) subjects.emplace_back(first_word(message.substr(colon + 2)));
  }
  // The name of an image has colons of its own.
  std::string_view first = message.substr(0, message.find_first_of(" \n"));
  const bool named = first.ends_with(':') && first.size() < message.size();
  if (named) first.remove_suffix(1);
  if (named && first.find_first_of(kQuotes) == first.npos) subjects.emplace_back(first);
  std::erase_if(subjects, [](const std::string& part) { return part.size() < 2; });
  return subjects;
}

}  // namespace progress
