// SPDX-License-Identifier: Apache-2.0
#include "attest/provenance.h"

#include <algorithm>
#include <optional>

#include "attest/purl.h"
#include "attest/statement.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/strings.h"
#include "llb/op_json.h"

namespace attest {
namespace {

using base::Json;

constexpr std::string_view kBuildTypeV1 =
    "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";
constexpr std::string_view kBuildTypeV02 = "https://mobyproject.org/buildkit@v1";
constexpr std::string_view kFrontend = "dockerfile.v0";
constexpr std::size_t kSha1Digits = 40;

struct Material {
  std::string uri;
  std::string algorithm;
  std::string hex;
  std::string step;  ///< that fetched it through the proxy, or ""
  bool operator<(const Material& other) const { return uri < other.uri; }
};

/// What a step got, or may have got, that no dependency names.
struct Uncaptured {
  std::string op;
  std::string step;
  std::string method;
  std::string uri;
  std::string reason;
  auto operator<=>(const Uncaptured&) const = default;
};

Json digest_json(const Material& material) { return Json::object().set(material.algorithm, material.hex); }

/// What the graph's ops tell.
struct Capture {
  std::vector<Material> materials;  ///< images, repositories, downloads; each sorted
  std::set<std::string> locals;
  std::map<std::string, bool> secrets;  ///< id → optional
  std::map<std::string, bool> ssh;
  bool network_access = false;
  std::vector<std::string> network_steps;  ///< with a network that nobody watched
  std::set<Uncaptured> uncaptured;
};

/// "sha256:…", or a commit.
void set_digest(Material& material, const std::string& pin) {
  if (pin.starts_with("sha256:")) {
    material.algorithm = "sha256";
    material.hex = pin.substr(7);
  } else {
    material.algorithm = pin.size() > kSha1Digits ? "sha256" : "sha1";
    material.hex = pin;
  }
}

class Reader {
 public:
  explicit Reader(const BuildFacts& facts) : facts_(facts) {}

  Capture read(const llb::Graph& graph) {
    for (const auto& vertex : graph.vertices) {
      if (const auto* source = std::get_if<llb::SourceOp>(&vertex.op.kind)) read_source(vertex, *source);
      if (const auto* exec = std::get_if<llb::ExecOp>(&vertex.op.kind)) read_exec(vertex, *exec);
    }
    for (auto* list : {&images_, &git_, &http_}) {
      std::sort(list->begin(), list->end());
      for (auto& material : *list) add_once(std::move(material));
    }
    return std::move(capture_);
  }

 private:
  void add_once(Material material) {
    const bool known = std::any_of(capture_.materials.begin(), capture_.materials.end(), [&](const Material& other) {
      return other.uri == material.uri && other.hex == material.hex;
    });
    if (!known) capture_.materials.push_back(std::move(material));
  }

  std::string pin_of(const llb::Vertex& vertex) const {
    const auto found = facts_.pins.find(vertex.digest);
    return found == facts_.pins.end() ? "" : found->second;
  }

  void read_source(const llb::Vertex& vertex, llb::SourceOp source) {
    if (facts_.policies) facts_.policies->apply(source, {.platform = vertex.op.platform});
    const std::string_view scheme = source.scheme();
    const std::string rest = source.identifier.substr(std::min(source.identifier.size(), scheme.size() + 3));
    if (scheme == "local") {
      capture_.locals.insert(rest);
    } else if (scheme == "git") {
      Material material{without_credentials(git_uri(source, rest)), "", ""};
      set_digest(material, pin_of(vertex));
      git_.push_back(std::move(material));
    } else if (scheme == "http" || scheme == "https") {
      Material material{without_credentials(source.identifier), "", ""};
      set_digest(material, pin_of(vertex));
      http_.push_back(std::move(material));
    } else if (scheme == "docker-image" || scheme == "oci-layout") {
      read_image(vertex, rest, scheme == "oci-layout" ? "oci" : "docker");
    }
  }

  static std::string git_uri(const llb::SourceOp& source, const std::string& rest) {
    const std::string full = source.attr("git.fullurl");
    const auto hash = rest.find('#');
    return full.empty() ? "https://" + rest : full + (hash == std::string::npos ? "" : rest.substr(hash));
  }

