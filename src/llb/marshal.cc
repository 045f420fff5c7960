// SPDX-License-Identifier: Apache-2.0
// From a state to a definition: every node once, inputs first.
#include <atomic>
#include <unordered_set>

#include "base/random.h"
#include "llb/caps.h"
#include "llb/node.h"
#include "llb/state.h"

namespace llb {

namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

void merge_into(OpMetadata& to, const OpMetadata& from) {
  to.ignore_cache = to.ignore_cache || from.ignore_cache;
  for (const auto& [key, value] : from.description) to.description[key] = value;
  if (from.export_cache) to.export_cache = from.export_cache;
  for (const auto& [cap, on] : from.caps) to.caps[cap] = true;
  if (from.progress_group) to.progress_group = from.progress_group;
  if (from.linux_resources) to.linux_resources = from.linux_resources;
}

bool same_text(const SourceMap& a, const SourceMap& b) {
  if (a.filename != b.filename || a.language != b.language || *a.data != *b.data) return false;
  if (!a.definition || !b.definition || a.definition->empty() || b.definition->empty()) return true;
  return a.definition->ops.back() == b.definition->ops.back();
}

/// Numbers source files and collects what points into them.
class SourceCollector {
 public:
  explicit SourceCollector(Source& out) : out_(out) {}

  void add(const std::string& digest, const std::vector<SourceLocation>& locations) {
    auto& to = out_.locations[digest];
    for (const auto& location : locations) to.push_back({index_of(location.map), location.ranges});
  }

 private:
  std::int32_t index_of(const std::shared_ptr<const SourceMap>& map) {
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      if (maps_[i] == map || same_text(*maps_[i], *map)) return static_cast<std::int32_t>(i);
    }
    maps_.push_back(map);
    out_.infos.push_back({map->filename, map->data, map->definition, map->language});
    return static_cast<std::int32_t>(maps_.size() - 1);
  }

  Source& out_;
  std::vector<std::shared_ptr<const SourceMap>> maps_;
};

/// Without recursion: a Dockerfile may have any number of lines.
class Collector {
 public:
  Collector(const MarshalContext& context, Definition& out) : context_(context), out_(out), sources_(out.source) {}

  void collect(Node* root) {
    push(root);
    while (!stack_.empty()) {
      auto& frame = stack_.back();
      if (frame.next < frame.inputs.size()) {
        const auto input = frame.inputs[frame.next++].resolved();
        if (input.node != nullptr) push(input.node);
        continue;
      }
      Node* node = frame.node;
      stack_.pop_back();
      add(*node);
    }
  }

 private:
  struct Frame {
    Node* node;
    std::vector<Output> inputs;
    std::size_t next = 0;
  };

  void push(Node* node) {
    if (node->enter(context_.id)) stack_.push_back({node, node->inputs()});
  }

  void add(Node& node) {
    const auto& made = node.marshal(context_);
    merge_into(out_.metadata[made.digest], made.metadata);
    sources_.add(made.digest, made.locations);
    if (known_.insert(made.digest).second) out_.ops.push_back(made.bytes);
  }

  const MarshalContext& context_;
  Definition& out_;
  SourceCollector sources_;
  std::unordered_set<std::string> known_;
  std::vector<Frame> stack_;
};

OpMetadata terminal_metadata(const Definition& definition) {
  OpMetadata metadata;
  const auto need = [&](std::string_view cap) { metadata.caps.emplace(cap, true); };
  need(cap::kConstraints);
  need(cap::kPlatform);
  for (const auto& [digest, op] : definition.metadata) {
    if (op.ignore_cache) need(cap::kMetaIgnoreCache);
    if (!op.description.empty()) need(cap::kMetaDescription);
    if (op.export_cache) need(cap::kMetaExportCache);
  }
  return metadata;
}

}  // namespace

bool Node::enter(std::uint64_t id) {
  if (entered_ == id) return false;
  entered_ = id;
  return true;
}

const Marshalled& Node::marshal(const MarshalContext& context) {
  if (made_for_ != context.id) {
    made_ = make(context);
    made_for_ = context.id;
  }
  return made_;
}

Marshalled Node::make(const MarshalContext& context) {
  Op op;
  describe(context, op);
  if (has_platform()) op.platform = options_.platform ? *options_.platform : context.platform;
  op.worker_constraints.emplace();
  auto bytes = llb::marshal(op);
  auto digest = base::sha256(bytes).str();
  return {std::move(digest), std::move(bytes), options_.metadata, options_.locations};
}

std::int64_t Node::output_index(int /*slot*/) const { return 0; }

Input Node::edge_to(const Output& output, const MarshalContext& context) {
  return {output.node->marshal(context).digest, output.node->output_index(output.slot)};
}

std::int64_t Node::add_input(const Output& output, const MarshalContext& context, Op& op) {
  const auto target = output.resolved();
  if (target.node == nullptr) return kEmpty;
  auto edge = edge_to(target, context);
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i] == edge) return static_cast<std::int64_t>(i);
  }
  op.inputs.push_back(std::move(edge));
  return static_cast<std::int64_t>(op.inputs.size()) - 1;
}

Definition State::marshal(const MarshalOptions& options) const {
  Definition definition;
  const auto output = output_.resolved();
  if (output.node == nullptr) return definition;
  MarshalContext context;
  context.id = next_id();
  context.platform = options.platform ? *options.platform : host_platform();
  context.caps = options.caps;
  context.local_unique_id = base::random_id();
  Collector(context, definition).collect(output.node);
  Op terminal;
  terminal.inputs.push_back({output.node->marshal(context).digest, output.node->output_index(output.slot)});
  auto bytes = llb::marshal(terminal);
  auto metadata = terminal_metadata(definition);
  definition.metadata[base::sha256(bytes).str()] = std::move(metadata);
  definition.ops.push_back(std::move(bytes));
  return definition;
}

}  // namespace llb
