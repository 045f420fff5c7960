// SPDX-License-Identifier: Apache-2.0
// FROM an image: fetches what is missing and unpacks it, layer beside layer.
#include <map>
#include <utility>

#include "base/task.h"
#include "llb/attr.h"
#include "llb/buildkit_key.h"
#include "llb/platform.h"
#include "ops/image_layers.h"
#include "ops/op.h"
#include "ops/result.h"

namespace ops {
namespace {

oci::Platform to_oci(const llb::Platform& platform) {
  oci::Platform result;
  result.os = platform.os;
  result.architecture = platform.architecture;
  result.variant = platform.variant;
  result.os_version = platform.os_version;
  return result;
}

class ImageOp final : public solve::Op {
 public:
  ImageOp(const llb::Vertex& vertex, const Services& services) : digest_(vertex.digest), services_(services) {
    const auto& source = std::get<llb::SourceOp>(vertex.op.kind);
    request_.identifier = source.identifier;
    request_.store_id = source.attr("oci.store");
    checksum_ = source.attr(llb::attr::kImageChecksum);
    if (vertex.op.platform) request_.platform = to_oci(*vertex.op.platform);
    const std::string mode = source.attr("image.resolvemode");
    if (mode == "pull") request_.pull = PullPolicy::always;
    if (mode == "local") request_.pull = PullPolicy::never;
  }

  solve::CacheMap cache_map(std::stop_token stop) override {
    base_ = services_.images.resolve(request_, stop);
    require_checksum(*base_, checksum_);
    services_.pins.found(digest_, base_->image.root.digest.str());
    base::Json layers = base::Json::array();
    for (const auto& diff_id : base_->image.config.diff_ids) layers.push(diff_id.str());
    base::Json recipe = base::Json::object();
    recipe.set("op", "image").set("layers", std::move(layers));
    auto map = solve::CacheMap::of(std::move(recipe));
    map.common = common_key();
    return map;
  }

  std::vector<solve::ResultPtr> run(const std::vector<solve::ResultPtr>&, std::stop_token stop) override {
    return {make_snapshot_result(pull_layers(*base_, digest_, services_, stop))};
  }

  bool deterministic() const override { return true; }

  solve::Pool cache_map_pool() const override { return solve::Pool::network; }
  solve::Pool pool() const override { return solve::Pool::network; }

 private:
  /// As BuildKit has it for images of registries; those of layouts it names otherwise.
  std::optional<solve::CommonKey> common_key() const {
    if (!request_.identifier.starts_with("docker-image://")) return std::nullopt;
    llb::Platform platform = llb::host_platform();
    if (request_.platform) {
      platform.os = request_.platform->os;
      platform.architecture = request_.platform->architecture;
      platform.variant = request_.platform->variant;
    }
    solve::CommonKey common;
    for (const auto& key : llb::buildkit_image_keys(base_->image.root.digest, platform, base_->image.config.diff_ids)) {
      common.records.push_back(llb::buildkit_record(key));
    }
    return common;
  }

  base::Digest digest_;
  const Services& services_;
  ImageRequest request_;
  std::string checksum_;
  std::shared_ptr<const ResolvedBase> base_;
};

}  // namespace

std::shared_ptr<solve::Op> make_source_image(const llb::Vertex& vertex, const Services& services) {
  return std::make_shared<ImageOp>(vertex, services);
}

}  // namespace ops
