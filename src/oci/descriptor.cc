// SPDX-License-Identifier: Apache-2.0
#include "oci/descriptor.h"

#include "base/error.h"
#include "oci/json_fields.h"

namespace oci {

base::Json to_json(const Descriptor& descriptor) {
  base::Json json = base::Json::object();
  json.set("mediaType", descriptor.media_type);
  json.set("digest", descriptor.digest.str());
  json.set("size", descriptor.size);
  json.set_nonempty("urls", base::Json::strings(descriptor.urls));
  json.set_nonempty("annotations", base::Json::string_map(descriptor.annotations));
  json.set_nonempty("data", descriptor.data);
  if (descriptor.platform) json.set("platform", to_json(*descriptor.platform));
  json.set_nonempty("artifactType", descriptor.artifact_type);
  return json;
}

Descriptor descriptor_from_json(const base::Json& json) {
  const Fields fields(json, "descriptor");
  Descriptor descriptor;
  descriptor.media_type = fields.text("mediaType");
  descriptor.artifact_type = fields.text("artifactType");
  descriptor.digest = fields.digest("digest");
  descriptor.data = fields.text("data");
  const base::Json& size = json["size"];
  if (!size.is_int() || size.as_int() < 0) {
    base::fail(base::Code::invalid_argument, "the size of descriptor {} is no byte count", descriptor.digest.str());
  }
  descriptor.size = static_cast<std::uint64_t>(size.as_int());
  if (descriptor.size > kMaxBlobSize) {
    base::fail(base::Code::invalid_argument, "descriptor {} claims an absurd size of {} bytes", descriptor.digest.str(),
               descriptor.size);
  }
  descriptor.urls = fields.texts("urls");
  descriptor.annotations = fields.text_map("annotations");
  if (!json["platform"].is_null()) descriptor.platform = platform_from_json(json["platform"]);
  return descriptor;
}

void verify(const Descriptor& descriptor, std::string_view bytes) {
  if (bytes.size() != descriptor.size) {
    base::fail(base::Code::data_loss, "{} has {} bytes, want {}", descriptor.digest.str(), bytes.size(),
               descriptor.size);
  }
  if (const auto actual = base::sha256(bytes); actual != descriptor.digest) {
    base::fail(base::Code::data_loss, "unexpected digest {}, want {}", actual.str(), descriptor.digest.str());
  }
}

}  // namespace oci
