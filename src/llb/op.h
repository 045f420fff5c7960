// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ops: the vertices of a build graph (LLB), as plain values.
//
// An op says what to do (run a command, take a source, copy files …) and names its inputs by the
// digest of *their* marshalled bytes, so an op's own bytes identify everything it stands on:
//
//     llb::Op op;
//     op.inputs.push_back({.digest = parent_digest, .index = 0});
//     op.kind = llb::ExecOp{.meta = {.args = {"/bin/sh", "-c", "make"}, .cwd = "/"}, …};
//     std::string bytes = llb::marshal(op);                 // wire-true to BuildKit's pb.Op
//     base::Digest vertex = base::sha256(bytes);
//
// The bytes are the identity: keep what was received and never re-serialise it to get a digest.
// marshal() gives exactly the bytes that BuildKit's client gives for the same op.
//
// Words: *input* = edge to an output of another op; *index* = which output of it; a mount or file
// action refers to an input by its position in Op::inputs, -1 (kEmpty) being "nothing" (scratch).
// Threads: values. Failure: unmarshal() throws invalid_argument.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "llb/platform.h"

namespace llb {

struct Definition;

/// A mount's or action's input that has no content.
inline constexpr std::int64_t kEmpty = -1;
/// An output that nobody can depend on.
inline constexpr std::int64_t kSkipOutput = -1;
/// Where the root filesystem of an ExecOp is mounted.
inline constexpr std::string_view kRootMount = "/";

/// An edge: output `index` of the op whose bytes have `digest`.
struct Input {
  std::string digest;  ///< "sha256:…"
  std::int64_t index = 0;
  bool operator==(const Input&) const = default;
};

// ---- exec ------------------------------------------------------------------------------------

enum class NetMode : std::uint8_t { sandbox = 0, host = 1, none = 2 };
enum class SecurityMode : std::uint8_t { sandbox = 0, insecure = 1 };
enum class MountType : std::uint8_t { bind = 0, secret = 1, ssh = 2, cache = 3, tmpfs = 4 };
enum class CacheSharing : std::uint8_t { shared = 0, private_ = 1, locked = 2 };
enum class ContentCache : std::uint8_t { default_ = 0, on = 1, off = 2 };

struct ProxyEnv {
  std::string http_proxy, https_proxy, ftp_proxy, no_proxy, all_proxy;
  bool operator==(const ProxyEnv&) const = default;
};

struct HostIp {
  std::string host, ip;
  bool operator==(const HostIp&) const = default;
};

struct Ulimit {
  std::string name;
  std::int64_t soft = 0, hard = 0;
  bool operator==(const Ulimit&) const = default;
};

/// What to run, and as whom.
struct Meta {
  std::vector<std::string> args;
  std::vector<std::string> env;  ///< "NAME=value"
  std::string cwd;
  std::string user;  ///< "", "name", "uid", "name:group" …
  std::optional<ProxyEnv> proxy_env;
  std::vector<HostIp> extra_hosts;
  std::string hostname;
  std::vector<Ulimit> ulimits;
  std::string cgroup_parent;
  bool remove_mount_stubs_recursive = false;
  std::vector<std::int32_t> valid_exit_codes;  ///< empty = only 0
  bool operator==(const Meta&) const = default;
};

struct SecretEnv {
  std::string id, name;
  bool optional = false;
  bool operator==(const SecretEnv&) const = default;
};

struct CdiDevice {
  std::string name;
  bool optional = false;
  bool operator==(const CdiDevice&) const = default;
};

struct CacheOpt {
  std::string id;
  CacheSharing sharing = CacheSharing::shared;
  bool operator==(const CacheOpt&) const = default;
};

/// Owner and mode of a secret file or an agent socket.
struct SecretOpt {
  std::string id;
  std::uint32_t uid = 0, gid = 0, mode = 0;
  bool optional = false;
  bool operator==(const SecretOpt&) const = default;
};
using SshOpt = SecretOpt;

struct Mount {
  std::int64_t input = 0;  ///< position in Op::inputs, or kEmpty
  std::string selector;    ///< path inside the input
  std::string dest;
  std::int64_t output = 0;  ///< output index of the op, or kSkipOutput
  bool readonly = false;
  MountType type = MountType::bind;
  std::optional<std::int64_t> tmpfs_size;  ///< set for tmpfs mounts; 0 = no limit
  std::optional<CacheOpt> cache;
  std::optional<SecretOpt> secret;
  std::optional<SshOpt> ssh;
  std::string result_id;
  ContentCache content_cache = ContentCache::default_;
  bool operator==(const Mount&) const = default;
};

struct ExecOp {
  Meta meta;
  std::vector<Mount> mounts;
  NetMode network = NetMode::sandbox;
  SecurityMode security = SecurityMode::sandbox;
  std::vector<SecretEnv> secret_env;
  std::vector<CdiDevice> cdi_devices;
  bool operator==(const ExecOp&) const = default;
};

// ---- source ----------------------------------------------------------------------------------

/// "docker-image://…", "local://…", "git://…", "https://…", "oci-layout://…"; attrs as in attr.h.
struct SourceOp {
  std::string identifier;
  std::map<std::string, std::string> attrs;
  bool operator==(const SourceOp&) const = default;

