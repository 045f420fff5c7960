// SPDX-License-Identifier: Apache-2.0
// A whole Dockerfile, down to typed instructions and what the practice rules say of them.
#include "dockerfile/parser.h"

#include <algorithm>

#include "dockerfile/directives.h"
#include "dockerfile/instructions.h"
#include "dockerfile/practice.h"

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
    if (program.stages.empty()) return;
    dockerfile::check_practice(program, dockerfile::facts_of_text(program), [&](const auto& finding) {
      require(finding.rule != nullptr && !finding.message.empty() && !finding.fix.empty(),
              "a finding says what and how");
      require(!finding.location.empty() && finding.location.front().start.line <= lines, "a finding has a place");
    });
  });
}

}  // namespace fuzz
