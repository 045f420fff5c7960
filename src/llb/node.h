// SPDX-License-Identifier: Apache-2.0
#pragma once
// Nodes: ops under construction, behind the states of state.h. For this room's .cc files only.
//
// A node can be marshalled under different defaults (platform, capabilities); the last result is
// kept, so that every op is put into bytes once per definition.
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "llb/state.h"

namespace llb {

/// The defaults of one marshalling.
struct MarshalContext {
  std::uint64_t id = 0;  ///< unique per marshalling
  Platform platform;
  const std::set<std::string>* caps = nullptr;
  std::string local_unique_id;
};

struct Marshalled {
  std::string digest;
  std::string bytes;
  OpMetadata metadata;
  std::vector<SourceLocation> locations;
};

class Node {
 public:
  explicit Node(OpOptions options) : options_(std::move(options)) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const Marshalled& marshal(const MarshalContext& context);
  /// In the order in which they are to be marshalled.
  virtual std::vector<Output> inputs() const { return {}; }
  virtual std::int64_t output_index(int slot) const;

  /// Marks the node as done for the marshalling `id`; true the first time.
  bool enter(std::uint64_t id);

 protected:
  /// Fills `op` but for platform and constraints; may add capabilities to options_.
  virtual void describe(const MarshalContext& context, Op& op) = 0;
  /// Whether the op's bytes name a platform.
  virtual bool has_platform() const { return false; }
  virtual Marshalled make(const MarshalContext& context);

  void add_cap(std::string_view cap) { options_.metadata.caps.emplace(cap, true); }
  /// The edge to `output`; throws when that cannot be used.
  static Input edge_to(const Output& output, const MarshalContext& context);
  /// The position of the edge in op.inputs, added if it is new; kEmpty for scratch.
  static std::int64_t add_input(const Output& output, const MarshalContext& context, Op& op);

  OpOptions options_;

 private:
  std::uint64_t entered_ = 0;
  std::uint64_t made_for_ = 0;
  Marshalled made_;
};

class SourceNode final : public Node {
 public:
  SourceNode(std::string identifier, std::map<std::string, std::string> attrs, OpOptions options)
      : Node(std::move(options)), identifier_(std::move(identifier)), attrs_(std::move(attrs)) {}
  /// Marshalling fails with this text.
  void set_error(std::string text) { error_ = std::move(text); }

 protected:
  void describe(const MarshalContext& context, Op& op) override;
  bool has_platform() const override;

 private:
  std::string identifier_;
  std::map<std::string, std::string> attrs_;
  std::string error_;
};

class ExecNode final : public Node {
 public:
  ExecNode(State base, RunOptions options);
  std::vector<Output> inputs() const override;
  std::int64_t output_index(int slot) const override;

 protected:
  void describe(const MarshalContext& context, Op& op) override;
  bool has_platform() const override { return true; }

 private:
  struct Slot {
    RunMount mount;
    int slot = 0;
    bool has_output() const;
  };

  Meta make_meta(const MarshalContext& context);
  void add_caps(const ExecOp& exec);
  Mount make_mount(const Slot& slot, std::int64_t input, std::int64_t output) const;
  void add_secrets(ExecOp& exec) const;

  State base_;
  RunOptions run_;
  std::vector<Slot> slots_;  ///< sorted by target; slot 0 is the root
};

class FileNode final : public Node {
 public:
  FileNode(State base, std::vector<FileStep> steps, OpOptions options)
      : Node(std::move(options)), base_(std::move(base)), steps_(std::move(steps)) {}
  std::vector<Output> inputs() const override;

 protected:
  void describe(const MarshalContext& context, Op& op) override;

 private:
  State base_;
  std::vector<FileStep> steps_;
};

class MergeNode final : public Node {
 public:
  MergeNode(std::vector<Output> inputs, OpOptions options) : Node(std::move(options)), inputs_(std::move(inputs)) {}
  std::vector<Output> inputs() const override { return inputs_; }

 protected:
  void describe(const MarshalContext& context, Op& op) override;

 private:
  std::vector<Output> inputs_;
};

class DiffNode final : public Node {
 public:
  DiffNode(Output lower, Output upper, OpOptions options)
      : Node(std::move(options)), lower_(std::move(lower)), upper_(std::move(upper)) {}
  std::vector<Output> inputs() const override;

 protected:
  void describe(const MarshalContext& context, Op& op) override;

 private:
  Output lower_, upper_;
};

/// An op of a definition made elsewhere: its bytes stay as they are.
class ReadyNode final : public Node {
 public:
  ReadyNode(Marshalled made, std::vector<Output> inputs)
      : Node({}), ready_(std::move(made)), inputs_(std::move(inputs)) {}
  std::vector<Output> inputs() const override { return inputs_; }
  std::int64_t output_index(int slot) const override { return slot; }

 protected:
  void describe(const MarshalContext&, Op&) override {}
  Marshalled make(const MarshalContext&) override { return ready_; }

 private:
  Marshalled ready_;
  std::vector<Output> inputs_;
};

// ---- what states share -------------------------------------------------------------------------

struct StateValues {
  std::string dir;
  std::string user, hostname, cgroup_parent;
  std::optional<Platform> platform;
  NetMode network = NetMode::sandbox;
  SecurityMode security = SecurityMode::sandbox;
  std::vector<HostIp> extra_hosts;
  std::vector<Ulimit> ulimits;
};

/// A persistent list: newest assignment first.
/// The last assignment of an environment, and those before it.
struct EnvEntry {
  const EnvEntry* previous = nullptr;
  std::string name, value;
  std::size_t length = 1;    ///< of the list that ends here
  std::size_t distinct = 0;  ///< names that were in it when it was last shortened
};

struct StatePool {
  std::deque<StateValues> values;
  std::deque<EnvEntry> env;
};

/// Go's path semantics for the target of a file action: absolute, joined to `parent`.
enum class KeepSlash : bool { no, yes };
std::string absolute_path(std::string_view parent, const std::string& path, KeepSlash keep);

template <typename T, typename... Args>
T* Builder::make(Args&&... args) {
  auto node = std::make_unique<T>(std::forward<Args>(args)...);
  auto* made = node.get();
  nodes_.push_back(std::move(node));
  return made;
}

}  // namespace llb
