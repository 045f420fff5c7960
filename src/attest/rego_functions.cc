// SPDX-License-Identifier: Apache-2.0
#include "attest/rego_functions.h"

#include "base/error.h"
#include "base/json.h"

namespace attest {
namespace {

using rego::Value;

constexpr std::string_view kLoadJson = "load_json";
constexpr std::string_view kPinImage = "pin_image";
constexpr std::string_view kVerifyGit = "verify_git_signature";
constexpr std::string_view kVerifyHttp = "verify_http_pgp_signature";
constexpr std::string_view kArtifact = "artifact_attestation";
constexpr std::string_view kGithub = "github_attestation";

/// A signature counts as the GitHub builder's when sigstore's certificate says that a hosted runner of GitHub ran a
/// workflow of the repository, and when a log or authority says when.
constexpr std::string_view kModule = R"rego(package docker

docker_github_builder_signature(signature, repository) if {
	object.subset(signature, {
		"kind": "docker-github-builder",
		"type": "bundle-v0.3",
		"signer": {
			"certificateIssuer": "CN=sigstore-intermediate,O=sigstore.dev",
			"issuer": "https://token.actions.githubusercontent.com",
			"sourceRepositoryURI": concat("/", ["https://github.com", repository]),
			"runnerEnvironment": "github-hosted",
		},
	})
	count(signature.timestamps) >= 1
}

docker_github_builder(image, repository) if {
	image.hasProvenance
	docker_github_builder_signature(image.signatures[_], repository)
}

docker_github_builder_tag(image, repository, tag) if {
	docker_github_builder(image, repository)
	image.signatures[_].signer.sourceRepositoryRef == concat("/", ["refs", "tags", tag])
}

docker_github_builder_bundle(http, file, repository) if {
	docker_github_builder_signature(artifact_attestation(http, file), repository)
}

github_release_attestation(http) := github_attestation(http, concat("/", [parts[1], parts[2]])) if {
	http.schema == "https"
	lower(http.host) == "github.com"
	parts := split(http.path, "/")
	array.slice(parts, 3, 5) == ["releases", "download"]
	count(parts) >= 7
}
)rego";

std::optional<Value> part_of(const std::optional<Value>& input, std::string_view part) {
  return input ? input->get(Value(part)) : std::nullopt;
}

/// False for another kind of source; throws unless the argument is that part of the input.
bool is_about(const std::optional<Value>& input, std::string_view part, const Value& argument) {
  const auto own = part_of(input, part);
  if (!own) return false;
  if (argument != *own) base::fail(base::Code::invalid_argument, "its first argument is not input.{}", part);
  return true;
}

}  // namespace

std::vector<rego::Builtin> RegoFunctions::declared() {
  return {{kLoadJson, "s"},     {kPinImage, "*s"}, {kVerifyGit, "*s"},
          {kVerifyHttp, "*ss"}, {kArtifact, "*s"}, {kGithub, "*s"}};
}

rego::ModuleText RegoFunctions::module() { return {"builtin.rego", std::string(kModule)}; }

void RegoFunctions::add_to(rego::Query& query) {
  using rego::Arguments;
  auto& functions = query.functions;
  functions.emplace(kLoadJson, [this](const Input&, Arguments arguments) { return load_json(arguments); });
  functions.emplace(kPinImage, [this](const Input& input, Arguments arguments) { return pin_image(input, arguments); });
  functions.emplace(kVerifyGit,
                    [this](const Input& input, Arguments arguments) { return verify_git(input, arguments); });
  functions.emplace(kVerifyHttp,
                    [this](const Input& input, Arguments arguments) { return verify_http(input, arguments); });
  for (const std::string_view name : {kArtifact, kGithub}) {
    functions.emplace(
        name, [name](const Input& input, Arguments arguments) { return refuse_attestation(name, input, arguments); });
  }
}

std::string RegoFunctions::file(const std::string& path) const {
  auto text = question_.read(path);
  if (!text) base::fail(base::Code::not_found, "there is no file {}", path);
  return std::move(*text);
}

RegoFunctions::Answer RegoFunctions::load_json(rego::Arguments arguments) const {
  const std::string& path = arguments[0].string();
  return base::with_context([&] { return Value::of_json(base::Json::parse(file(path))); }, "{}", path);
}

RegoFunctions::Answer RegoFunctions::pin_image(const Input& input, rego::Arguments arguments) {
  if (!is_about(input, "image", arguments[0])) return Value(false);
  const auto digest = base::Digest::parse_or_throw(arguments[1].string()).str();
  const auto checksum = part_of(input, "image")->get(Value("checksum"));
  const bool is_that = checksum && checksum->is_string() && checksum->string() == digest;
  if (!is_that) pins_.insert(digest);
  return Value(true);
}

RegoFunctions::Answer RegoFunctions::verify_git(const Input& input, rego::Arguments arguments) const {
  const auto git = part_of(input, "git");
  if (!git) return Value(false);
  const auto& known = question_.known.git;
  if (!known || known->commit.empty()) throw rego::UnknownRead{"git.commit"};
  const auto tag = git->get(Value("tag"));
  const bool is_tag = tag && arguments[0] == *tag;
  if (!is_tag && arguments[0] != git->get(Value("commit"))) {
    base::fail(base::Code::invalid_argument, "its first argument is neither input.git.commit nor input.git.tag");
  }
  const std::string keys = file(arguments[1].string());
  const auto what = is_tag ? SourceFacts::Signed::tag : SourceFacts::Signed::commit;
  const bool holds = question_.facts->is_signed(question_.source, known->revision, what, keys, question_.stop);
  return holds ? Answer(Value(true)) : std::nullopt;
}

RegoFunctions::Answer RegoFunctions::verify_http(const Input& input, rego::Arguments arguments) const {
  if (!is_about(input, "http", arguments[0])) return Value(false);
  const auto& digest = question_.known.http_digest;
  if (!digest) throw rego::UnknownRead{"http.checksum"};
  const std::string signature = file(arguments[1].string());
  const std::string keys = file(arguments[2].string());
  return Value(question_.facts->is_signed(base::Digest::parse_or_throw(*digest), signature, keys, question_.stop));
}

RegoFunctions::Answer RegoFunctions::refuse_attestation(std::string_view function, const Input& input,
                                                        rego::Arguments arguments) {
  if (!is_about(input, "http", arguments[0])) return std::nullopt;
  base::fail(base::Code::unimplemented, "{} cannot be answered here: it rests on sigstore's public roots of trust",
             function);
}

}  // namespace attest
