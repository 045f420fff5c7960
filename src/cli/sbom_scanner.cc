// SPDX-License-Identifier: Apache-2.0
#include "cli/sbom_scanner.h"

#include "base/error.h"
#include "base/json.h"
#include "base/strings.h"
#include "llb/caps.h"
#include "llb/platform.h"
#include "llb/state.h"

namespace cli {
namespace {

constexpr const char* kSource = "/run/src/core/sbom";
constexpr const char* kExtras = "/run/src/extras";
constexpr const char* kDestination = "/run/out/";
constexpr std::size_t kMaxScans = 1000;

[[noreturn]] void scanner_failed(const std::string& scanner, std::string_view why) {
  base::fail(base::Code::failed_precondition, "the scanner {}: {}", scanner, why);
}

/// The image's variables, then those of the protocol; the directory it starts in.
llb::State with_surroundings(llb::State state, const base::Json& config, const attest::SbomWish& wish,
                             bool has_extras) {
  for (const auto& entry : config["Env"].string_items()) {
    const auto parts = base::cut(entry, "=");
    if (parts) state = state.with_env(parts->first, parts->second);
  }
  state = state.with_env("BUILDKIT_SCAN_DESTINATION", kDestination).with_env("BUILDKIT_SCAN_SOURCE", kSource);
  if (has_extras) state = state.with_env("BUILDKIT_SCAN_SOURCE_EXTRAS", kExtras);
  for (const auto& [name, value] : wish.parameters) state = state.with_env("BUILDKIT_SCAN_" + name, value);
  const std::string directory = config["WorkingDir"].string_or("");
  return state.with_dir(directory.empty() ? "/" : directory);
}

llb::RunMount read_only(std::string target, llb::State source) {
  llb::RunMount mount;
  mount.target = std::move(target);
  mount.source = std::move(source);
  mount.readonly = true;
  return mount;
}

/// The scan as a step; its result is what the scanner wrote.
llb::Definition scan_step(const llb::SourceOp& scanner, const base::Json& config, const attest::SbomWish& wish,
                          const dockerfile::PlatformImage& image) {
  const llb::MarshalOptions marshal{.platform = llb::host_platform(), .caps = &llb::cap::all()};
  llb::Builder builder;
  llb::OpOptions named;
  named.platform = marshal.platform;
  const llb::State root =
      builder.source(scanner.identifier, scanner.attrs, named.name("[sbom] FROM " + wish.generator));

  llb::RunOptions run;
  run.args = config["Entrypoint"].string_items();
  for (auto& word : config["Cmd"].string_items()) run.args.push_back(std::move(word));
  if (run.args.empty()) scanner_failed(wish.generator, "its image has neither ENTRYPOINT nor CMD");
  run.op.platform = marshal.platform;
  run.op.name("[sbom] scan with " + wish.generator);
  run.op.metadata.ignore_cache = image.scan_ignores_cache;
  run.mounts.push_back({.target = kDestination, .source = builder.scratch()});
  run.mounts.push_back({.target = "/tmp", .source = builder.scratch(), .tmpfs_size = 0});
  run.mounts.push_back(read_only(kSource, builder.definition(image.definition)));
  bool has_extras = false;
  for (const auto& tree : image.scan_trees) {
    if (!tree.is_wanted) continue;
    has_extras = true;
    run.mounts.push_back(read_only(kExtras + ("/sbom-" + tree.name), builder.definition(tree.definition)));
  }
  return with_surroundings(root, config, wish, has_extras).run(std::move(run)).mounts.front().marshal(marshal);
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

  const base::Json config = base::Json::parse(meta.image->config)["config"];
  const auto ref = session.gateway().solve(scan_step(source, config, wish, built.image), {}, stop);

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