  void read_image(const llb::Vertex& vertex, const std::string& text, std::string_view type) {
    auto reference = oci::Reference::parse(text);
    const std::string pin = reference.digest.empty() ? pin_of(vertex) : reference.digest.str();
    // The frontend pins what it resolved; a digest of the Dockerfile's own stays part of the name.
    oci::Reference by_tag = reference;
    by_tag.digest = base::Digest();
    if (!by_tag.tag.empty() && facts_.asked_images.contains(by_tag.str())) reference = by_tag;
    std::string platform;
    if (vertex.op.platform) platform = llb::format_platform(*vertex.op.platform);
    Material material{image_purl(reference, platform, type), "", ""};
    set_digest(material, pin);
    images_.push_back(std::move(material));
  }

  void read_exec(const llb::Vertex& vertex, const llb::ExecOp& exec) {
    const auto note = [](std::map<std::string, bool>& all, const std::string& id, bool optional) {
      const auto [known, is_new] = all.emplace(id, optional);
      if (!is_new && !optional) known->second = false;
    };
    for (const auto& mount : exec.mounts) {
      if (mount.secret && mount.type == llb::MountType::secret) {
        note(capture_.secrets, mount.secret->id, mount.secret->optional);
      }
      if (mount.ssh && mount.type == llb::MountType::ssh) {
        note(capture_.ssh, mount.ssh->id.empty() ? "default" : mount.ssh->id, mount.ssh->optional);
      }
    }
    for (const auto& secret : exec.secret_env) note(capture_.secrets, secret.id, secret.optional);
    read_other_ways_in(vertex, exec);
    if (exec.network == llb::NetMode::none) return;
    capture_.network_access = true;
    if (facts_.proxy_network) {
      read_fetched(vertex);
    } else {
      capture_.network_steps.push_back(vertex.name());
    }
  }

  void lacks(const llb::Vertex& vertex, std::string reason, const proxy::Request& request = {}) {
    capture_.uncaptured.insert({vertex.digest.str(), vertex.name(), request.method, request.url, std::move(reason)});
  }

  /// By which bytes may reach a step that has no network, too.
  void read_other_ways_in(const llb::Vertex& vertex, const llb::ExecOp& exec) {
    // What an earlier build left there may have come from anywhere.
    const bool has_cache = std::any_of(exec.mounts.begin(), exec.mounts.end(),
                                       [](const llb::Mount& mount) { return mount.type == llb::MountType::cache; });
    if (has_cache) lacks(vertex, "cache_mount");
    // Who may do everything may leave the network that it was given.
    if (exec.security == llb::SecurityMode::insecure) lacks(vertex, "insecure_step");
  }

  void read_fetched(const llb::Vertex& vertex) {
    const auto seen = facts_.fetched.find(vertex.digest);
    if (seen == facts_.fetched.end()) return lacks(vertex, "not_recorded");
    for (const auto& request : seen->second.materials()) {
      Material material{request.url, "", "", vertex.name()};
      set_digest(material, request.digest);
      http_.push_back(std::move(material));
    }
    for (const auto& request : seen->second.gaps()) lacks(vertex, request.gap, request);
  }

