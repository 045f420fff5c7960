// SPDX-License-Identifier: Apache-2.0
#include "output/metadata.h"

#include "base/file.h"
#include "base/strings.h"

namespace output {

base::Json image_metadata(const AssembledImage& image, const oci::Descriptor& listed,
                          const std::vector<std::string>& full_names) {
  base::Json json = base::Json::object();
  if (image.config_digest) json.set("containerimage.config.digest", image.config_digest->str());
  json.set("containerimage.descriptor", oci::to_json(listed));
  json.set("containerimage.digest", image.root.digest.str());
  if (!full_names.empty()) json.set("image.name", base::join(full_names, ","));
  return json;
}

void write_metadata_file(const std::string& path, const base::Json& metadata) {
  base::write_file_atomic(path, metadata.dump(2));
}

std::string image_id(const AssembledImage& image) {
  return image.config_digest ? image.config_digest->str() : image.root.digest.str();
}

void write_iid_file(const std::string& path, const AssembledImage& image) {
  base::write_file_atomic(path, image_id(image));
}

}  // namespace output
