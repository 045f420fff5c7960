// SPDX-License-Identifier: Apache-2.0
#pragma once
// The answer to the subrequest "frontend.lint", as JSON and as text, in BuildKit's form.
//
//     LintResult result{source.map, {}, {}};
//     options.lint = [&](const LintFinding& finding) { result.findings.push_back(finding); };
//     … convert(options) …
//     std::fputs(result.text().c_str(), stdout);
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dockerfile/convert_lint.h"
#include "dockerfile/source_errors.h"
#include "llb/state.h"

namespace dockerfile {

/// What ended the conversion that was to be checked.
struct LintBuildError {
  std::string message;
  Ranges location;
};

struct LintResult {
  std::shared_ptr<const llb::SourceMap> source;
  std::vector<LintFinding> findings;
  std::optional<LintBuildError> error;

  /// Notes the error, its locations joined.
  void set_error(const base::Error& failure);
  /// {"warnings":[…],"sources":[…],"buildError":{…}}, indented; warnings in the order they were found.
  std::string json() const;
  /// A block per finding, by line; without the error.
  std::string text() const;
  /// 1 when there is anything to report.
  int status() const { return findings.empty() && !error ? 0 : 1; }
};

}  // namespace dockerfile
