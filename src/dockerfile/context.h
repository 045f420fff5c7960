// SPDX-License-Identifier: Apache-2.0
#pragma once
// Contexts: where a build's files come from, and what is read from them before anything is built.
//
// The *main context* is a local directory, a git repository, a tarball or a single file behind a
// URL. *Named contexts* (`context:NAME` options) stand in for stages and images of that name. The
// Dockerfile comes from its own local directory, or from the remote main context.
//
// Threads: one. Failure: throws base::Error with BuildKit's texts.
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "dockerfile/context_config.h"
#include "dockerfile/gateway.h"
#include "dockerfile/image_config.h"
#include "llb/state.h"

namespace dockerfile {

inline constexpr std::string_view kScratch = "scratch";

/// Asks for image configs, every question once.
class MetaResolver {
 public:
  MetaResolver(Gateway& gateway, std::stop_token stop) : gateway_(gateway), stop_(std::move(stop)) {}

  struct Image {
    std::string reference;  ///< as a policy may have changed it
    std::string digest;
    std::string config;
  };
  Image resolve(const std::string& reference, const ResolveOptions& options);
  /// Asks several questions at once, so that resolve() has the answers (or the errors) at hand.
  void prefetch(const std::vector<std::pair<std::string, ResolveOptions>>& questions, std::size_t parallel);
  /// An image in a store of the client, named oci-layout://.
  Image resolve_layout(const std::string& reference, const ResolveOptions& options);
  SourceMeta resolve_source(const llb::SourceOp& source, const ResolveOptions& options);

 private:
  struct Answer {
    Image image;
    std::exception_ptr error;
  };

  Image ask(const std::string& scheme, const std::string& reference, const ResolveOptions& options);
  Image ask_gateway(const std::string& scheme, const std::string& reference, const ResolveOptions& options,
                    std::stop_token stop);

  Gateway& gateway_;
  std::stop_token stop_;
  std::map<std::string, Answer> known_;
};

/// The Dockerfile, as read.
struct DockerfileSource {
  std::shared_ptr<const llb::SourceMap> map;
  std::string head;  ///< digest of the vertex it was read from
  const std::string& text() const { return *map->data; }
};

struct ContextOptions {
  /// Paths that will be used, asked for when the graph is complete; none = all.
  std::function<std::vector<std::string>()> follow_paths;
  std::optional<llb::Platform> platform;
};

struct LoadedContext {
  llb::State state;
  std::optional<ImageConfig> image;
};

/// What a `context:` option names; nothing is asked for before load().
class NamedContext {
 public:
  LoadedContext load();

 private:
  friend class ContextClient;
  class ContextClient* client_ = nullptr;
  std::string input_;
  std::string name_;
  std::string full_name_;  ///< the option's name: perhaps with "::platform"
  ContextOptions options_;

  LoadedContext load_image(std::string_view rest);
  LoadedContext load_layout(std::string_view rest);
  LoadedContext load_local(const std::string& name);
  LoadedContext load_input(const std::string& name);
};

class ContextClient {
 public:
  ContextClient(Gateway& gateway, llb::Builder& builder, FrontendOpts& opts, std::stop_token stop);

  const FrontendConfig& config() const { return config_; }
  const FrontendOpts& opts() const { return opts_; }
  const BuildOpts& build_opts() const { return build_opts_; }
  llb::Builder& builder() { return builder_; }
  MetaResolver& resolver() { return resolver_; }

  /// Throws not_found when there is no such file.
  DockerfileSource read_dockerfile();
  /// The main context, reduced to `paths` (none = all of it).
  llb::State main_context(const std::vector<std::string>& paths);
  /// The main context where it is a repository or behind a URL.
  std::optional<llb::State> remote_context();
  /// Patterns of the ignore file; none for a remote context.
  std::vector<std::string> ignore_patterns();
  std::optional<NamedContext> named_context(const std::string& name, const ContextOptions& options);

  std::shared_ptr<Ref> solve(const llb::Definition& definition);

 private:
  friend class NamedContext;
  struct Main;

  Main& main();
  std::unique_ptr<Main> load_main();
  bool load_git(const std::string& address, Main& to);
  bool load_http(const std::string& address, Main& to);
  void load_inputs(Main& to);
  llb::State dockerfile_state(const Main& from);
  std::string option(std::string_view name) const;
  const std::string& session_of(const std::string& local) const;
  std::vector<std::string> local_ignore_patterns();

  Gateway& gateway_;
  llb::Builder& builder_;
  FrontendOpts& opts_;
  std::stop_token stop_;
  BuildOpts build_opts_;
  FrontendConfig config_;
  MetaResolver resolver_;
  std::shared_ptr<Main> main_;
  std::optional<std::string> ignore_text_;
  std::string ignore_name_;
};

/// The files of a main context that is a repository or behind a URL; nullptr for a local directory.
std::shared_ptr<Ref> open_remote_context(Gateway& gateway, FrontendOpts opts, std::stop_token stop);
/// "git…" addresses as a state; nothing when `address` is none. Throws for a wrong one.
std::optional<llb::State> git_context(llb::Builder& builder, const std::string& address, llb::GitOptions options);
/// Whether the bytes begin a tar, perhaps a compressed one.
bool looks_like_archive(std::string_view head);

}  // namespace dockerfile
