// SPDX-License-Identifier: Apache-2.0
#include "images/testing/sample_image.h"

#include "base/json.h"
#include "oci/media_type.h"

namespace images::testing {
namespace {

oci::Descriptor put(store::ContentStore& content, const std::string& bytes, std::string_view media_type) {
  const auto blob = content.put(bytes);
  oci::Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = blob.digest;
  descriptor.size = blob.size;
  return descriptor;
}

}  // namespace

oci::Descriptor put_image(store::ContentStore& content, const std::vector<std::string>& layers,
                          const std::string& architecture) {
  auto diff_ids = base::Json::array();
  auto history = base::Json::array();
  auto list = base::Json::array();
  for (const auto& text : layers) {
    diff_ids.push(base::sha256(text).str());
    history.push(base::Json::object().set("created_by", "COPY " + text));
    list.push(oci::to_json(put(content, text, "application/vnd.oci.image.layer.v1.tar")));
  }
  auto config = base::Json::object();
  config.set("architecture", architecture).set("os", "linux").set("config", base::Json::object());
  config.set("rootfs", base::Json::object().set("type", "layers").set("diff_ids", diff_ids)).set("history", history);
  auto manifest = base::Json::object();
  manifest.set("schemaVersion", 2).set("mediaType", "application/vnd.oci.image.manifest.v1+json");
  manifest.set("config", oci::to_json(put(content, config.dump(), "application/vnd.oci.image.config.v1+json")));
  manifest.set("layers", list);
  auto descriptor = put(content, manifest.dump(), "application/vnd.oci.image.manifest.v1+json");
  oci::Platform platform;
  platform.os = "linux";
  platform.architecture = architecture;
  descriptor.platform = platform;
  return descriptor;
}

oci::Descriptor put_index(store::ContentStore& content, const std::vector<oci::Descriptor>& manifests) {
  auto list = base::Json::array();
  for (const auto& manifest : manifests) list.push(oci::to_json(manifest));
  auto index = base::Json::object();
  index.set("schemaVersion", 2).set("mediaType", "application/vnd.oci.image.index.v1+json").set("manifests", list);
  return put(content, index.dump(), "application/vnd.oci.image.index.v1+json");
}

}  // namespace images::testing
