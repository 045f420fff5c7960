// SPDX-License-Identifier: Apache-2.0
#include "cli/sbom_scanner.h"

#include "base/error.h"
#include "base/json.h"
#include "llb/platform.h"

namespace cli {
namespace {

constexpr const char* kSource = "/run/src/core/sbom";
constexpr const char* kDestination = "/run/out/";
constexpr std::size_t kMaxScans = 1000;

[[noreturn]] void scanner_failed(const std::string& scanner, std::string_view why) {
  base::fail(base::Code::failed_precondition, "the scanner {}: {}", scanner, why);
}

/// A definition under construction; its ops are named by their bytes.
class Extended {
 public:
  /// `definition` without its terminal op.
  explicit Extended(llb::Definition definition) : definition_(std::move(definition)) {
    if (definition_.ops.empty()) return;
    head_ = llb::unmarshal(definition_.ops.back()).inputs.at(0);
    definition_.ops.pop_back();
  }
  /// What the definition made before: absent for an empty filesystem.
  const std::optional<llb::Input>& head() const { return head_; }

  std::string add(const llb::Op& op, const std::string& name) {
    std::string bytes = llb::marshal(op);
    std::string digest = base::sha256(bytes).str();
    definition_.ops.push_back(std::move(bytes));
    definition_.metadata[digest].description["llb.customname"] = name;
    return digest;
  }

  llb::Definition finish(const std::string& digest, std::int64_t output) {
    llb::Op terminal;
    terminal.inputs = {{digest, output}};
    definition_.ops.push_back(llb::marshal(terminal));
    return std::move(definition_);
  }

 private:
  llb::Definition definition_;
  std::optional<llb::Input> head_;
};

llb::Mount mount(std::int64_t input, const char* dest, std::int64_t output) {
  llb::Mount mount;
  mount.input = input;
  mount.dest = dest;
  mount.output = output;
  return mount;
}

llb::ExecOp scan_step(const base::Json& config, const attest::SbomWish& wish, bool has_files) {
  llb::ExecOp exec;
  exec.meta.args = config["Entrypoint"].string_items();
  for (auto& word : config["Cmd"].string_items()) exec.meta.args.push_back(std::move(word));
  if (exec.meta.args.empty()) scanner_failed(wish.generator, "its image has neither ENTRYPOINT nor CMD");
  exec.meta.env = config["Env"].string_items();
  exec.meta.env.push_back(std::string("BUILDKIT_SCAN_DESTINATION=") + kDestination);
  exec.meta.env.push_back(std::string("BUILDKIT_SCAN_SOURCE=") + kSource);
  for (const auto& [name, value] : wish.parameters) {
    exec.meta.env.push_back(base::format("BUILDKIT_SCAN_{}={}", name, value));
  }
  exec.meta.cwd = config["WorkingDir"].string_or("");
  if (exec.meta.cwd.empty()) exec.meta.cwd = "/";
  exec.mounts.push_back(mount(0, "/", llb::kSkipOutput));
  llb::Mount room = mount(llb::kEmpty, "/tmp", llb::kSkipOutput);
  room.type = llb::MountType::tmpfs;
  room.tmpfs_size = 0;
  exec.mounts.push_back(room);
  exec.mounts.push_back(mount(has_files ? 1 : llb::kEmpty, kSource, llb::kSkipOutput));
  exec.mounts.back().readonly = true;
  exec.mounts.push_back(mount(llb::kEmpty, kDestination, 0));
  return exec;
}

/// One file that the scanner wrote.
attest::Attestation read_scan(const std::string& scanner, const std::string& name, const std::string& text) {
  base::Json statement;
  try {
    statement = base::Json::parse(text);
  } catch (const base::Error&) {
    scanner_failed(scanner, name + " is no JSON");
  }
  if (!statement["_type"].string_or("").starts_with("https://in-toto.io/Statement/")) {
    scanner_failed(scanner, name + " is no in-toto statement");
  }
  if (statement["predicateType"].string_or("") != attest::kSpdx) {
    scanner_failed(scanner, base::format("{} has the predicate type \"{}\", not {}", name,
                                         statement["predicateType"].string_or(""), attest::kSpdx));
  }
  return {std::string(attest::kSpdx), statement["predicate"], name};
}

}  // namespace

std::vector<attest::Attestation> scan_with(const attest::SbomWish& wish, const BuiltImage& built, BuildSession& session,
                                           const std::stop_token& stop) {
  const auto reference = oci::Reference::parse(wish.generator).tagged();
  const llb::Platform platform = llb::host_platform();
  llb::SourceOp source{"docker-image://" + reference.str(), {}};
  const auto meta = session.gateway().resolve_source_metadata(
      source, {.log_name = "[internal] load metadata for " + reference.str(), .platform = platform}, stop);
  source = meta.op;
  if (reference.digest.empty()) source.identifier += "@" + meta.image->digest;

  Extended graph(built.image.definition);
  const auto image = graph.add({.inputs = {}, .kind = source, .platform = platform, .worker_constraints = {{}}},
                               "[sbom] FROM " + wish.generator);
  llb::Op scan{.inputs = {{image, 0}}, .kind = {}, .platform = platform, .worker_constraints = {{}}};
  if (graph.head()) scan.inputs.push_back(*graph.head());
  scan.kind = scan_step(base::Json::parse(meta.image->config)["config"], wish, graph.head().has_value());
  const auto step = graph.add(scan, "[sbom] scan with " + wish.generator);
  const auto ref = session.gateway().solve(graph.finish(step, 0), {}, stop);

  std::vector<attest::Attestation> scans;
  for (const auto& file : ref->read_dir("/", "")) {
    if (file.is_dir()) continue;
    if (scans.size() >= kMaxScans) scanner_failed(wish.generator, "it wrote too many files");
    scans.push_back(read_scan(wish.generator, file.path, ref->read_file("/" + file.path)));
  }
  if (scans.empty()) scanner_failed(wish.generator, "it wrote no SBOM to BUILDKIT_SCAN_DESTINATION");
  return scans;
}

}  // namespace cli
