// SPDX-License-Identifier: Apache-2.0
#pragma once
// Building LLB: states, from which a definition is marshalled.
//
// A State is a filesystem as some op leaves it, together with what the next command there would
// run under (environment, directory, user …). States are small values; every change makes another
// one, and nothing is done until a state is marshalled:
//
//     llb::Builder builder;
//     llb::State base = builder.image("alpine", {});
//     llb::State built = base.with_dir("/src").run({.args = {"/bin/sh", "-c", "make"}}).root;
//     llb::State out = builder.scratch().file({llb::CopyStep{.source = built, .src = "/src/app", .dest = "/"}}, {});
//     llb::Definition definition = out.marshal({.platform = target, .caps = &caps});
//
// Ops, their order, bytes, capabilities and metadata are those of BuildKit's client library for the
// same calls.
//
// Ownership: a Builder owns everything its states stand on and must outlive them. Deferred outputs
// let a graph be built before one of its sources is fully known (which paths of the build context
// are used is known only at the end).
// Threads: one Builder, one thread. Failure: marshal() throws invalid_argument.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "llb/definition.h"
#include "llb/op.h"
#include "llb/platform.h"

namespace llb {

class Builder;
class Node;
class State;
struct EnvEntry;
struct StatePool;
struct StateValues;
const StateValues& values_of(const State& state);

/// A text that ops were made from.
struct SourceMap {
  std::string filename;
  std::string language;
  std::shared_ptr<const std::string> data;
  std::shared_ptr<const Definition> definition;  ///< where it was read from; may be null
};

struct SourceLocation {
  std::shared_ptr<const SourceMap> map;
  std::vector<base::SourceSpan> ranges;
};

/// What is said about an op besides what it does.
struct OpOptions {
  std::optional<Platform> platform;
  OpMetadata metadata;
  std::string local_unique_id;
  std::vector<SourceLocation> locations;

  /// Sets the name people see.
  OpOptions& name(std::string custom_name);
};

class Deferred;

/// One output of one op; empty = scratch.
struct Output {
  Node* node = nullptr;
  Deferred* deferred = nullptr;
  int slot = 0;  ///< which output, in the node's own counting
  std::optional<Platform> platform;

  bool empty() const { return node == nullptr && deferred == nullptr; }
  /// The output behind a deferred one.
  Output resolved() const;
};

/// A source that becomes known late: by set(), or by `make` when it is first needed.
class Deferred {
 public:
  explicit Deferred(std::function<Output()> make = {}) : make_(std::move(make)) {}
  void set(Output output) { output_ = std::move(output); }
  const Output& get();

 private:
  std::function<Output()> make_;
  std::optional<Output> output_;
};

// ---- what a run or a file op is made of --------------------------------------------------------

struct RunSecret {
  std::string id;
  std::optional<std::string> target;  ///< as a file
  std::optional<std::string> env;     ///< as a variable
  std::uint32_t uid = 0, gid = 0, mode = 0400;
  bool optional = false;
};

struct RunSsh {
  std::string id, target;
  std::uint32_t uid = 0, gid = 0, mode = 0600;
  bool optional = false;
};

struct FileOwner {
  /// "user[:group]", each a name or a number.
  static ChownOpt parse(std::string_view text);
};

struct MkdirStep {
  std::string path;
  std::uint32_t mode = 0755;
  bool make_parents = false;
  std::optional<ChownOpt> owner;
  std::optional<std::int64_t> created;  ///< nanoseconds
};

struct MkfileStep {
  std::string path;
  std::uint32_t mode = 0644;
  std::string data;
  std::optional<ChownOpt> owner;
  std::optional<std::int64_t> created;
};

struct RmStep {
  std::string path;
  bool allow_not_found = false, allow_wildcard = false;
};

struct SymlinkStep {
  std::string oldpath, newpath;
  std::optional<ChownOpt> owner;
  std::optional<std::int64_t> created;
};

struct CopyStep;
struct RunOptions;
struct ExecState;
using FileStep = std::variant<MkdirStep, MkfileStep, RmStep, SymlinkStep, CopyStep>;

struct MarshalOptions {
  std::optional<Platform> platform;             ///< for ops that do not say; the host's by default
  const std::set<std::string>* caps = nullptr;  ///< what the engine can; null = nothing is asked for
};

// ---- state -----------------------------------------------------------------------------------

class State {
 public:
  /// A state that belongs to no builder; only assignment makes sense of it.
  State() = default;

  const Output& output() const { return output_; }
  /// The same surroundings over another filesystem.
  State with_output(Output output) const;

  State with_env(std::string_view name, std::string_view value) const;
  std::optional<std::string> env(std::string_view name) const;
  /// In order of last assignment.
  std::vector<std::string> env_names() const;
  std::vector<std::string> env_entries() const;  ///< "NAME=value"

