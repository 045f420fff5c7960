// SPDX-License-Identifier: Apache-2.0
// A whole Dockerfile, down to typed instructions.
#include "dockerfile/parser.h"

#include <algorithm>

#include "dockerfile/directives.h"
#include "dockerfile/instructions.h"

#include "targets.h"

namespace fuzz {

void parser(std::string_view input) {
  accepted([&] { dockerfile::detect_syntax(input); });
  accepted([&] { dockerfile::find_directive("check", input); });
  dockerfile::ParsedFile file;
  if (!accepted([&] { file = dockerfile::parse_dockerfile(input); })) return;
  const auto lines = std::ranges::count(input, '\n') + 1;
  int last = 0;
  for (const auto& statement : file.statements) {
    require(statement.start_line > last, "statements follow one another");
    require(statement.end_line >= statement.start_line, "a statement ends where it begins, or later");
    require(statement.end_line <= lines, "a statement ends within the file");
    last = statement.end_line;
  }
  accepted([&] {
    const auto program = dockerfile::parse_instructions(file.statements, nullptr);
    for (const auto& stage : program.stages) require(!stage.location.empty(), "a stage has a place");
  });
}

}  // namespace fuzz
