// SPDX-License-Identifier: Apache-2.0
// The sources and combinations of state.h's Builder.
#include <unordered_map>

#include "base/json.h"
#include "base/path.h"
#include "llb/attr.h"
#include "llb/caps.h"
#include "llb/git_url.h"
#include "llb/image_reference.h"
#include "llb/node.h"
#include "llb/state.h"

namespace llb {

namespace {

/// Attributes and capabilities of a source, collected side by side.
class SourceParts {
 public:
  explicit SourceParts(OpOptions& options) : options_(options) {}
  void set(std::string_view name, std::string value) { attrs_[std::string(name)] = std::move(value); }
  void need(std::string_view cap) { options_.metadata.caps.emplace(cap, true); }
  void set(std::string_view name, std::string value, std::string_view cap) {
    set(name, std::move(value));
    need(cap);
  }
  std::map<std::string, std::string> take() { return std::move(attrs_); }

 private:
  OpOptions& options_;
  std::map<std::string, std::string> attrs_;
};

std::string json_list(const std::vector<std::string>& values) { return base::Json::strings(values).dump(); }

std::string octal(int value) {
  std::string digits;
  for (; value > 0; value /= 8) digits.insert(digits.begin(), static_cast<char>('0' + value % 8));
  return "0" + digits;
}

}  // namespace

Builder::Builder() : pool_(std::make_unique<StatePool>()) {}
Builder::~Builder() = default;

State Builder::state_of(Output output) {
  State state;
  state.builder_ = this;
  state.output_ = std::move(output);
  state = state.with_dir("/");
  if (state.output_.platform) return state.with_platform(*state.output_.platform);
  return state;
}

State Builder::scratch() { return state_of({}); }

State Builder::deferred(Deferred* output) { return state_of({.deferred = output}); }

Deferred* Builder::make_deferred(std::function<Output()> make) { return &deferred_.emplace_back(std::move(make)); }

State Builder::source(std::string identifier, std::map<std::string, std::string> attrs, OpOptions options) {
  const auto platform = options.platform;
  auto* node = make<SourceNode>(std::move(identifier), std::move(attrs), std::move(options));
  return state_of({.node = node, .platform = platform});
}

State Builder::image(std::string_view reference, ImageOptions options) {
  std::string text(reference);
  std::string problem;
  try {
    text = ImageReference::parse(reference).with_default_tag().text();
  } catch (const base::Error& error) {
    problem = error.text();
  }
  SourceParts parts(options.op);
  parts.need(cap::kSourceImage);
  if (!options.resolve_mode.empty() && options.resolve_mode != "default") {
    parts.set(attr::kImageResolveMode, options.resolve_mode);
    if (options.resolve_mode == "pull") parts.need(cap::kSourceImageResolveMode);
  }
  if (!options.record_type.empty()) parts.set(attr::kImageRecordType, options.record_type);
  if (options.layer_limit) {
    parts.set(attr::kImageLayerLimit, std::to_string(*options.layer_limit), cap::kSourceImageLayerLimit);
  }
  if (!options.checksum.empty()) parts.set(attr::kImageChecksum, options.checksum, cap::kSourceImageChecksum);
  const auto platform = options.op.platform;
  auto* node = make<SourceNode>("docker-image://" + text, parts.take(), std::move(options.op));
  node->set_error(std::move(problem));
  return state_of({.node = node, .platform = platform});
}

State Builder::local(std::string_view name, LocalOptions options) {
  SourceParts parts(options.op);
  if (!options.session_id.empty()) parts.set(attr::kLocalSession, options.session_id, cap::kSourceLocalSessionId);
  if (!options.include_patterns.empty()) {
    parts.set(attr::kLocalInclude, json_list(options.include_patterns), cap::kSourceLocalIncludePatterns);
  }
  if (!options.follow_paths.empty()) {
    parts.set(attr::kLocalFollow, json_list(options.follow_paths), cap::kSourceLocalFollowPaths);
  }
  if (!options.exclude_patterns.empty()) {
    parts.set(attr::kLocalExclude, json_list(options.exclude_patterns), cap::kSourceLocalExcludePatterns);
  }
  if (!options.shared_key_hint.empty()) {
    parts.set(attr::kLocalSharedKeyHint, options.shared_key_hint, cap::kSourceLocalSharedKeyHint);
  }
  if (!options.differ.empty()) {
    parts.set(attr::kLocalDiffer, options.differ);
    if (options.differ_required) parts.need(cap::kSourceLocalDiffer);
  }
  parts.need(cap::kSourceLocal);
  return source("local://" + std::string(name), parts.take(), std::move(options.op));
}

State Builder::git(std::string_view remote, GitOptions options) {
  std::string address(remote);
  auto url = parse_git_url(address);
  if (!url && address.find("://") == std::string::npos) {
    address = "https://" + address;
    url = parse_git_url(address);
  }
  // One identifier for all transports, so that they share what was fetched.
  std::string id = address;
  if (url) {
    address = url->remote;
    id = url->host + base::join_path("/", url->path);
    if (!options.ref.empty() || !options.subdir.empty()) id += "#" + options.ref;
    if (!options.subdir.empty()) id += ":" + options.subdir;
  }
  SourceParts parts(options.op);
  if (options.keep_git_dir) parts.set(attr::kGitKeepDir, "true", cap::kSourceGitKeepDir);
  if (!address.empty()) parts.set(attr::kGitFullUrl, address, cap::kSourceGitFullUrl);
  parts.set(attr::kGitAuthTokenSecret, "GIT_AUTH_TOKEN");
  parts.set(attr::kGitAuthHeaderSecret, "GIT_AUTH_HEADER");
  if (url && url->scheme == "ssh") {
    // Host keys are the engine's business: a frontend does not talk to the network.
    if (!options.known_ssh_hosts.empty()) parts.set(attr::kGitKnownSshHosts, options.known_ssh_hosts);
    parts.need(cap::kSourceGitKnownSshHosts);
    parts.set(attr::kGitMountSshSock, options.mount_ssh_sock.empty() ? "default" : options.mount_ssh_sock,
              cap::kSourceGitMountSshSock);
  }
  if (!options.checksum.empty()) parts.set(attr::kGitChecksum, options.checksum, cap::kSourceGitChecksum);
  if (options.skip_submodules) parts.set(attr::kGitSkipSubmodules, "true", cap::kSourceGitSkipSubmodules);
  if (!options.mtime.empty()) parts.set(attr::kGitMtime, options.mtime, cap::kSourceGitMtime);
  if (options.fetch_by_commit) parts.set(attr::kGitFetchByCommit, "true", cap::kSourceGitFetchByCommit);
  parts.need(cap::kSourceGit);
  return source("git://" + id, parts.take(), std::move(options.op));
}

State Builder::http(std::string_view url, HttpOptions options) {
  SourceParts parts(options.op);
  if (!options.checksum.empty()) parts.set(attr::kHttpChecksum, options.checksum, cap::kSourceHttpChecksum);
  if (!options.filename.empty()) parts.set(attr::kHttpFilename, options.filename);
  if (options.perm != 0) parts.set(attr::kHttpPerm, octal(options.perm), cap::kSourceHttpPerm);
  if (options.uid != 0) parts.set(attr::kHttpUid, std::to_string(options.uid), cap::kSourceHttpUidGid);
  if (options.gid != 0) parts.set(attr::kHttpGid, std::to_string(options.gid), cap::kSourceHttpUidGid);
  if (!options.auth_header_secret.empty()) {
    parts.set(attr::kHttpAuthHeaderSecret, options.auth_header_secret, cap::kSourceHttpAuth);
  }
  parts.need(cap::kSourceHttp);
  return source(std::string(url), parts.take(), std::move(options.op));
}

State Builder::oci_layout(std::string_view reference, OciLayoutOptions options) {
  SourceParts parts(options.op);
  if (!options.session_id.empty()) parts.set(attr::kOciSession, options.session_id);
  if (!options.store_id.empty()) parts.set(attr::kOciStore, options.store_id);
  if (options.layer_limit) parts.set(attr::kOciLayerLimit, std::to_string(*options.layer_limit));
  parts.need(cap::kSourceOciLayout);
  return source("oci-layout://" + std::string(reference), parts.take(), std::move(options.op));
}

State Builder::definition(const Definition& definition) {
  const auto graph = parse(definition);
  if (!graph.head) return scratch();
  std::vector<std::shared_ptr<const SourceMap>> maps;
  for (const auto& info : definition.source.infos) {
    maps.push_back(std::make_shared<SourceMap>(SourceMap{info.filename, info.language, info.data, info.definition}));
  }
  std::unordered_map<std::string, const std::string*> bytes;
  for (const auto& op : definition.ops) bytes.emplace(base::sha256(op).str(), &op);
  std::vector<Node*> made;
  for (const auto& vertex : graph.vertices) {
    Marshalled ready{vertex.digest.str(), *bytes.at(vertex.digest.str()), vertex.metadata, {}};
    if (const auto found = definition.source.locations.find(ready.digest); found != definition.source.locations.end()) {
      for (const auto& location : found->second) {
        ready.locations.push_back({maps[static_cast<std::size_t>(location.source_index)], location.ranges});
      }
    }
    std::vector<Output> inputs;
    for (std::size_t i = 0; i < vertex.inputs.size(); ++i) {
      inputs.push_back({.node = made[vertex.inputs[i]], .slot = static_cast<int>(vertex.op.inputs[i].index)});
    }
    made.push_back(make<ReadyNode>(std::move(ready), std::move(inputs)));
  }
  const auto& head = graph.vertices[graph.head->vertex];
  return state_of(
      {.node = made[graph.head->vertex], .slot = static_cast<int>(graph.head->output), .platform = head.op.platform});
}

State Builder::merge(const std::vector<State>& states, OpOptions options) {
  std::vector<State> present;
  for (const auto& state : states) {
    if (!state.output().empty()) present.push_back(state);
  }
  if (present.empty()) return scratch();
  if (present.size() == 1) return present.front();
  std::vector<Output> inputs;
  for (const auto& state : present) inputs.push_back(state.output());
  options.metadata.caps.emplace(cap::kMergeOp, true);
  return present.front().with_output({.node = make<MergeNode>(std::move(inputs), std::move(options))});
}

State Builder::diff(const State& lower, const State& upper, OpOptions options) {
  if (lower.output().empty()) return upper.output().empty() ? scratch() : upper;
  options.metadata.caps.emplace(cap::kDiffOp, true);
  return lower.with_output({.node = make<DiffNode>(lower.output(), upper.output(), std::move(options))});
}

}  // namespace llb
