// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a policy in Rego is told of a source: `input`, in the shape of docker buildx (its policy/types.go).
//
// {"env": …} and one of "image", "http", "git", "local". A field that is empty, zero or false is not there, as Go
// leaves it out. What is not known yet is an unknown (rego/value.h) whose path is the field's ("image.labels").
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/source_facts.h"
#include "llb/op.h"
#include "llb/platform.h"
#include "rego/value.h"

namespace attest {

/// How the build was called.
struct RegoEnvironment {
  std::map<std::string, std::string> args;  ///< --build-arg
  std::map<std::string, std::string> labels;
  std::string filename;  ///< the Dockerfile's
  std::string target;
};

/// What was found out of a source so far.
struct KnownSource {
  std::optional<ImageFacts> image;
  std::optional<std::vector<std::string>> statements;
  std::optional<std::string> http_digest;
  std::optional<GitFacts> git;
};

/// Throws failed_precondition for a kind of source that policies cannot be asked about.
rego::Value policy_input(const llb::SourceOp& source, const llb::Platform& platform, const RegoEnvironment& environment,
                         const KnownSource& known);
/// Before there is any source: which capabilities the policy wants.
rego::Value capabilities_input(const RegoEnvironment& environment);
/// The input without what is not known, and the names of that ("image.labels").
rego::Value known_part(const rego::Value& input, std::vector<std::string>& unknown);
/// The shape as a JSON schema.
std::string policy_input_schema();

/// Of "docker-image://…" and so on, without the scheme.
std::string_view source_name(const llb::SourceOp& source);

}  // namespace attest