  const BuildFacts& facts_;
  Capture capture_;
  std::vector<Material> images_, git_, http_;
};

// ---- the request ----

bool is_about_the_host(std::string_view name) {
  static constexpr std::string_view kNames[] = {"cgroup-parent", "image-resolve-mode", "platform", "cache-imports"};
  return base::is_one_of(name, kNames) || name.starts_with("attest:") || name.starts_with("vcs:");
}

Json id_list(const std::map<std::string, bool>& ids) {
  Json list = Json::array();
  for (const auto& [id, optional] : ids) {
    Json entry = Json::object().set("id", id);
    if (optional) entry.set("optional", true);
    list.push(std::move(entry));
  }
  return list;
}

struct Request {
  Json json;
  Json config_source;
  bool complete = true;  ///< nothing was left out
};

Json config_source_of(const BuildFacts& facts, const Capture& capture) {
  Json json = Json::object();
  const auto context = facts.options.find("context");
  if (context != facts.options.end() && !context->second.empty()) {
    const std::string uri = without_credentials(context->second);
    json.set("uri", uri);
    for (const auto& material : capture.materials) {
      if (material.uri == uri || uri.starts_with(material.uri + "#")) json.set("digest", digest_json(material));
    }
  }
  const auto file = facts.options.find("filename");
  return json.set("path", file == facts.options.end() || file->second.empty() ? "Dockerfile" : file->second);
}

Request request_of(const BuildFacts& facts, const Capture& capture, ProvenanceWish::Mode mode) {
  Request request;
  Json args = Json::object();
  for (const auto& [name, value] : facts.options) {
    if (is_about_the_host(name) || name == "context" || name == "filename") continue;
    if (mode == ProvenanceWish::Mode::min && (name.starts_with("build-arg:") || name.starts_with("label:"))) {
      request.complete = false;
      continue;
    }
    args.set(name, name.starts_with("context:") ? without_credentials(value) : value);
  }
  request.json = Json::object();
  request.json.set("frontend", kFrontend).set_nonempty("args", std::move(args));
  if (mode == ProvenanceWish::Mode::max) {
    request.json.set_nonempty("secrets", id_list(capture.secrets)).set_nonempty("ssh", id_list(capture.ssh));
  }
  Json locals = Json::array();
  for (const auto& name : capture.locals) locals.push(Json::object().set("name", name));
  request.json.set_nonempty("locals", std::move(locals));
  request.json.set_nonempty("compatibilityVersion", facts.compatibility_version);
  request.config_source = config_source_of(facts, capture);
  return request;
}

// ---- the build graph (max) ----

std::string step_name(std::size_t number) { return base::format("step{}", number); }

/// Steps of a definition, inputs first; the terminal op is the last.
class Steps {
 public:
  explicit Steps(const llb::Definition& definition) : definition_(definition) {
    for (const auto& bytes : definition.ops) ops_[base::sha256(bytes).str()] = llb::unmarshal(bytes);
    if (!definition.ops.empty()) walk(base::sha256(definition.ops.back()).str());
  }

  Json definition() const {
    Json list = Json::array();
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const llb::Op& op = ops_.at(order_[i]);
      Json step = Json::object();
      step.set("id", step_name(i)).set("op", llb::op_json(op));
      Json inputs = Json::array();
      for (const auto& input : op.inputs) {
        inputs.push(base::format("{}:{}", step_name(numbers_.at(input.digest)), input.index));
      }
      list.push(std::move(step.set_nonempty("inputs", std::move(inputs))));
    }
    return list;
  }

  Json mapping() const {
    Json json = Json::object();
    for (const auto& [digest, number] : numbers_) json.set(digest, step_name(number));
    return json;
  }

  Json locations() const {
    Json json = Json::object();
    for (const auto& [digest, locations] : definition_.source.locations) {
      const auto number = numbers_.find(digest);
      if (number != numbers_.end()) json.set(step_name(number->second), locations_json(locations));
    }
    return json;
  }

 private:
  void walk(const std::string& digest) {
    // A chain of thousands of steps must not be a chain of thousands of calls.
    std::vector<std::pair<std::string, std::size_t>> path = {{digest, 0}};
    while (!path.empty()) {
      auto& [at, next] = path.back();
      const auto& inputs = ops_.at(at).inputs;
      if (next < inputs.size()) {
        const std::string below = inputs[next++].digest;
        if (!numbers_.contains(below)) path.emplace_back(below, 0);
        continue;
      }
      if (numbers_.emplace(at, order_.size()).second) order_.push_back(at);
      path.pop_back();
    }
  }

  static Json point_json(const base::SourcePoint& point) {
    return Json::object().set_nonempty("line", point.line).set_nonempty("character", point.character);
  }

  static Json locations_json(const std::vector<llb::Location>& locations) {
    Json list = Json::array();
    for (const auto& location : locations) {
      Json ranges = Json::array();
      for (const auto& range : location.ranges) {
        ranges.push(Json::object().set("start", point_json(range.start)).set("end", point_json(range.end)));
      }
      Json entry = Json::object().set_nonempty("sourceIndex", std::int64_t{location.source_index});
      list.push(std::move(entry.set_nonempty("ranges", std::move(ranges))));
    }
    return Json::object().set_nonempty("locations", std::move(list));
  }

