// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parser directives: the `# syntax=`, `# escape=` and `# check=` lines that may open a Dockerfile.
//
// They end at the first line that is not one. Names are case-insensitive, each may come once.
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/source_errors.h"

namespace dockerfile {

struct Directive {
  std::string name;  ///< lower case
  std::string value;
  int line = 0;
};

/// Reads directives line by line.
class DirectiveReader {
 public:
  /// `comment` is what a directive line begins with ("#", "//" or "" for none); lines count from `line` + 1.
  explicit DirectiveReader(std::string comment = "#", int line = 0) : comment_(std::move(comment)), line_(line) {}

  /// The directive in `line`. Nothing for every line from the first that is none; throws on a repeated name.
  std::optional<Directive> read(std::string_view line);
  bool done() const { return done_; }

 private:
  std::string comment_;
  int line_;
  bool done_ = false;
  std::set<std::string> seen_;
};

/// All directives of a text. Stops quietly at a repeated one unless `error` is given.
std::vector<Directive> read_directives(std::string_view text, DirectiveReader reader = DirectiveReader(),
                                       std::optional<base::Error>* error = nullptr);

/// What a directive asks for.
struct DirectiveUse {
  std::string first_word;  ///< the value up to its first space: an image reference for `syntax`
  std::string value;
  Ranges location;
};

/// The frontend a file asks for, from `# syntax=`, `// syntax=` or a JSON object's "syntax" member;
/// a `#!` line above is ignored.
std::optional<DirectiveUse> detect_syntax(std::string_view text);
/// The named directive ("check", "escape", "syntax"), in `#` form only.
std::optional<DirectiveUse> find_directive(std::string_view name, std::string_view text);

}  // namespace dockerfile
