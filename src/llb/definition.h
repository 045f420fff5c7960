// SPDX-License-Identifier: Apache-2.0
#pragma once
// Definition: a whole build graph, as it travels between frontend, engine and (later) the wire.
//
// `ops` holds the raw bytes of every op, inputs before users; the last one is the *terminal* op,
// which does nothing and whose single input names the result (the *head*). Metadata and source
// locations hang on op digests and are not part of any op's identity.
//
//     llb::Graph graph = llb::parse(definition);        // validates: inputs exist, no cycle, …
//     for (const llb::Vertex& v : graph.vertices) …     // topological, inputs before users
//     graph.head                                        // {vertex index, output index}, or nothing = scratch
//
// An empty definition (no ops) stands for an empty filesystem.
// Threads: values. Failure: parse() and definition_from_bytes() throw invalid_argument.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "llb/op.h"

namespace llb {

/// Vertices with the same group id are shown as one. A weak group yields to other groupings.
struct ProgressGroup {
  std::string id, name;
  bool weak = false;
  bool operator==(const ProgressGroup&) const = default;
};

/// cgroup limits of a step; 0 or "" = none.
struct LinuxResources {
  std::int64_t memory = 0, memory_swap = 0;
  std::uint64_t cpu_shares = 0, cpu_period = 0;
  std::int64_t cpu_quota = 0;
  std::string cpuset_cpus, cpuset_mems;
  bool operator==(const LinuxResources&) const = default;
};

/// Description of a RUN: ids of the secrets whose values are part of its key, one a line. Never part of the op itself,
/// which thus stays the one that BuildKit makes.
inline constexpr const char* kKeyedSecrets = "slipway.keyed-secrets";

/// What is said about a vertex without being part of it.
struct OpMetadata {
  bool ignore_cache = false;
  std::map<std::string, std::string> description;  ///< "llb.customname" is the name to show
  std::optional<bool> export_cache;
  std::map<std::string, bool> caps;
  std::optional<ProgressGroup> progress_group;
  std::optional<LinuxResources> linux_resources;
  bool operator==(const OpMetadata&) const = default;

  /// description["llb.customname"], or "".
  std::string custom_name() const;
};

/// A source file that ops point into. Shared: one Dockerfile serves all of a build's ops.
struct SourceInfo {
  std::string filename;
  std::shared_ptr<const std::string> data;       ///< never null
  std::shared_ptr<const Definition> definition;  ///< what the file was read from; may be null
  std::string language;
};

struct Location {
  std::int32_t source_index = 0;
  std::vector<base::SourceSpan> ranges;
  bool operator==(const Location&) const = default;
};

struct Source {
  std::map<std::string, std::vector<Location>> locations;  ///< by op digest
  std::vector<SourceInfo> infos;
};

struct Definition {
  std::vector<std::string> ops;                ///< raw bytes; the last is the terminal op
  std::map<std::string, OpMetadata> metadata;  ///< by op digest
  Source source;

  bool empty() const { return ops.empty(); }
  /// Digest of the op the terminal op points to; "" for an empty definition.
  std::string head() const;
};

/// One op of a parsed definition.
struct Vertex {
  base::Digest digest;
  Op op;
  std::vector<std::size_t> inputs;  ///< vertex index of each of op.inputs
  OpMetadata metadata;
  std::vector<base::SourceRange> sources;

  /// The custom name, or one made from the op ("RUN"-less: "sh -c make", "docker-image://…").
  std::string name() const;
};

struct Head {
  std::size_t vertex = 0;
  std::int64_t output = 0;
};

/// A validated definition. Vertices are in topological order, the terminal op is left out.
struct Graph {
  std::vector<Vertex> vertices;
  std::optional<Head> head;  ///< nothing = empty filesystem
};

/// Decodes and validates. Throws invalid_argument naming the op: an input that is not in the
/// definition or comes as a cycle, an index out of range, an op without kind, no terminal op,
/// more than 100,000 ops. Ops that the head does not need are dropped.
Graph parse(const Definition& definition);

/// pb.Definition bytes (deterministic), and back.
std::string to_bytes(const Definition& definition);
Definition definition_from_bytes(std::string_view bytes);

/// For people: one paragraph per vertex with number, name, op and inputs.
std::string dump_text(const Definition& definition);
/// For `dot -Tsvg`.
std::string dump_dot(const Definition& definition);

}  // namespace llb
