// SPDX-License-Identifier: Apache-2.0
#pragma once
// Gateway: everything a Dockerfile frontend asks of the world, in one interface.
//
// The frontend turns text into graphs and never touches files, networks or engines. What it needs
// to know on the way (the Dockerfile itself, the .dockerignore, an image's config, a commit's
// date) it asks for here:
//
//     class CliGateway final : public dockerfile::Gateway { … };
//     CliGateway gateway{engine, …};
//     dockerfile::BuildResult result = dockerfile::build(gateway, {{"target", "app"}}, stop);   // build.h
//
// Implemented by the CLI over the engine, by the conformance program as a fake, and by the daemon.
//
// Threads: build() calls from one thread at a time; look-ups also from several, see BuildOpts.
// Failure: methods throw base::Error; code not_found means "there is no such file".
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "llb/definition.h"
#include "llb/op.h"
#include "llb/platform.h"

namespace dockerfile {

struct FileStat {
  std::string path;
  std::uint32_t mode = 0;  ///< st_mode bits, type included
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  bool is_dir() const { return (mode & 0170000U) == 0040000U; }
};

struct FileRange {
  std::int64_t offset = 0, length = 0;
};

/// A solved result: a filesystem that can be looked into.
class Ref {
 public:
  virtual ~Ref() = default;
  /// The file's bytes; a range cuts them. Throws not_found.
  virtual std::string read_file(const std::string& path, std::optional<FileRange> range = std::nullopt) = 0;
  /// Entries of a directory whose names match the pattern ("" = all). Throws not_found.
  virtual std::vector<FileStat> read_dir(const std::string& path, const std::string& include) = 0;
  virtual FileStat stat(const std::string& path) = 0;
};

/// How to solve: nothing, or "let this frontend build with these options" (a forwarded build).
struct SolveOptions {
  std::string frontend;  ///< "" = solve the definition; else "gateway.v0"
  std::map<std::string, std::string> frontend_opts;
  std::map<std::string, llb::Definition> frontend_inputs;
};

enum class ResolveMode : std::uint8_t { default_, pull, local };
/// "default", "pull", "local": the value of image.resolvemode.
std::string_view resolve_mode_name(ResolveMode mode);

/// What is asked about a source; the op's identifier says which part applies.
struct ResolveOptions {
  std::string log_name;
  // images (docker-image://, oci-layout://)
  std::optional<llb::Platform> platform;
  ResolveMode resolve_mode = ResolveMode::default_;
  bool no_config = false;
  std::string oci_session, oci_store;  ///< oci-layout only
  // git
  bool return_git_object = false;
  std::vector<std::string> attestations;  ///< attestation predicate types wanted with an image
};

struct ImageMeta {
  std::string digest;  ///< manifest or index digest, "sha256:…"
  std::string config;  ///< raw config bytes; "" with no_config
};

struct GitMeta {
  std::string checksum;         ///< what the ref names (a tag object or a commit)
  std::string ref;              ///< full name, "refs/heads/main"
  std::string commit_checksum;  ///< when `checksum` is an annotated tag
  std::string commit_object;    ///< raw, when asked for
  std::string tag_object;       ///< raw, when asked for
};

struct HttpMeta {
  std::string digest;
  std::string filename;
  std::optional<std::int64_t> last_modified;  ///< seconds since 1970
};

struct SourceMeta {
  llb::SourceOp op;  ///< as resolved: a policy may have changed it
  std::optional<ImageMeta> image;
  std::optional<GitMeta> git;
  std::optional<HttpMeta> http;
};

/// A remark on the Dockerfile that does not stop the build.
struct Warning {
  std::string vertex;  ///< digest of the vertex it belongs to, or ""
  int level = 1;
  std::string message;
  std::vector<std::string> detail;
  std::string url;
  std::shared_ptr<const llb::SourceInfo> source;
  std::vector<base::SourceSpan> ranges;
};

struct Worker {
  std::string id;
  std::map<std::string, std::string> labels;
  std::vector<llb::Platform> platforms;  ///< the first one is the build platform
};

/// What the frontend may rely on.
struct BuildOpts {
  std::string session_id;
  std::string product;  ///< who runs the frontend, for error hints
  std::vector<Worker> workers;
  std::set<std::string> llb_caps;  ///< capabilities that exist and are enabled
  std::set<std::string> gateway_caps;
  /// How many resolve_source_metadata() calls may be under way at once, each on a thread of its own.
  std::size_t parallel_lookups = 1;
  /// `# syntax=` images that stand for this frontend itself, without tag and digest.
  std::set<std::string> own_frontends = {"docker/dockerfile", "docker/dockerfile-upstream"};
};

class Gateway {
 public:
  virtual ~Gateway() = default;
  virtual BuildOpts opts() = 0;
  /// Solves far enough to look into the result. With options.frontend set: hands the build on.
  virtual std::shared_ptr<Ref> solve(const llb::Definition& definition, const SolveOptions& options,
                                     std::stop_token stop) = 0;
  virtual SourceMeta resolve_source_metadata(const llb::SourceOp& source, const ResolveOptions& options,
                                             std::stop_token stop) = 0;
  virtual void warn(const Warning& warning) = 0;
  /// Definitions given instead of named contexts by an outer build; usually none.
  virtual std::map<std::string, llb::Definition> inputs() { return {}; }
};

}  // namespace dockerfile
