// SPDX-License-Identifier: Apache-2.0
#include "cli/only_image.h"

#include "oci/reference.h"

namespace cli {

dockerfile::PlatformImage only_image(const std::string& name, const std::string& platform) {
  dockerfile::PlatformImage image;
  image.platform = platform.empty() ? llb::host_platform() : llb::parse_platform(platform);
  llb::Op source;
  source.kind = llb::SourceOp{.identifier = "docker-image://" + oci::Reference::parse(name).tagged().str()};
  source.platform = image.platform;
  source.worker_constraints.emplace();
  llb::Op last;
  image.definition.ops.push_back(llb::marshal(source));
  last.inputs = {{base::sha256(image.definition.ops.front()).str(), 0}};
  image.definition.ops.push_back(llb::marshal(last));
  image.config = "{}";
  return image;
}

}  // namespace cli