  const llb::Definition& definition_;
  std::map<std::string, llb::Op> ops_;
  std::vector<std::string> order_;
  std::map<std::string, std::size_t> numbers_;
};

Json build_config(const Steps& steps) {
  return Json::object().set("llbDefinition", steps.definition()).set("digestMapping", steps.mapping());
}

Json source_json(const llb::Definition& definition, const Steps& steps) {
  Json infos = Json::array();
  for (const auto& info : definition.source.infos) {
    Json entry = Json::object();
    entry.set("filename", info.filename).set_nonempty("language", info.language);
    entry.set("data", base::base64_encode(*info.data));
    if (info.definition) {
      const Steps own(*info.definition);
      entry.set_nonempty("llbDefinition", own.definition()).set_nonempty("digestMapping", own.mapping());
    }
    infos.push(std::move(entry));
  }
  return Json::object().set("locations", steps.locations()).set("infos", std::move(infos));
}

// ---- the two versions ----

struct Parts {
  const ProvenanceWish& wish;
  const BuildFacts& facts;
  Capture capture;
  Request request;
  Json config;          ///< null in mode min
  Json build_metadata;  ///< what BuildKit calls its metadata

  /// As BuildKit means it: without the proxy, sources alone are counted.
  bool complete() const { return capture.locals.empty() && (!facts.proxy_network || capture.uncaptured.empty()); }
  bool hermetic() const { return capture.locals.empty() && capture.uncaptured.empty() && !capture.network_access; }
};

/// As BuildKit's NetworkMetadata.
Json network_json(const Capture& capture) {
  Json incomplete = Json::array();
  for (const auto& entry : capture.uncaptured) {
    Json json = Json::object().set("op", entry.op).set("name", entry.step);
    json.set_nonempty("method", entry.method).set_nonempty("uri", entry.uri);
    incomplete.push(std::move(json.set("reason", entry.reason)));
  }
  Json network = Json::object().set("mode", "proxy");
  if (!capture.uncaptured.empty()) network.set("proxy", Json::object().set("incomplete", std::move(incomplete)));
  return network;
}

Json network_steps(const Parts& parts) { return Json::strings(parts.capture.network_steps); }

Json version_1(Parts& parts) {
  Json dependencies = Json::array();
  for (const auto& material : parts.capture.materials) {
    Json entry = Json::object().set("uri", material.uri);
    if (!material.hex.empty()) entry.set("digest", digest_json(material));
    if (!material.step.empty()) entry.set("annotations", Json::object().set("slipway_step", material.step));
    dependencies.push(std::move(entry));
  }
  Json external = Json::object();
  external.set("configSource", parts.request.config_source).set("request", parts.request.json);
  Json internal = Json::object();
  if (!parts.config.is_null()) internal.set("buildConfig", parts.config);
  internal.set("builderPlatform", parts.facts.builder_platform);
  internal.set_nonempty("slipway_lock", parts.facts.lock_digest);
  internal.set_nonempty("slipway_policies", Json::strings(parts.facts.policy_digests));
  for (const auto& [name, value] : parts.facts.own_fields.members()) internal.set(name, value);
  Json definition = Json::object();
  definition.set("buildType", kBuildTypeV1).set("externalParameters", std::move(external));
  definition.set("internalParameters", std::move(internal));
  definition.set_nonempty("resolvedDependencies", std::move(dependencies));
  Json metadata = Json::object();
  metadata.set("invocationId", parts.facts.id).set("startedOn", base::format_rfc3339(parts.facts.started));
  metadata.set("finishedOn", base::format_rfc3339(parts.facts.finished));
  metadata.set("buildkit_metadata", parts.build_metadata);
  if (parts.hermetic()) metadata.set("buildkit_hermetic", true);
  metadata.set("buildkit_completeness",
               Json::object().set("request", parts.request.complete).set("resolvedDependencies", parts.complete()));
  if (parts.wish.reproducible) metadata.set("buildkit_reproducible", true);
  metadata.set_nonempty("slipway_network_steps", network_steps(parts));
  Json details = Json::object();
  details.set("builder", Json::object().set("id", parts.wish.builder_id)).set("metadata", std::move(metadata));
  return Json::object().set("buildDefinition", std::move(definition)).set("runDetails", std::move(details));
}

Json version_02(Parts& parts) {
  Json materials = Json::array();
  for (const auto& material : parts.capture.materials) {
    Json entry = Json::object().set("uri", material.uri);
    if (!material.hex.empty()) entry.set("digest", digest_json(material));
    materials.push(std::move(entry));
  }
  Json source = parts.request.config_source;
  if (source.contains("path")) {
    source.set("entryPoint", source["path"]);
    source.erase("path");
  }
  Json invocation = Json::object();
  invocation.set("configSource", std::move(source)).set("parameters", parts.request.json);
  Json environment = Json::object().set("platform", parts.facts.builder_platform);
  for (const auto& [name, value] : parts.facts.own_fields.members()) environment.set(name, value);
  invocation.set("environment", std::move(environment));
  Json metadata = Json::object();
  metadata.set("buildInvocationID", parts.facts.id).set("buildStartedOn", base::format_rfc3339(parts.facts.started));
  metadata.set("buildFinishedOn", base::format_rfc3339(parts.facts.finished));
  metadata.set("completeness", Json::object()
                                   .set("parameters", parts.request.complete)
                                   .set("environment", true)
                                   .set("materials", parts.complete()));
  metadata.set("reproducible", parts.wish.reproducible);
  metadata.set("https://mobyproject.org/buildkit@v1#metadata", parts.build_metadata);
  if (parts.hermetic()) metadata.set("https://mobyproject.org/buildkit@v1#hermetic", true);
  metadata.set_nonempty("slipway_network_steps", network_steps(parts));
  Json json = Json::object();
  json.set("builder", Json::object().set("id", parts.wish.builder_id)).set("buildType", kBuildTypeV02);
  json.set_nonempty("materials", std::move(materials)).set("invocation", std::move(invocation));
  if (!parts.config.is_null()) json.set("buildConfig", parts.config);
  return json.set("metadata", std::move(metadata));
}

}  // namespace