  /// A relative path is joined to the directory so far.
  State with_dir(std::string_view path) const;
  const std::string& dir() const;
  State with_user(std::string user) const;
  State with_hostname(std::string hostname) const;
  State with_platform(const Platform& platform) const;
  const std::optional<Platform>& platform() const;
  State with_network(NetMode mode) const;
  State with_security(SecurityMode mode) const;
  State with_extra_host(HostIp host) const;
  State with_ulimit(Ulimit limit) const;
  State with_cgroup_parent(std::string parent) const;
  /// Environment, directory and platform of an image config (JSON). Throws invalid_argument.
  State with_image_config(std::string_view config) const;

  ExecState run(RunOptions options) const;
  State file(std::vector<FileStep> steps, OpOptions options) const;

  Definition marshal(const MarshalOptions& options = {}) const;

 private:
  friend class Builder;
  friend const StateValues& values_of(const State& state);
  StateValues& change();
  /// The assignments without those that later ones replaced, once these are in the majority.
  const EnvEntry* shortened_env() const;

  Builder* builder_ = nullptr;
  Output output_;
  const EnvEntry* env_ = nullptr;
  const StateValues* values_ = nullptr;
};

struct CopyStep {
  State source;
  std::string src, dest;
  std::optional<std::int32_t> mode;
  std::string mode_str;
  bool follow_symlinks = false;
  bool dir_contents_only = false;
  bool attempt_unpack = false;
  bool create_dest_path = false;
  bool allow_wildcard = false;
  bool allow_empty_wildcard = false;
  bool always_replace_existing_dest_paths = false;
  std::vector<std::string> include_patterns, exclude_patterns, required_paths;
  std::optional<ChownOpt> owner;
  std::optional<std::int64_t> created;
};

struct RunMount {
  std::string target;
  State source;
  std::string selector;
  bool readonly = false;
  bool no_output = false;
  std::optional<std::int64_t> tmpfs_size;  ///< set = tmpfs; 0 = no limit
  std::string cache_id;                    ///< set = cache mount
  CacheSharing sharing = CacheSharing::shared;
  ContentCache content_cache = ContentCache::default_;
};

struct RunOptions {
  std::vector<std::string> args;
  OpOptions op;
  std::optional<ProxyEnv> proxy;
  bool readonly_root = false;
  std::vector<RunMount> mounts;
  std::vector<RunSecret> secrets;
  std::vector<RunSsh> ssh;
  std::vector<CdiDevice> devices;
  // for this command only, over the state's own:
  std::optional<NetMode> network;
  std::optional<SecurityMode> security;
  std::vector<HostIp> extra_hosts;
  std::vector<Ulimit> ulimits;
  std::optional<std::string> cgroup_parent;
  std::vector<std::int32_t> valid_exit_codes;
};

/// A command's results.
struct ExecState {
  State root;
  std::vector<State> mounts;  ///< as in RunOptions::mounts; using one without output fails at marshal
};

// ---- sources ---------------------------------------------------------------------------------

struct ImageOptions {
  OpOptions op;
  std::string resolve_mode;  ///< "" or "default": left out
  std::string record_type;
  std::optional<int> layer_limit;
  std::string checksum;
};

struct LocalOptions {
  OpOptions op;
  std::string session_id;
  std::vector<std::string> include_patterns, follow_paths, exclude_patterns;
  std::string shared_key_hint;
  std::string differ;  ///< "", "none" or "metadata"
  bool differ_required = false;
};

struct GitOptions {
  OpOptions op;
  std::string ref, subdir, checksum, mtime;
  bool keep_git_dir = false;
  bool skip_submodules = false;
  bool fetch_by_commit = false;
  std::string known_ssh_hosts;
  std::string mount_ssh_sock;
};

struct HttpOptions {
  OpOptions op;
  std::string checksum, filename;
  int perm = 0, uid = 0, gid = 0;
  std::string auth_header_secret;
};

struct OciLayoutOptions {
  OpOptions op;
  std::string session_id, store_id;
  std::optional<int> layer_limit;
};

/// Makes states and owns what they are made of.
class Builder {
 public:
  Builder();
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  State scratch();
  State image(std::string_view reference, ImageOptions options);
  State local(std::string_view name, LocalOptions options);
  State git(std::string_view remote, GitOptions options);
  State http(std::string_view url, HttpOptions options);
  State oci_layout(std::string_view reference, OciLayoutOptions options);
  State source(std::string identifier, std::map<std::string, std::string> attrs, OpOptions options);
  /// A definition that came from somewhere else, as a state; an empty one is scratch.
  State definition(const Definition& definition);
  State deferred(Deferred* output);
  Deferred* make_deferred(std::function<Output()> make = {});

  /// The states on top of each other, the first at the bottom; scratch ones are dropped.
  State merge(const std::vector<State>& states, OpOptions options);
  /// What `upper` changed over `lower`.
  State diff(const State& lower, const State& upper, OpOptions options);

 private:
  friend class State;
  template <typename T, typename... Args>
  T* make(Args&&... args);
  State state_of(Output output);

  std::vector<std::unique_ptr<Node>> nodes_;
  std::deque<Deferred> deferred_;
  std::unique_ptr<StatePool> pool_;
};

}  // namespace llb
