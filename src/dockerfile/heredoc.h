// SPDX-License-Identifier: Apache-2.0
#pragma once
// Heredoc words (`<<EOF`, `3<<-"EOF"`) as they stand in RUN, COPY and ADD lines.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dockerfile {

/// One heredoc: the word that opens it and, once the file has been read on, its content.
struct Heredoc {
  std::string name;                   ///< the terminator, without quotes
  std::uint64_t file_descriptor = 0;  ///< the number in front of `<<`
  bool expand = false;                ///< no part of the word is quoted
  bool chomp = false;                 ///< `<<-`: leading tabs are dropped
  std::string content;
  bool operator==(const Heredoc&) const = default;
};

/// The heredoc that `word` opens; nothing when it opens none. Throws for an unfinished quote.
std::optional<Heredoc> parse_heredoc(std::string_view word);
/// As parse_heredoc, with nothing for a word that cannot be read either.
std::optional<Heredoc> heredoc_or_nothing(std::string_view word);
/// All heredocs opened in a line, in order.
std::vector<Heredoc> heredocs_of_line(std::string_view line);
/// `content` without the tabs that begin its lines.
std::string chomp_heredoc(std::string_view content);

}  // namespace dockerfile
