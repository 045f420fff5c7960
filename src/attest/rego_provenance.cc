// SPDX-License-Identifier: Apache-2.0
#include "attest/rego_provenance.h"

#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace attest {
namespace {

using rego::Value;

constexpr std::string_view kSlsa1 = "https://slsa.dev/provenance/v1";
constexpr std::string_view kSlsa02 = "https://slsa.dev/provenance/v0.2";

std::string seconds_text(const base::Json& time) {
  const auto parsed = base::parse_rfc3339(time.string_or(""));
  return parsed ? base::format_rfc3339(*parsed / base::kSecond * base::kSecond) : "";
}

Value flag_value(const base::Json& value) { return Value(value.bool_or(false)); }

void add_arguments(RegoFields& provenance, const base::Json& args) {
  constexpr std::string_view kPrefix = "build-arg:";
  const auto all = args.string_members();
  std::map<std::string, std::string> build_args;
  for (const auto& [name, value] : all) {
    if (name.starts_with(kPrefix) && name.size() > kPrefix.size()) build_args[name.substr(kPrefix.size())] = value;
  }
  provenance.texts("buildArgs", build_args).texts("rawArgs", all);
}

void add_config_source(RegoFields& provenance, const base::Json& source, const char* path) {
  provenance.put("configSource", RegoFields()
                                     .text("uri", source["uri"].string_or(""))
                                     .texts("digest", source["digest"].string_members())
                                     .text("path", source[path].string_or(""))
                                     .take());
}

Value slsa1_value(const base::Json& predicate) {
  const base::Json& definition = predicate["buildDefinition"];
  const base::Json& parameters = definition["externalParameters"];
  const base::Json& details = predicate["runDetails"];
  RegoFields provenance;
  provenance.text("predicateType", kSlsa1).text("buildType", definition["buildType"].string_or(""));
  provenance.text("builderID", details["builder"]["id"].string_or(""));
  add_config_source(provenance, parameters["configSource"], "path");
  provenance.text("frontend", parameters["request"]["frontend"].string_or(""));
  add_arguments(provenance, parameters["request"]["args"]);
  const base::Json& metadata = details["metadata"];
  if (metadata.is_object()) {
    provenance.text("invocationID", metadata["invocationID"].string_or(""));
    provenance.text("startedOn", seconds_text(metadata["startedOn"]));
    provenance.text("finishedOn", seconds_text(metadata["finishedOn"]));
    provenance.put("reproducible", flag_value(metadata["buildkit_reproducible"]));
    provenance.put("hermetic", flag_value(metadata["buildkit_hermetic"]));
    const base::Json& complete = metadata["buildkit_completeness"];
    provenance.put("completeness", RegoFields()
                                       .put("parameters", flag_value(complete["request"]))
                                       .put("materials", flag_value(complete["resolvedDependencies"]))
                                       .take());
  }
  return provenance.unknown("materials", "image.provenance.materials").take();
}

Value slsa02_value(const base::Json& predicate) {
  const base::Json& invocation = predicate["invocation"];
  RegoFields provenance;
  provenance.text("predicateType", kSlsa02).text("buildType", predicate["buildType"].string_or(""));
  provenance.text("builderID", predicate["builder"]["id"].string_or(""));
  add_config_source(provenance, invocation["configSource"], "entryPoint");
  provenance.text("frontend", invocation["parameters"]["frontend"].string_or(""));
  add_arguments(provenance, invocation["parameters"]["args"]);
  const base::Json& metadata = predicate["metadata"];
  if (metadata.is_object()) {
    provenance.text("invocationID", metadata["buildInvocationID"].string_or(""));
    provenance.text("startedOn", seconds_text(metadata["buildStartedOn"]));
    provenance.text("finishedOn", seconds_text(metadata["buildFinishedOn"]));
    provenance.put("reproducible", flag_value(metadata["reproducible"]));
    provenance.put("hermetic", flag_value(metadata["https://mobyproject.org/buildkit@v1#hermetic"]));
    const base::Json& complete = metadata["completeness"];
    provenance.put("completeness", RegoFields()
                                       .put("parameters", flag_value(complete["parameters"]))
                                       .put("environment", flag_value(complete["environment"]))
                                       .put("materials", flag_value(complete["materials"]))
                                       .take());
  }
  return provenance.unknown("materials", "image.provenance.materials").take();
}

std::optional<Value> provenance_value(const std::string& text) {
  base::Json statement;
  try {
    statement = base::Json::parse(text);
  } catch (const base::Error&) {
    return std::nullopt;
  }
  const std::string type = statement["predicateType"].string_or("");
  if (type == kSlsa1) return slsa1_value(statement["predicate"]);
  if (type == kSlsa02) return slsa02_value(statement["predicate"]);
  return std::nullopt;
}

}  // namespace

void add_provenance(RegoFields& image, const std::vector<std::string>& statements) {
  for (const auto& statement : statements) {
    if (auto provenance = provenance_value(statement)) {
      image.put("provenance", std::move(*provenance));
      break;
    }
  }
  // Any attestation counts, as with buildx.
  image.flag("hasProvenance", !statements.empty());
}

}  // namespace attest
