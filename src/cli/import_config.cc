// SPDX-License-Identifier: Apache-2.0
// The --change lines are a Dockerfile on top of nothing, so the frontend itself reads them.
#include "cli/import_config.h"

#include "base/error.h"
#include "base/strings.h"
#include "dockerfile/build.h"
#include "llb/caps.h"

namespace cli {
namespace {

/// A context that holds one Dockerfile and nothing else.
class ChangesRef final : public dockerfile::Ref {
 public:
  explicit ChangesRef(std::string text) : text_(std::move(text)) {}
  std::string read_file(const std::string& path, std::optional<dockerfile::FileRange>) override {
    if (path != "Dockerfile" && path != "/Dockerfile") base::fail(base::Code::not_found, "{}: not found", path);
    return text_;
  }
  std::vector<dockerfile::FileStat> read_dir(const std::string&, const std::string&) override { return {}; }
  dockerfile::FileStat stat(const std::string& path) override {
    base::fail(base::Code::not_found, "{}: not found", path);
  }

 private:
  std::string text_;
};

class ChangesGateway final : public dockerfile::Gateway {
 public:
  ChangesGateway(std::string text, llb::Platform platform) : text_(std::move(text)), platform_(std::move(platform)) {}
  dockerfile::BuildOpts opts() override {
    dockerfile::BuildOpts opts;
    opts.session_id = opts.product = "slipway";
    opts.workers.push_back({.id = "slipway", .labels = {}, .platforms = {platform_}});
    opts.llb_caps = llb::cap::all();
    return opts;
  }
  std::shared_ptr<dockerfile::Ref> solve(const llb::Definition&, const dockerfile::SolveOptions&,
                                         std::stop_token) override {
    return std::make_shared<ChangesRef>(text_);
  }
  dockerfile::SourceMeta resolve_source_metadata(const llb::SourceOp& source, const dockerfile::ResolveOptions&,
                                                 std::stop_token) override {
    base::fail(base::Code::invalid_argument, "--change cannot use {}", source.identifier);
  }
  void warn(const dockerfile::Warning&) override {}

 private:
  std::string text_;
  llb::Platform platform_;
};

}  // namespace

std::string import_config(const oci::Platform& platform, const ImportOptions& options) {
  std::string text = "FROM scratch\n";
  for (const auto& change : options.changes) {
    if (base::lower(base::trim(change)).starts_with("from")) {
      base::fail(base::Code::invalid_argument, "--change {}: FROM has no place here", change);
    }
    text += change + "\n";
  }
  const llb::Platform wanted{.architecture = platform.architecture, .os = platform.os, .variant = platform.variant};
  ChangesGateway gateway(text, wanted);
  const auto result = dockerfile::build(gateway, {{"platform", llb::format_platform(wanted)}});
  if (result.images.size() != 1 || !result.images[0].definition.empty()) {
    base::Error error(base::Code::invalid_argument, "--change takes only instructions that set the image's config");
    error.set_hint("build an image FROM the imported one for RUN, COPY, ADD and WORKDIR of a new directory");
    throw error;
  }
  return result.images[0].config;
}

}  // namespace cli