  /// The part before "://".
  std::string_view scheme() const;
  /// The attribute, or "".
  std::string attr(std::string_view name) const;
};

// ---- file ------------------------------------------------------------------------------------

/// A user or group by number, or by name as looked up in the passwd/group files of `input`.
struct UserOpt {
  std::string name;  ///< "" = by id
  std::int64_t input = kEmpty;
  std::uint32_t id = 0;
  bool operator==(const UserOpt&) const = default;
};

struct ChownOpt {
  std::optional<UserOpt> user, group;
  bool operator==(const ChownOpt&) const = default;
};

struct FileCopy {
  std::string src, dest;
  std::optional<ChownOpt> owner;
  std::int32_t mode = -1;  ///< -1 = keep
  std::string mode_str;    ///< symbolic mode ("u+x"); wins over `mode`
  bool follow_symlink = false;
  bool dir_copy_contents = false;
  bool attempt_unpack = false;
  bool create_dest_path = false;
  bool allow_wildcard = false;
  bool allow_empty_wildcard = false;
  std::int64_t timestamp = -1;  ///< nanoseconds since 1970, -1 = keep
  std::vector<std::string> include_patterns, exclude_patterns, required_paths;
  bool always_replace_existing_dest_paths = false;
  bool operator==(const FileCopy&) const = default;
};

struct FileMkfile {
  std::string path;
  std::int32_t mode = 0;
  std::string data;
  std::optional<ChownOpt> owner;
  std::int64_t timestamp = -1;
  bool operator==(const FileMkfile&) const = default;
};

struct FileMkdir {
  std::string path;
  std::int32_t mode = 0;
  bool make_parents = false;
  std::optional<ChownOpt> owner;
  std::int64_t timestamp = -1;
  bool operator==(const FileMkdir&) const = default;
};

struct FileRm {
  std::string path;
  bool allow_not_found = false;
  bool allow_wildcard = false;
  bool operator==(const FileRm&) const = default;
};

struct FileSymlink {
  std::string oldpath, newpath;
  std::optional<ChownOpt> owner;
  std::int64_t timestamp = -1;
  bool operator==(const FileSymlink&) const = default;
};

using FileActionKind = std::variant<std::monostate, FileCopy, FileMkfile, FileMkdir, FileRm, FileSymlink>;

/// One step of a FileOp. `input` and `secondary_input` count the op's inputs first and the results
/// of earlier actions after them; kEmpty = an empty directory.
struct FileAction {
  std::int64_t input = 0;
  std::int64_t secondary_input = 0;
  std::int64_t output = 0;  ///< output index of the op, or kSkipOutput
  FileActionKind kind;
  bool operator==(const FileAction&) const = default;
};

struct FileOp {
  std::vector<FileAction> actions;
  bool operator==(const FileOp&) const = default;
};

// ---- the rest --------------------------------------------------------------------------------

/// A nested build. `builder` is an input index, or kEmpty for "the input is LLB".
struct BuildOp {
  std::int64_t builder = 0;
  std::map<std::string, std::int64_t> inputs;
  std::shared_ptr<const Definition> definition;
  std::map<std::string, std::string> attrs;
  bool operator==(const BuildOp&) const = default;
};

struct MergeOp {
  std::vector<std::int64_t> inputs;
  bool operator==(const MergeOp&) const = default;
};

struct DiffOp {
  std::int64_t lower = kEmpty, upper = kEmpty;
  bool operator==(const DiffOp&) const = default;
};

/// Passes inputs through to outputs once all inputs are done.
struct PassthroughOp {
  std::string id;
  std::vector<std::int64_t> outputs;
  bool operator==(const PassthroughOp&) const = default;
};

/// std::monostate is the terminal op of a definition: one input, nothing to do.
using OpKind = std::variant<std::monostate, ExecOp, SourceOp, FileOp, BuildOp, MergeOp, DiffOp, PassthroughOp>;

struct Op {
  std::vector<Input> inputs;
  OpKind kind;
  std::optional<Platform> platform;
  /// Filters a worker must satisfy; absent in terminal ops only.
  std::optional<std::vector<std::string>> worker_constraints;
  bool operator==(const Op&) const = default;
};

/// The op's wire bytes, as BuildKit marshals them: deterministic, map keys sorted.
/// Throws invalid_argument when a text is not UTF-8 (protobuf strings must be).
std::string marshal(const Op& op);

/// Reads wire bytes. Throws invalid_argument; unknown fields are ignored.
Op unmarshal(std::string_view bytes);

/// "exec", "source", "file", "build", "merge", "diff", "passthrough", or "" for a terminal op.
std::string_view kind_name(const Op& op);

}  // namespace llb
