// SPDX-License-Identifier: Apache-2.0
#include "oci/stored_source.h"

#include "base/error.h"

namespace oci {

Descriptor StoredSource::resolve(std::string_view reference, const std::stop_token&) {
  base::fail(base::Code::not_found, "{} is not in the store", reference);
}

std::string StoredSource::fetch_manifest(const Descriptor& descriptor, const std::stop_token&) {
  return content_.read(descriptor.digest, kMaxDocumentSize);
}

std::string StoredSource::fetch_config(const Descriptor& descriptor, const std::stop_token& stop) {
  return fetch_manifest(descriptor, stop);
}

void StoredSource::fetch_blob(const Descriptor& descriptor, store::ContentStore&, const FetchProgress&,
                              const std::stop_token&) {
  content_.open(descriptor.digest);
}

}  // namespace oci
