// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/heredoc.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/unicode.h"
#include "dockerfile/shell_words.h"

namespace dockerfile {
namespace {

std::size_t count_quotes(std::string_view text) {
  const auto is_quote = [](char c) { return c == '\'' || c == '"'; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_quote));
}

/// The digits in front of `<<`. Too many of them read as the largest number there is.
std::uint64_t file_descriptor(std::string_view digits) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return result.ec == std::errc::result_out_of_range ? UINT64_MAX : value;
}

}  // namespace

std::optional<Heredoc> parse_heredoc(std::string_view word) {
  Heredoc heredoc;
  const auto digits = std::min(word.find_first_not_of("0123456789"), word.size());
  heredoc.file_descriptor = file_descriptor(word.substr(0, digits));
  word.remove_prefix(digits);
  if (!word.starts_with("<<")) return std::nullopt;
  word.remove_prefix(2);
  if (word.starts_with('-')) {
    heredoc.chomp = true;
    word.remove_prefix(1);
  }
  word.remove_prefix(std::min(word.find_first_not_of("\t\n\f\r "), word.size()));
  if (word.empty() || word.find('<') != word.npos) return std::nullopt;

  // Read once with quotes taken off and once with them kept: when the number of quote characters
  // differs, some part of the name is quoted.
  const EnvironmentList nothing;
  const auto plain = ShellWords(U'\\', {.skip_unset = true}).split(word, nothing);
  if (plain.size() != 1) return std::nullopt;
  const auto raw = ShellWords(U'\\', {.raw_quotes = true, .skip_unset = true}).split(word, nothing);
  if (raw.size() != plain.size()) {
    base::fail(base::Code::internal, "internal lexing of heredoc produced inconsistent results: {}", word);
  }
  heredoc.name = plain[0];
  heredoc.expand = count_quotes(plain[0]) == count_quotes(raw[0]);
  return heredoc;
}

std::optional<Heredoc> heredoc_or_nothing(std::string_view word) {
  try {
    return parse_heredoc(word);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::vector<Heredoc> heredocs_of_line(std::string_view line) {
  std::vector<std::string> words;
  try {
    const ShellWords lexer(U'\\', {.raw_quotes = true, .raw_escapes = true, .skip_unset = true});
    words = lexer.split(line, EnvironmentList());
  } catch (const base::Error&) {
    return {};  // The line may be no shell at all; its instruction will say so.
  }
  std::vector<Heredoc> heredocs;
  for (const std::string& word : words) {
    if (auto heredoc = parse_heredoc(word)) heredocs.push_back(std::move(*heredoc));
  }
  return heredocs;
}

std::string chomp_heredoc(std::string_view content) {
  std::string out;
  out.reserve(content.size());
  bool line_start = true;
  for (const char c : content) {
    if (line_start && c == '\t') continue;
    out += c;
    line_start = c == '\n';
  }
  return out;
}

}  // namespace dockerfile
