// SPDX-License-Identifier: Apache-2.0
#pragma once
// Plain HTTP downloads, for ADD URL and http contexts: into the content store, with conditional requests.
//
//     auto result = oci::http_fetch(client, {.url = url, .etag = known.etag}, content, stop);
//     if (result.not_modified) …            // what we have is still right
//     else use(result.blob, result.last_modified);
//
// The body becomes a blob named by its own digest; with `expect` anything else is refused. A body
// beyond `max_size` is cut off and refused, a broken one is tried again.
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "oci/http_client.h"
#include "oci/image_source.h"
#include "store/content_store.h"

namespace oci {

struct HttpFetchRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string etag;           ///< sent as If-None-Match when not ""
  std::string last_modified;  ///< sent as If-Modified-Since when not ""
  std::optional<base::Digest> expect;
  std::uint64_t max_size = std::uint64_t{64} << 30;
  TlsSettings tls;
};

struct HttpFetchResult {
  bool not_modified = false;
  store::BlobInfo blob;  ///< unset when not modified (or after http_head)
  std::string etag;
  std::string last_modified;  ///< as sent
  std::string content_type;
  std::string content_disposition;
  std::string final_url;
};

/// Throws not_found (404, 410), permission_denied (401, 403), data_loss (digest, length), unavailable.
HttpFetchResult http_fetch(HttpClient& client, const HttpFetchRequest& request, store::ContentStore& content,
                           const FetchProgress& progress, const std::stop_token& stop);

/// Headers alone, by HEAD; nothing when the server does not do HEAD.
std::optional<HttpFetchResult> http_head(HttpClient& client, const HttpFetchRequest& request,
                                         const std::stop_token& stop);

}  // namespace oci
