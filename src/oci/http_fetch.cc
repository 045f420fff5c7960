// SPDX-License-Identifier: Apache-2.0
#include "oci/http_fetch.h"

#include "base/error.h"
#include "base/random.h"
#include "base/strings.h"
#include "oci/blob_download.h"

namespace oci {
namespace {

HttpRequest to_request(const HttpFetchRequest& fetch, std::string_view method) {
  HttpRequest request;
  request.method = std::string(method);
  request.url = fetch.url;
  request.tls = fetch.tls;
  for (const auto& [name, value] : fetch.headers) request.headers.add(name, value);
  if (!fetch.etag.empty()) request.headers.set("If-None-Match", fetch.etag);
  if (!fetch.last_modified.empty()) request.headers.set("If-Modified-Since", fetch.last_modified);
  return request;
}

// A URL may carry a password; errors must not.
std::string shown(std::string_view url) {
  const auto parts = parse_url(url);
  return parts ? parts->str() : std::string(url.substr(0, 200));
}

HttpFetchResult from_headers(const HttpResponse& response, std::string final_url) {
  HttpFetchResult result;
  result.not_modified = response.status == 304;
  result.etag = response.headers.find("ETag").value_or("");
  result.last_modified = response.headers.find("Last-Modified").value_or("");
  result.content_type = response.headers.find("Content-Type").value_or("");
  result.content_disposition = response.headers.find("Content-Disposition").value_or("");
  result.final_url = std::move(final_url);
  return result;
}

/// One download's bytes: into an ingest, never more than the limit.
class LimitedIngest final : public BodySink {
 public:
  LimitedIngest(store::ContentStore& content, const HttpFetchRequest& fetch, const FetchProgress& progress)
      : fetch_(fetch), progress_(progress) {
    store::IngestOptions options;
    options.expect = fetch.expect;
    ingest_ = content.ingest("http-" + base::random_id(), options);
  }

  // Nobody will come back to a half-done download of a name made for this attempt.
  ~LimitedIngest() override {
    if (!ingest_) return;
    try {
      ingest_->restart();
    } catch (const base::Error&) {
      // Only space is lost, until the next collection.
    }
  }

  Next head(const HttpResponse& response) override {
    const auto length = base::parse_int(response.headers.find("Content-Length").value_or(""));
    total_ = length && *length > 0 ? static_cast<std::uint64_t>(*length) : 0;
    if (total_ > fetch_.max_size) too_long();
    return Next::more;
  }

  Next write(std::span<const std::byte> bytes) override {
    if (bytes.size() > fetch_.max_size - done_) too_long();
    ingest_->write(bytes);
    done_ += bytes.size();
    if (progress_) progress_(done_, total_);
    return Next::more;
  }

  store::BlobInfo commit() {
    const auto ingest = std::move(ingest_);
    return ingest->commit();
  }

 private:
  [[noreturn]] void too_long() const {
    base::fail(base::Code::out_of_range, "the response is longer than the {} bytes allowed", fetch_.max_size);
  }

  const HttpFetchRequest& fetch_;
  const FetchProgress& progress_;
  std::unique_ptr<store::Ingest> ingest_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

HttpFetchResult http_fetch(HttpClient& client, const HttpFetchRequest& fetch, store::ContentStore& content,
                           const FetchProgress& progress, const std::stop_token& stop) {
  return base::with_context(
      [&] {
        for (int attempt = 1;; ++attempt) {
          LimitedIngest sink(content, fetch, progress);
          std::string final_url;
          const HttpResponse response = client.exchange(to_request(fetch, "GET"), &sink, stop, &final_url);
          if (response.ok() || (!response.fault && response.status == 304)) {
            HttpFetchResult result = from_headers(response, std::move(final_url));
            if (!result.not_modified) result.blob = sink.commit();
            return result;
          }
          if (!HttpClient::transient(response) || attempt >= client.attempts()) fail_response(response, "GET");
          client.back_off(attempt, response, stop);
        }
      },
      "fetching {}", shown(fetch.url));
}

std::optional<HttpFetchResult> http_head(HttpClient& client, const HttpFetchRequest& fetch,
                                         const std::stop_token& stop) {
  std::string final_url;
  const HttpResponse response = client.exchange(to_request(fetch, "HEAD"), nullptr, stop, &final_url);
  if (!response.ok() && (response.fault || response.status != 304)) return std::nullopt;
  return from_headers(response, std::move(final_url));
}

}  // namespace oci
