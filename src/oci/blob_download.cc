// SPDX-License-Identifier: Apache-2.0
#include "oci/blob_download.h"

#include "base/error.h"
#include "base/strings.h"
#include "oci/ingest.h"

namespace oci {
namespace {

/// The first position of a Content-Range ("bytes 10-99/100") and its total if known.
struct ContentRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> total;
};

std::optional<ContentRange> parse_content_range(std::string_view text) {
  if (!base::lower(text).starts_with("bytes")) return std::nullopt;
  const auto parts = base::cut(base::trim(text.substr(5)), "/");
  const auto range = parts ? base::cut(parts->first, "-") : std::nullopt;
  const auto first = range ? base::parse_int(range->first) : std::nullopt;
  if (!first || *first < 0) return std::nullopt;
  ContentRange result{.first = static_cast<std::uint64_t>(*first), .total = std::nullopt};
  if (const auto total = base::parse_int(parts->second); total && *total >= 0) {
    result.total = static_cast<std::uint64_t>(*total);
  }
  return result;
}

[[noreturn]] void wrong_length(const Descriptor& descriptor, std::string_view claim) {
  base::fail(base::Code::data_loss, "the registry {}, but the descriptor of {} says {}", claim, descriptor.digest.str(),
             descriptor.size);
}

/// Writes a response's body into the ingest, from the ingest's offset on.
class IngestSink final : public BodySink {
 public:
  IngestSink(store::Ingest& ingest, const Descriptor& descriptor, const FetchProgress& progress)
      : ingest_(ingest), descriptor_(descriptor), progress_(progress), offset_(ingest.offset()) {}

  std::uint64_t offset() const { return offset_; }

  Next head(const HttpResponse& response) override {
    skip_ = 0;
    std::uint64_t begin = 0;
    if (response.status == 206) {
      const auto range = parse_content_range(response.headers.find("Content-Range").value_or(""));
      if (!range || range->first != offset_) {
        base::fail(base::Code::data_loss, "the registry answered a request for bytes from {} with another range",
                   offset_);
      }
      if (range->total && *range->total != descriptor_.size) {
        wrong_length(descriptor_, base::format("has {} bytes", *range->total));
      }
      begin = offset_;
    } else {
      skip_ = offset_;  // it does not do ranges and sends everything again
    }
    if (const auto length = base::parse_int(response.headers.find("Content-Length").value_or(""))) {
      if (begin + static_cast<std::uint64_t>(*length) != descriptor_.size) {
        wrong_length(descriptor_, base::format("sends {} bytes", begin + static_cast<std::uint64_t>(*length)));
      }
    }
    return Next::more;
  }

  Next write(std::span<const std::byte> bytes) override {
    const std::size_t skipped = std::min<std::uint64_t>(skip_, bytes.size());
    skip_ -= skipped;
    bytes = bytes.subspan(skipped);
    if (bytes.size() > descriptor_.size - offset_) wrong_length(descriptor_, "sends more bytes than that");
    if (bytes.empty()) return Next::more;
    ingest_.write(bytes);
    offset_ += bytes.size();
    if (progress_) progress_(offset_, descriptor_.size);
    return Next::more;
  }

 private:
  store::Ingest& ingest_;
  const Descriptor& descriptor_;
  const FetchProgress& progress_;
  std::uint64_t offset_;
  std::uint64_t skip_ = 0;
};

void fill(RegistryHosts& hosts, const AuthTarget& target, const std::string& path, const Descriptor& descriptor,
          IngestSink& sink, const std::stop_token& stop) {
  int attempt = 1;
  while (sink.offset() < descriptor.size) {
    const std::uint64_t before = sink.offset();
    HttpRequest request;
    if (before > 0) request.headers.set("Range", base::format("bytes={}-", before));
    HttpResponse response = hosts.exchange(request, path, target, &sink, stop);
    if (sink.offset() == descriptor.size) return;
    if (response.ok()) {
      // A body without a length that ended too early: as good as a reset.
      response.fault = TransportFault::reset;
      response.fault_text = base::format("the body ended after {} of {} bytes", sink.offset(), descriptor.size);
    }
    if (sink.offset() > before) attempt = 1;
    if (!HttpClient::transient(response) || attempt >= hosts.client().attempts()) {
      fail_response(response, "downloading " + descriptor.digest.str());
    }
    hosts.client().back_off(attempt, response, stop);
    ++attempt;
  }
}

}  // namespace

void fail_response(const HttpResponse& response, std::string_view what) {
  base::Code code = base::Code::unknown;
  std::string hint;
  if (response.fault) {
    code = base::Code::unavailable;
    if (*response.fault == TransportFault::certificate || *response.fault == TransportFault::tls) {
      hint = "a private registry's CA belongs into /etc/docker/certs.d/HOST/ca.crt";
    }
  } else if (response.status == 404 || response.status == 410) {
    code = base::Code::not_found;
  } else if (response.status == 401) {
    code = base::Code::unauthenticated;
    hint =
        "log in first (slipway login, docker login or podman login), or check the name: registries hide what one may "
        "not see";
  } else if (response.status == 403) {
    code = base::Code::permission_denied;
  } else if (response.status == 429) {
    code = base::Code::resource_exhausted;
  } else if (response.status >= 500) {
    code = base::Code::unavailable;
  }
  base::Error error(code, base::format("{}: {}", what, describe_failure(response)));
  error.set_hint(hint);
  throw error;
}

void download_blob(RegistryHosts& hosts, const AuthTarget& target, const std::string& path,
                   const Descriptor& descriptor, store::ContentStore& content, const FetchProgress& progress,
                   const std::stop_token& stop) {
  for (;;) {
    auto ingest = open_ingest(descriptor, content, stop);
    if (!ingest) return;
    const bool resumed = ingest->offset() > 0;
    IngestSink sink(*ingest, descriptor, progress);
    fill(hosts, target, path, descriptor, sink, stop);
    try {
      ingest->commit();
      return;
    } catch (const base::Error& error) {
      // Bytes left by an earlier process may be what is wrong; the store has dropped them now.
      if (error.code() != base::Code::data_loss || !resumed) throw;
    }
  }
}

}  // namespace oci
