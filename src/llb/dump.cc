// SPDX-License-Identifier: Apache-2.0
// Definitions for people: names, a text dump and a dot graph.
#include "base/json.h"
#include "base/strings.h"
#include "llb/definition.h"

namespace llb {

namespace {

struct Describe {
  std::string operator()(const std::monostate&) const { return "result"; }
  std::string operator()(const ExecOp& op) const { return base::join(op.meta.args, " "); }
  std::string operator()(const SourceOp& op) const { return op.identifier; }
  std::string operator()(const FileOp& op) const {
    std::vector<std::string> actions;
    for (const auto& action : op.actions) actions.push_back(std::visit(*this, action.kind));
    return base::join(actions, ", ");
  }
  std::string operator()(const BuildOp&) const { return "build"; }
  std::string operator()(const MergeOp&) const { return "merge"; }
  std::string operator()(const DiffOp&) const { return "diff"; }
  std::string operator()(const PassthroughOp&) const { return "passthrough"; }
  std::string operator()(const FileCopy& action) const { return "copy " + action.src + " " + action.dest; }
  std::string operator()(const FileMkfile& action) const { return "mkfile " + action.path; }
  std::string operator()(const FileMkdir& action) const { return "mkdir " + action.path; }
  std::string operator()(const FileRm& action) const { return "rm " + action.path; }
  std::string operator()(const FileSymlink& action) const { return "symlink " + action.newpath; }
};

void describe_mounts(const ExecOp& exec, std::string& out) {
  static constexpr std::string_view kTypes[] = {"bind", "secret", "ssh", "cache", "tmpfs"};
  for (const auto& mount : exec.mounts) {
    out += "    mount ";
    out += kTypes[static_cast<std::size_t>(mount.type)];
    out += " " + mount.dest;
    if (mount.input >= 0) out += base::format(" from input {}", mount.input);
    if (!mount.selector.empty()) out += mount.selector;
    if (mount.cache) out += " id " + mount.cache->id;
    if (mount.readonly) out += " read-only";
    out += "\n";
  }
}

void describe_source(const SourceOp& source, std::string& out) {
  for (const auto& [name, value] : source.attrs) out += base::format("    {} = {}\n", name, value);
}

}  // namespace

std::string Vertex::name() const {
  auto custom = metadata.custom_name();
  return custom.empty() ? std::visit(Describe{}, op.kind) : custom;
}

std::string dump_text(const Definition& definition) {
  const auto graph = parse(definition);
  if (!graph.head) return "scratch\n";
  std::string out;
  for (std::size_t i = 0; i < graph.vertices.size(); ++i) {
    const auto& vertex = graph.vertices[i];
    out += base::format("#{} {} {}\n", i, vertex.digest.short_hex(), vertex.name());
    out += base::format("    {}", kind_name(vertex.op));
    if (vertex.op.platform) out += " " + format_platform_all(*vertex.op.platform);
    if (vertex.metadata.ignore_cache) out += " no-cache";
    out += "\n";
    for (std::size_t k = 0; k < vertex.inputs.size(); ++k) {
      out += base::format("    input {}: #{} output {}\n", k, vertex.inputs[k], vertex.op.inputs[k].index);
    }
    if (const auto* exec = std::get_if<ExecOp>(&vertex.op.kind)) describe_mounts(*exec, out);
    if (const auto* source = std::get_if<SourceOp>(&vertex.op.kind)) describe_source(*source, out);
  }
  out += base::format("result: #{} output {}\n", graph.head->vertex, graph.head->output);
  return out;
}

std::string dump_dot(const Definition& definition) {
  const auto graph = parse(definition);
  std::string out = "digraph {\n  rankdir=BT;\n  node [shape=box];\n";
  for (std::size_t i = 0; i < graph.vertices.size(); ++i) {
    const auto& vertex = graph.vertices[i];
    out += base::format("  v{} [label={}];\n", i, base::json_quote(vertex.name()));
    for (std::size_t k = 0; k < vertex.inputs.size(); ++k) out += base::format("  v{} -> v{};\n", vertex.inputs[k], i);
  }
  return out + "}\n";
}

}  // namespace llb
