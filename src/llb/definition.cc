// SPDX-License-Identifier: Apache-2.0
#include "llb/definition.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/strings.h"
#include "llb/op_proto.h"

#include "ops.pb.h"

namespace llb {

namespace {

constexpr std::size_t kMaxOps = 100'000;

void put_metadata(const OpMetadata& metadata, pb::OpMetadata& out) {
  out.set_ignore_cache(metadata.ignore_cache);
  for (const auto& [key, value] : metadata.description) (*out.mutable_description())[utf8(key)] = utf8(value);
  if (metadata.export_cache) out.mutable_export_cache()->set_value(*metadata.export_cache);
  for (const auto& [cap, on] : metadata.caps) (*out.mutable_caps())[utf8(cap)] = on;
  if (metadata.progress_group) {
    out.mutable_progress_group()->set_id(utf8(metadata.progress_group->id));
    out.mutable_progress_group()->set_name(utf8(metadata.progress_group->name));
    out.mutable_progress_group()->set_weak(metadata.progress_group->weak);
  }
  if (metadata.linux_resources) {
    const auto& from = *metadata.linux_resources;
    auto& to = *out.mutable_linux_resources();
    to.set_memory(from.memory);
    to.set_memoryswap(from.memory_swap);
    to.set_cpushares(from.cpu_shares);
    to.set_cpuperiod(from.cpu_period);
    to.set_cpuquota(from.cpu_quota);
    to.set_cpusetcpus(utf8(from.cpuset_cpus));
    to.set_cpusetmems(utf8(from.cpuset_mems));
  }
}

OpMetadata get_metadata(const pb::OpMetadata& in) {
  OpMetadata metadata;
  metadata.ignore_cache = in.ignore_cache();
  metadata.description.insert(in.description().begin(), in.description().end());
  if (in.has_export_cache()) metadata.export_cache = in.export_cache().value();
  metadata.caps.insert(in.caps().begin(), in.caps().end());
  if (in.has_progress_group()) {
    metadata.progress_group =
        ProgressGroup{in.progress_group().id(), in.progress_group().name(), in.progress_group().weak()};
  }
  if (in.has_linux_resources()) {
    const auto& from = in.linux_resources();
    metadata.linux_resources = LinuxResources{from.memory(),   from.memoryswap(), from.cpushares(), from.cpuperiod(),
                                              from.cpuquota(), from.cpusetcpus(), from.cpusetmems()};
  }
  return metadata;
}

void put_location(const Location& location, pb::Location& out) {
  out.set_sourceindex(location.source_index);
  for (const auto& range : location.ranges) {
    auto* to = out.add_ranges();
    to->mutable_start()->set_line(range.start.line);
    to->mutable_start()->set_character(range.start.character);
    to->mutable_end()->set_line(range.end.line);
    to->mutable_end()->set_character(range.end.character);
  }
}

Location get_location(const pb::Location& in) {
  Location location;
  location.source_index = in.sourceindex();
  for (const auto& range : in.ranges()) {
    location.ranges.push_back(
        {{range.start().line(), range.start().character()}, {range.end().line(), range.end().character()}});
  }
  return location;
}

// ---- validation ------------------------------------------------------------------------------

[[noreturn]] void invalid(const std::string& digest, std::string_view why) {
  base::fail(base::Code::invalid_argument, "invalid build graph: op {}: {}", digest, why);
}

/// How many outputs an op has as far as its description tells; 0 = unknown.
std::int64_t output_count(const Op& op) {
  std::int64_t count = 1;
  if (const auto* exec = std::get_if<ExecOp>(&op.kind)) {
    for (const auto& mount : exec->mounts) count = std::max(count, mount.output + 1);
  } else if (const auto* file = std::get_if<FileOp>(&op.kind)) {
    for (const auto& action : file->actions) count = std::max(count, action.output + 1);
  } else if (const auto* pass = std::get_if<PassthroughOp>(&op.kind)) {
    count = static_cast<std::int64_t>(pass->outputs.size());
  } else if (std::holds_alternative<BuildOp>(op.kind)) {
    count = 0;
  }
  return count;
}

/// Refuses references of a mount or action to inputs that the op does not have.
void check_indexes(const std::string& digest, const Op& op) {
  const auto inputs = static_cast<std::int64_t>(op.inputs.size());
  const auto check = [&](std::int64_t index, std::int64_t limit) {
    if (index < kEmpty || index >= limit) invalid(digest, base::format("input index {} out of range", index));
  };
  for (const auto& input : op.inputs) {
    if (input.index < 0) invalid(digest, base::format("negative output index {} of its input", input.index));
  }
  if (const auto* exec = std::get_if<ExecOp>(&op.kind)) {
    if (exec->meta.args.empty()) invalid(digest, "no arguments to run");
    for (const auto& mount : exec->mounts) check(mount.input, inputs);
  } else if (const auto* file = std::get_if<FileOp>(&op.kind)) {
    if (file->actions.empty()) invalid(digest, "no file actions");
    std::int64_t done = 0;
    for (const auto& action : file->actions) {
      if (std::holds_alternative<std::monostate>(action.kind)) invalid(digest, "unknown file action");
      check(action.input, inputs + done);
      check(action.secondary_input, inputs + done);
      ++done;
    }
  } else if (const auto* merge = std::get_if<MergeOp>(&op.kind)) {
    for (const auto input : merge->inputs) check(input, inputs);
  } else if (const auto* diff = std::get_if<DiffOp>(&op.kind)) {
    check(diff->lower, inputs);
    check(diff->upper, inputs);
  } else if (const auto* pass = std::get_if<PassthroughOp>(&op.kind)) {
    for (const auto output : pass->outputs) {
      if (output < 0) invalid(digest, "passthrough of nothing");
      check(output, inputs);
    }
  } else if (const auto* build = std::get_if<BuildOp>(&op.kind)) {
    check(build->builder, inputs);
    for (const auto& [name, input] : build->inputs) check(input, inputs);
  } else if (const auto* source = std::get_if<SourceOp>(&op.kind)) {
    if (source->scheme().empty()) invalid(digest, base::format("source without scheme: {}", source->identifier));
  }
}

/// Puts the ops the head needs into a Graph, inputs first, without recursion (depth is the user's).
class GraphBuilder {
 public:
  explicit GraphBuilder(const Definition& definition) : definition_(definition) {
    if (definition.ops.size() > kMaxOps) {
      base::fail(base::Code::resource_exhausted, "invalid build graph: {} ops, at most {} are allowed",
                 definition.ops.size(), kMaxOps);
    }
    nodes_.reserve(definition.ops.size());
    for (std::size_t i = 0; i + 1 < definition.ops.size(); ++i) {
      const auto digest = base::sha256(definition.ops[i]);
      if (!by_digest_.emplace(digest.str(), nodes_.size()).second) continue;
      nodes_.push_back({digest, unmarshal(definition.ops[i])});
    }
    terminal_ = unmarshal(definition.ops.back());
  }

