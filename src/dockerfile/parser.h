// SPDX-License-Identifier: Apache-2.0
#pragma once
// Dockerfile text to statements: lines joined, comments kept, words split, nothing interpreted yet.
//
//     ParsedFile file = parse_dockerfile(text);          // throws LocatedError
//     for (const Statement& s : file.statements) ...     // s.command "RUN", s.arguments {"make all"}
//
// Words: a *statement* is one instruction with all of its continuation lines and heredocs; its
// *arguments* are split as the instruction demands (a shell-form RUN is one argument, ENV comes in
// threes: key, value, separator); *flags* are the leading `--x=y` words; *comments* are the comment
// lines directly above. instructions.h turns statements into typed instructions.
// Cost: linear in the text. Lines beyond 64 KiB are refused, as BuildKit refuses them.
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/heredoc.h"
#include "dockerfile/source_errors.h"

namespace dockerfile {

/// One instruction as written.
struct Statement {
  std::string command;                 ///< as written: "RUN", "run"
  std::vector<std::string> arguments;  ///< see above
  std::vector<Statement> nested;       ///< ONBUILD: exactly the one statement it defers; else empty
  std::vector<std::string> flags;      ///< "--mount=type=cache", …
  bool json = false;                   ///< the arguments were a JSON array
  std::string original;                ///< the joined line
  std::vector<Heredoc> heredocs;
  std::vector<std::string> comments;  ///< the comment lines above, without "#", blanks trimmed
  int start_line = 0;
  int end_line = 0;

  /// One range per line of the statement.
  Ranges location() const { return line_ranges(start_line, end_line); }
  /// Command and arguments of the nested statement for ONBUILD, the arguments otherwise.
  std::vector<std::string> flat_arguments() const;
};

/// Something accepted that will not be for ever; today only empty continuation lines.
struct ParseWarning {
  std::string text;
  std::string detail;
  std::string url;
  Range location;
};

struct ParsedFile {
  std::vector<Statement> statements;
  char escape = '\\';
  std::vector<ParseWarning> warnings;
};

/// Parses a whole file. Throws LocatedError.
ParsedFile parse_dockerfile(std::string_view text);

}  // namespace dockerfile
