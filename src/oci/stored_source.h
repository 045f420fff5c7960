// SPDX-License-Identifier: Apache-2.0
#pragma once
// Images whose every blob is in the content store already.
#include <string>

#include "oci/image_source.h"

namespace oci {

class StoredSource final : public ImageSource {
 public:
  explicit StoredSource(store::ContentStore& content) : content_(content) {}

  /// Always not_found: names are somebody else's, a root descriptor is what one starts from.
  Descriptor resolve(std::string_view reference, const std::stop_token& stop) override;
  std::string fetch_manifest(const Descriptor& descriptor, const std::stop_token& stop) override;
  std::string fetch_config(const Descriptor& descriptor, const std::stop_token& stop) override;
  /// Throws not_found when the blob is missing after all.
  void fetch_blob(const Descriptor& descriptor, store::ContentStore& content, const FetchProgress& progress,
                  const std::stop_token& stop) override;
  std::string describe() const override { return "the local store"; }

 private:
  store::ContentStore& content_;
};

}  // namespace oci