  Graph build() {
    if (!std::holds_alternative<std::monostate>(terminal_.kind) || terminal_.inputs.size() != 1) {
      base::fail(base::Code::invalid_argument, "invalid build graph: the last op must name one result");
    }
    const auto& head = terminal_.inputs.front();
    visit(find(head, "terminal"));
    const auto vertex = nodes_[find(head, "terminal")].vertex;
    check_output(head, graph_.vertices[vertex].op, "terminal");
    graph_.head = Head{vertex, head.index};
    return std::move(graph_);
  }

 private:
  enum class State : std::uint8_t { fresh, open, done };
  struct Node {
    base::Digest digest;
    Op op;
    State state = State::fresh;
    std::size_t vertex = 0;
  };

  std::size_t find(const Input& input, const std::string& user) const {
    const auto found = by_digest_.find(input.digest);
    if (found == by_digest_.end()) invalid(user, base::format("its input {} is not in the graph", input.digest));
    return found->second;
  }

  static void check_output(const Input& input, const Op& op, const std::string& user) {
    const auto count = output_count(op);
    if (input.index < 0 || (count > 0 && input.index >= count)) {
      invalid(user, base::format("input {} has no output {}", input.digest, input.index));
    }
  }

  void visit(std::size_t root) {
    std::vector<std::pair<std::size_t, std::size_t>> stack{{root, 0}};  // node, next input to look at
    nodes_[root].state = State::open;
    while (!stack.empty()) {
      auto& [index, next] = stack.back();
      auto& node = nodes_[index];
      if (next == node.op.inputs.size()) {
        finish(node);
        stack.pop_back();
        continue;
      }
      const auto child = find(node.op.inputs[next++], node.digest.str());
      if (nodes_[child].state == State::open) invalid(node.digest.str(), "it depends on itself");
      if (nodes_[child].state == State::done) continue;
      nodes_[child].state = State::open;
      stack.emplace_back(child, 0);
    }
  }

