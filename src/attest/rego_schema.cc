// SPDX-License-Identifier: Apache-2.0
// The shape of `input` as a JSON schema, for editors and for those who write policies.
#include "attest/rego_input.h"
#include "base/json.h"

namespace attest {
namespace {

using base::Json;

Json typed(std::string_view type) { return Json::object().set("type", type); }
Json text() { return typed("string"); }
Json flag() { return typed("boolean"); }
Json whole() { return typed("integer"); }
Json list(Json items) { return typed("array").set("items", std::move(items)); }
Json map_of(Json values) { return typed("object").set("additionalProperties", std::move(values)); }

struct Field {
  std::string_view name;
  Json schema;
};
Json fields(std::initializer_list<Field> all) {
  Json properties = Json::object();
  for (const auto& field : all) properties.set(field.name, field.schema);
  return typed("object").set("properties", std::move(properties)).set("additionalProperties", false);
}

Json environment_schema() {
  return fields({{"args", map_of(text())},
                 {"labels", map_of(text())},
                 {"filename", text()},
                 {"target", text()},
                 {"capsRequest", flag()},
                 {"depth", whole()}});
}

Json provenance_schema() {
  const Json complete = fields({{"parameters", flag()}, {"environment", flag()}, {"materials", flag()}});
  return fields({{"predicateType", text()},
                 {"buildType", text()},
                 {"builderID", text()},
                 {"invocationID", text()},
                 {"startedOn", text()},
                 {"finishedOn", text()},
                 {"configSource", fields({{"uri", text()}, {"digest", map_of(text())}, {"path", text()}})},
                 {"frontend", text()},
                 {"buildArgs", map_of(text())},
                 {"rawArgs", map_of(text())},
                 {"reproducible", flag()},
                 {"hermetic", flag()},
                 {"completeness", complete}});
}

Json image_schema() {
  return fields({{"ref", text()},
                 {"host", text()},
                 {"repo", text()},
                 {"fullRepo", text()},
                 {"tag", text()},
                 {"platform", text()},
                 {"os", text()},
                 {"arch", text()},
                 {"variant", text()},
                 {"isCanonical", flag()},
                 {"checksum", text()},
                 {"createdTime", text()},
                 {"env", list(text())},
                 {"labels", map_of(text())},
                 {"user", text()},
                 {"volumes", list(text())},
                 {"workingDir", text()},
                 {"hasProvenance", flag()},
                 {"provenance", provenance_schema()}});
}

Json http_schema() {
  return fields({{"url", text()},
                 {"schema", text()},
                 {"host", text()},
                 {"path", text()},
                 {"query", map_of(list(text()))},
                 {"hasAuth", flag()},
                 {"checksum", text()}});
}

Json git_schema() {
  const Json actor = fields({{"name", text()}, {"email", text()}, {"when", text()}});
  const Json pgp = fields({{"version", whole()}, {"keyID", text()}});
  const Json ssh = fields({{"version", whole()}, {"pubKey", text()}});
  const Json commit = fields({{"tree", text()},
                              {"parents", list(text())},
                              {"author", actor},
                              {"committer", actor},
                              {"message", text()},
                              {"pgpSignature", pgp},
                              {"sshSignature", ssh}});
  const Json tag = fields({{"object", text()},
                           {"type", text()},
                           {"tag", text()},
                           {"tagger", actor},
                           {"message", text()},
                           {"pgpSignature", pgp},
                           {"sshSignature", ssh}});
  return fields({{"schema", text()},
                 {"host", text()},
                 {"remote", text()},
                 {"fullURL", text()},
                 {"tagName", text()},
                 {"branch", text()},
                 {"ref", text()},
                 {"subDir", text()},
                 {"isCommitRef", flag()},
                 {"isSHA256", flag()},
                 {"checksum", text()},
                 {"commitChecksum", text()},
                 {"isAnnotatedTag", flag()},
                 {"tag", tag},
                 {"commit", commit}});
}

}  // namespace

std::string policy_input_schema() {
  Json schema = Json::object();
  schema.set("$schema", "https://json-schema.org/draft/2020-12/schema").set("title", "input of a source policy");
  const Json input = fields({{"env", environment_schema()},
                             {"image", image_schema()},
                             {"http", http_schema()},
                             {"git", git_schema()},
                             {"local", fields({{"name", text()}})}});
  for (const auto& [name, value] : input.members()) schema.set(name, value);
  return schema.set("required", Json::strings({"env"})).dump(2) + "\n";
}

}  // namespace attest
