// SPDX-License-Identifier: Apache-2.0
#pragma once
// The gateway the corpus was recorded with: every image exists, every answer follows from the question.
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "dockerfile/gateway.h"

namespace conformance {

/// This thread's time on a core: other processes do not count.
double cpu_seconds();

/// What one record holds.
struct Files {
  std::string filename = "Dockerfile";
  std::string dockerfile;
  std::optional<std::string> dockerignore;
};

class FakeGateway final : public dockerfile::Gateway {
 public:
  explicit FakeGateway(const Files& files) : files_(files) {}

  dockerfile::BuildOpts opts() override;
  std::shared_ptr<dockerfile::Ref> solve(const llb::Definition& definition, const dockerfile::SolveOptions& options,
                                         std::stop_token stop) override;
  dockerfile::SourceMeta resolve_source_metadata(const llb::SourceOp& source, const dockerfile::ResolveOptions& options,
                                                 std::stop_token stop) override;
  void warn(const dockerfile::Warning& warning) override;

  /// The recorded frontend solves its result, too; one that is a lone source looks like a file being read.
  void note_result(const llb::Definition& definition);

  /// What was asked, in the corpus's schema.
  std::set<std::string> resolves;
  std::set<std::string> heads;
  base::Json warnings = base::Json::array();
  base::Json forwards = base::Json::array();
  /// Time spent in here, which is not the frontend's.
  double seconds = 0;

 private:
  std::shared_ptr<dockerfile::Ref> solve_now(const llb::Definition& definition,
                                             const dockerfile::SolveOptions& options);
  dockerfile::SourceMeta resolve_now(const llb::SourceOp& source, const dockerfile::ResolveOptions& options);
  const Files& files_;
};

}  // namespace conformance