  void finish(Node& node) {
    const auto digest = node.digest.str();
    if (std::holds_alternative<std::monostate>(node.op.kind)) invalid(digest, "unknown kind of op");
    check_indexes(digest, node.op);
    Vertex vertex;
    vertex.digest = node.digest;
    for (const auto& input : node.op.inputs) {
      const auto& from = nodes_[find(input, digest)];
      check_output(input, graph_.vertices[from.vertex].op, digest);
      vertex.inputs.push_back(from.vertex);
    }
    if (const auto found = definition_.metadata.find(digest); found != definition_.metadata.end()) {
      vertex.metadata = found->second;
    }
    add_sources(digest, vertex);
    vertex.op = std::move(node.op);
    node.op = {};
    node.state = State::done;
    node.vertex = graph_.vertices.size();
    graph_.vertices.push_back(std::move(vertex));
  }

  void add_sources(const std::string& digest, Vertex& vertex) const {
    const auto found = definition_.source.locations.find(digest);
    if (found == definition_.source.locations.end()) return;
    for (const auto& location : found->second) {
      const auto index = static_cast<std::size_t>(location.source_index);
      if (location.source_index < 0 || index >= definition_.source.infos.size()) {
        invalid(digest, base::format("source file {} is not in the graph", location.source_index));
      }
      const auto& info = definition_.source.infos[index];
      vertex.sources.push_back({info.filename, info.data, location.ranges});
    }
  }

  const Definition& definition_;
  std::vector<Node> nodes_;
  std::unordered_map<std::string, std::size_t> by_digest_;
  Op terminal_;
  Graph graph_;
};

}  // namespace

std::string OpMetadata::custom_name() const {
  const auto found = description.find("llb.customname");
  return found == description.end() ? "" : found->second;
}

std::string Definition::head() const {
  if (ops.empty()) return "";
  const auto op = unmarshal(ops.back());
  return op.inputs.empty() ? "" : op.inputs.front().digest;
}

Graph parse(const Definition& definition) {
  if (definition.empty()) return {};
  return GraphBuilder(definition).build();
}

void to_proto(const Definition& definition, pb::Definition& out) {
  for (const auto& op : definition.ops) out.add_def(op);
  for (const auto& [digest, metadata] : definition.metadata) {
    put_metadata(metadata, (*out.mutable_metadata())[utf8(digest)]);
  }
  if (definition.source.infos.empty() && definition.source.locations.empty()) return;
  auto& source = *out.mutable_source();
  for (const auto& [digest, locations] : definition.source.locations) {
    auto& to = (*source.mutable_locations())[utf8(digest)];
    for (const auto& location : locations) put_location(location, *to.add_locations());
  }
  for (const auto& info : definition.source.infos) {
    auto& to = *source.add_infos();
    to.set_filename(utf8(info.filename));
    to.set_data(*info.data);
    if (info.definition) to_proto(*info.definition, *to.mutable_definition());
    to.set_language(utf8(info.language));
  }
}

Definition from_proto(const pb::Definition& in) {
  Definition definition;
  definition.ops.assign(in.def().begin(), in.def().end());
  for (const auto& [digest, metadata] : in.metadata()) definition.metadata.emplace(digest, get_metadata(metadata));
  for (const auto& [digest, locations] : in.source().locations()) {
    auto& to = definition.source.locations[digest];
    for (const auto& location : locations.locations()) to.push_back(get_location(location));
  }
  for (const auto& info : in.source().infos()) {
    SourceInfo to{info.filename(), std::make_shared<const std::string>(info.data()), nullptr, info.language()};
    if (info.has_definition()) to.definition = std::make_shared<const Definition>(from_proto(info.definition()));
    definition.source.infos.push_back(std::move(to));
  }
  return definition;
}

std::string to_bytes(const Definition& definition) {
  pb::Definition proto;
  to_proto(definition, proto);
  return serialize(proto);
}

Definition definition_from_bytes(std::string_view bytes) {
  pb::Definition proto;
  parse_bytes(bytes, "LLB definition", proto);
  return from_proto(proto);
}

}  // namespace llb
