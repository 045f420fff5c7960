// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an http source is at this moment: its bytes in the content store, its time, its name.
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "llb/op.h"
#include "oci/http_fetch.h"
#include "ops/services.h"

namespace ops {

struct HttpSource {
  store::BlobInfo blob;
  std::optional<std::int64_t> last_modified;  ///< seconds since 1970
  std::string filename;
};

/// Fetches the file; with the attribute http.checksum other bytes throw data_loss, and with http.sig.pubkey those that
/// none of its keys signed permission_denied, in every build, whatever is cached.
HttpSource fetch_http(const llb::SourceOp& source, const Services& services, const base::Digest& vertex,
                      const std::stop_token& stop);

/// The last element of the URL's path, "download" when it has none.
std::string file_name_of_url(std::string_view url);

}  // namespace ops