std::string without_credentials(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == url.npos) return std::string(url);
  const auto begin = scheme + 3;
  const auto end = std::min(url.find_first_of("/?#", begin), url.size());
  const auto at = url.substr(begin, end - begin).rfind('@');
  if (at == url.npos) return std::string(url);
  return std::string(url.substr(0, begin)) + std::string(url.substr(begin + at + 1));
}

std::string_view provenance_type(const ProvenanceWish& wish) {
  return wish.version == ProvenanceWish::Version::v1 ? kProvenanceV1 : kProvenanceV02;
}

std::vector<std::string> unnamed_materials(const BuildFacts& facts) {
  const Capture capture = Reader(facts).read(llb::parse(facts.definition));
  std::vector<std::string> lines;
  for (const auto& name : capture.locals) lines.push_back(base::format("local directory {}", name));
  for (const auto& step : capture.network_steps) {
    lines.push_back(base::format("{}: had a network that nobody watched (--proxy-network does)", step));
  }
  for (const auto& entry : capture.uncaptured) {
    const std::string request = entry.uri.empty() ? "" : base::format("{} {}: ", entry.method, entry.uri);
    lines.push_back(base::format("{}: {}{}", entry.step, request, entry.reason));
  }
  return lines;
}

base::Json provenance(const ProvenanceWish& wish, const BuildFacts& facts) {
  Parts parts{wish, facts, {}, {}, {}, Json::object()};
  parts.capture = Reader(facts).read(llb::parse(facts.definition));
  parts.request = request_of(facts, parts.capture, wish.mode);
  if (wish.mode == ProvenanceWish::Mode::max) {
    const Steps steps(facts.definition);
    parts.config = build_config(steps);
    if (!facts.definition.source.infos.empty()) {
      parts.build_metadata.set("source", source_json(facts.definition, steps));
    }
  }
  Json vcs = Json::object();
  for (const auto& [name, value] : facts.options) {
    if (name.starts_with("vcs:") && !value.empty()) vcs.set(name.substr(4), without_credentials(value));
  }
  parts.build_metadata.set_nonempty("vcs", std::move(vcs));
  if (facts.proxy_network && (parts.capture.network_access || !parts.capture.uncaptured.empty())) {
    parts.build_metadata.set("network", network_json(parts.capture));
  }
  return wish.version == ProvenanceWish::Version::v1 ? version_1(parts) : version_02(parts);
}

}  // namespace attest
