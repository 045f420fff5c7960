// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a policy in Rego may call beside OPA's built-ins: docker buildx's functions about sources.
//
//     RegoFunctions functions(question);
//     functions.add_to(query); … rego::evaluate(…) …
//     functions.pins();                       // digests that pin_image() was called with
//
// load_json reads a file of the context. pin_image holds an image to a digest, if it is allowed. verify_git_signature
// and verify_http_pgp_signature have no value where none of the keys signed; a key or file that cannot be read is an
// error. artifact_attestation and github_attestation are errors whenever they would have to answer: they rest on
// sigstore's public roots, which are not here.
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "attest/rego_input.h"
#include "attest/source_facts.h"
#include "rego/program.h"

namespace attest {

/// A file of the context, or of the working directory when it begins with "cwd://"; nothing when it is not there.
using ReadPolicyFile = std::function<std::optional<std::string>(const std::string& path)>;

/// One source that a policy is asked about, at one moment.
struct RegoQuestion {
  const llb::SourceOp& source;
  const KnownSource& known;
  SourceFacts* facts;  ///< nullptr while there is no source
  const ReadPolicyFile& read;
  std::stop_token stop;
};

class RegoFunctions {
 public:
  /// For rego::CompileOptions.
  static std::vector<rego::Builtin> declared();
  /// Rules of package docker that are always there: docker_github_builder… of buildx.
  static rego::ModuleText module();

  explicit RegoFunctions(const RegoQuestion& question) : question_(question) {}
  void add_to(rego::Query& query);
  const std::set<std::string>& pins() const { return pins_; }

 private:
  using Answer = std::optional<rego::Value>;
  using Input = std::optional<rego::Value>;
  Answer load_json(rego::Arguments arguments) const;
  Answer pin_image(const Input& input, rego::Arguments arguments);
  Answer verify_git(const Input& input, rego::Arguments arguments) const;
  Answer verify_http(const Input& input, rego::Arguments arguments) const;
  static Answer refuse_attestation(std::string_view function, const Input& input, rego::Arguments arguments);
  std::string file(const std::string& path) const;

  const RegoQuestion& question_;
  std::set<std::string> pins_;
};

}  // namespace attest
