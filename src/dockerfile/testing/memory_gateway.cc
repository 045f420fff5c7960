// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/testing/memory_gateway.h"

#include "base/json.h"
#include "llb/caps.h"

namespace dockerfile {

namespace {

class MemoryRef final : public Ref {
 public:
  explicit MemoryRef(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  std::string read_file(const std::string& path, std::optional<FileRange> range) override {
    const auto found = files_.find(path);
    if (found == files_.end()) base::fail(base::Code::not_found, "open {}: no such file or directory", path);
    if (!range) return found->second;
    return found->second.substr(static_cast<std::size_t>(range->offset), static_cast<std::size_t>(range->length));
  }
  std::vector<FileStat> read_dir(const std::string&, const std::string&) override { return {}; }
  FileStat stat(const std::string& path) override {
    return {.path = path, .mode = 0100644, .size = static_cast<std::int64_t>(read_file(path, {}).size())};
  }

 private:
  std::map<std::string, std::string> files_;
};

std::string small_image(const std::string& reference, const llb::Platform& platform) {
  auto config = base::Json::object();
  config.set("Env", base::Json::strings({"PATH=/bin"}));
  auto history = base::Json::array();
  history.push(base::Json::object().set("created_by", "base"));
  auto image = base::Json::object();
  image.set("architecture", platform.architecture).set("os", platform.os).set("config", std::move(config));
  image.set("rootfs", base::Json::object()
                          .set("type", "layers")
                          .set("diff_ids", base::Json::strings({base::sha256("layer " + reference).str()})));
  return image.set("history", std::move(history)).dump();
}

}  // namespace

MemoryGateway::MemoryGateway() {
  build_opts.session_id = "session";
  build_opts.llb_caps = llb::cap::all();
  build_opts.workers.push_back(
      {"worker", {}, {llb::parse_platform("linux/amd64"), llb::parse_platform("linux/arm64")}});
}

std::string MemoryGateway::digest_of(const std::string& reference) {
  return base::sha256("manifest " + reference).str();
}

std::shared_ptr<Ref> MemoryGateway::solve(const llb::Definition& definition, const SolveOptions& options,
                                          std::stop_token) {
  if (!options.frontend.empty()) {
    forwards.push_back(options);
    return std::make_shared<MemoryRef>(std::map<std::string, std::string>());
  }
  for (const auto& bytes : definition.ops) {
    const auto op = llb::unmarshal(bytes);
    const auto* source = std::get_if<llb::SourceOp>(&op.kind);
    if (source != nullptr) return std::make_shared<MemoryRef>(files[source->identifier]);
  }
  return std::make_shared<MemoryRef>(std::map<std::string, std::string>());
}

SourceMeta MemoryGateway::resolve_source_metadata(const llb::SourceOp& source, const ResolveOptions& options,
                                                  std::stop_token) {
  {
    const std::lock_guard lock(mutex_);
    asked.push_back(source.identifier);
    asked_with.push_back(options);
  }
  SourceMeta meta;
  meta.op = source;
  if (source.scheme() == "docker-image" || source.scheme() == "oci-layout") {
    const auto reference = source.identifier.substr(source.scheme().size() + 3);
    const auto found = configs.find(reference);
    if (found != configs.end() && found->second.empty()) base::fail(base::Code::not_found, "no such image");
    const auto platform = options.platform.value_or(llb::parse_platform("linux/amd64"));
    meta.image = {digest_of(reference), found == configs.end() ? small_image(reference, platform) : found->second};
  } else if (source.scheme() == "git") {
    meta.git.emplace();
    if (source_time) {
      meta.git->commit_object = "tree 1\ncommitter C <c@example.com> " + std::to_string(*source_time) + " +0100\n\nm\n";
    }
  } else {
    meta.http = HttpMeta{.last_modified = source_time};
  }
  return meta;
}

}  // namespace dockerfile
