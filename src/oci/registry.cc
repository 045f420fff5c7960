// SPDX-License-Identifier: Apache-2.0
#include "oci/registry.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "oci/blob_download.h"
#include "oci/mirrored_repository.h"
#include "oci/registry_host.h"

namespace oci {
namespace {

/// Collects a body of at most `limit` bytes.
class BoundedBody final : public BodySink {
 public:
  explicit BoundedBody(std::uint64_t limit) : limit_(limit) {}
  Next head(const HttpResponse&) override {
    bytes.clear();  // a retry starts anew
    return Next::more;
  }
  Next write(std::span<const std::byte> more) override {
    if (more.size() > limit_ - bytes.size()) {
      base::fail(base::Code::data_loss, "the registry sends more than the {} bytes announced", limit_);
    }
    bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
    return Next::more;
  }
  std::string bytes;

 private:
  std::uint64_t limit_;
};

std::string media_type_of(const HttpResponse& response) {
  const std::string type = response.headers.find("Content-Type").value_or("");
  return std::string(base::trim(std::string_view(type).substr(0, type.find(';'))));
}

class RegistryRepository final : public Repository {
 public:
  RegistryRepository(std::shared_ptr<RegistryHosts> hosts, const Reference& reference)
      : hosts_(std::move(hosts)), name_(reference.name()) {
    target_.domain = reference.domain;
    target_.path = reference.path;
  }

  std::string describe() const override { return name_; }

  Descriptor resolve(std::string_view reference, const std::stop_token& stop) override {
    if (!base::Digest::parse(reference) && !is_valid_tag(reference)) {
      base::fail(base::Code::invalid_argument, "\"{}\" is neither a tag nor a digest", reference);
    }
    HttpRequest request;
    request.method = "HEAD";
    request.headers.set("Accept", manifest_accept());
    const HttpResponse response =
        hosts_->exchange_retrying(request, path("manifests", reference), target_, nullptr, stop);
    if (response.ok()) {
      if (auto descriptor = from_head(response, reference)) return *descriptor;
    } else if (response.status != 405 && response.status != 400) {
      fail_response(response, named(reference));
    }
    return resolve_by_get(reference, stop);
  }

  std::string fetch_manifest(const Descriptor& descriptor, const std::stop_token& stop) override {
    return fetch_document(descriptor, "manifests", stop);
  }

  std::string fetch_config(const Descriptor& descriptor, const std::stop_token& stop) override {
    return fetch_document(descriptor, "blobs", stop);
  }

  void fetch_blob(const Descriptor& descriptor, store::ContentStore& content, const FetchProgress& progress,
                  const std::stop_token& stop) override {
    base::with_context(
        [&] {
          download_blob(*hosts_, target_, path("blobs", descriptor.digest.str()), descriptor, content, progress, stop);
        },
        "{}", name_);
  }

  bool has_blob(const Descriptor& descriptor, const std::stop_token& stop) override {
    HttpRequest request;
    request.method = "HEAD";
    const std::string where = path("blobs", descriptor.digest.str());
    const HttpResponse response = hosts_->exchange_retrying(request, where, push_target(""), nullptr, stop);
    if (response.ok()) return true;
    if (response.status == 404) return false;
    fail_response(response, base::format("{}: looking for blob {}", name_, descriptor.digest.str()));
  }

  void push_blob(const Descriptor& descriptor, const store::ContentStore& content, std::string_view mount_from,
                 const FetchProgress& progress, const std::stop_token& stop) override {
    // Whoever pushes the same blob to the same place, in whatever process, waits and finds it there.
    const auto held = content.hold(base::format("push {} to {}", descriptor.digest.str(), name_), stop);
    if (has_blob(descriptor, stop)) return;
    const base::Fd file = content.open(descriptor.digest);
    for (int attempt = 1;; ++attempt) {
      const HttpResponse response = upload(descriptor, file.get(), mount_from, stop);
      if (response.ok()) break;
      // Some registries refuse to mount where others would take the bytes instead.
      if (!mount_from.empty() && !HttpClient::transient(response)) {
        mount_from = "";
        continue;
      }
      if (!HttpClient::transient(response) || attempt >= hosts_->client().attempts()) {
        fail_response(response, base::format("{}: pushing blob {}", name_, descriptor.digest.str()));
      }
      hosts_->client().back_off(attempt, response, stop);
    }
    if (progress) progress(descriptor.size, descriptor.size);
  }

  std::optional<std::string> referrers(const base::Digest& digest, const std::stop_token& stop) override {
    HttpRequest request;
    request.headers.set("Accept", std::string(kOciIndex));
    BoundedBody body(kMaxDocumentSize);
    const HttpResponse response =
        hosts_->exchange_retrying(request, path("referrers", digest.str()), target_, &body, stop);
    // Registries older than the list answer "not found", some "not allowed".
    if (response.status == 404 || response.status == 405 || response.status == 400) return std::nullopt;
    if (!response.ok()) fail_response(response, base::format("{}: asking what refers to {}", name_, digest.str()));
    return std::move(body.bytes);
  }

  void push_manifest(const Descriptor& descriptor, std::string_view bytes, std::string_view tag,
                     const std::stop_token& stop) override {
    verify(descriptor, bytes);
    HttpRequest request;
    request.method = "PUT";
    request.headers.set("Content-Type", descriptor.media_type);
    request.body = std::string(bytes);
    const std::string reference = tag.empty() ? descriptor.digest.str() : std::string(tag);
    const HttpResponse response =
        hosts_->exchange_retrying(request, path("manifests", reference), push_target(""), nullptr, stop);
    if (!response.ok()) fail_response(response, "pushing " + named(reference));
    const auto stored = response.headers.find("Docker-Content-Digest");
    if (stored && *stored != descriptor.digest.str()) {
      base::fail(base::Code::data_loss, "pushing {}: the registry stored {} instead of {}", named(reference), *stored,
                 descriptor.digest.str());
    }
  }

 private:
  std::string path(std::string_view kind, std::string_view reference) const {
    return base::format("/v2/{}/{}/{}", target_.path, kind, reference);
  }

  std::string named(std::string_view reference) const {
    return name_ + (reference.find(':') == std::string_view::npos ? ":" : "@") + std::string(reference);
  }

  AuthTarget push_target(std::string_view mount_from) const {
    AuthTarget target = target_;
    target.access = Access::push;
    target.mount_from = std::string(mount_from);
    return target;
  }

  // Nothing when the head does not say enough and the document itself is needed.
  std::optional<Descriptor> from_head(const HttpResponse& response, std::string_view reference) const {
    const auto digest = base::Digest::parse(response.headers.find("Docker-Content-Digest").value_or(""));
    const auto size = base::parse_int(response.headers.find("Content-Length").value_or(""));
    Descriptor descriptor;
    descriptor.media_type = media_type_of(response);
    if (!digest || !size || *size <= 0) return std::nullopt;
    if (!is_manifest_type(descriptor.media_type) && !is_index_type(descriptor.media_type)) return std::nullopt;
    if (const auto asked = base::Digest::parse(reference); asked && *asked != *digest) {
      base::fail(base::Code::data_loss, "{}: the registry answered with {}", named(reference), digest->str());
    }
    descriptor.digest = *digest;
    descriptor.size = static_cast<std::uint64_t>(*size);
    return descriptor;
  }

  Descriptor resolve_by_get(std::string_view reference, const std::stop_token& stop) {
    HttpRequest request;
    request.headers.set("Accept", manifest_accept());
    BoundedBody body(kMaxDocumentSize);
    const HttpResponse response =
        hosts_->exchange_retrying(request, path("manifests", reference), target_, &body, stop);
    if (!response.ok()) fail_response(response, named(reference));
    Descriptor descriptor;
    descriptor.digest = base::sha256(body.bytes);
    descriptor.size = body.bytes.size();
    descriptor.media_type = media_type_of(response);
    if (!is_manifest_type(descriptor.media_type) && !is_index_type(descriptor.media_type)) {
      const bool index = base::with_context([&] { return document_kind(body.bytes, ""); }, "{}", named(reference)) ==
                         DocumentKind::index;
      const base::Json json = base::Json::parse(body.bytes);
      descriptor.media_type = json["mediaType"].string_or(index ? kOciIndex : kOciManifest);
    }
    if (const auto asked = base::Digest::parse(reference); asked && *asked != descriptor.digest) {
      base::fail(base::Code::data_loss, "{}: the registry answered with {}", named(reference), descriptor.digest.str());
    }
    return descriptor;
  }

  std::string fetch_document(const Descriptor& descriptor, std::string_view kind, const std::stop_token& stop) {
    if (descriptor.size > kMaxDocumentSize) {
      base::fail(base::Code::invalid_argument, "{}: document {} claims {} bytes, at most {} are accepted", name_,
                 descriptor.digest.str(), descriptor.size, kMaxDocumentSize);
    }
    return base::with_context(
        [&] {
          HttpRequest request;
          if (kind == "manifests") request.headers.set("Accept", manifest_accept());
          BoundedBody body(descriptor.size);
          const HttpResponse response =
              hosts_->exchange_retrying(request, path(kind, descriptor.digest.str()), target_, &body, stop);
          if (!response.ok()) fail_response(response, "reading " + descriptor.digest.str());
          verify(descriptor, body.bytes);
          return std::move(body.bytes);
        },
        "{}", name_);
  }

  // One upload from its beginning: the registry gives a place, the bytes go there.
  HttpResponse upload(const Descriptor& descriptor, int file, std::string_view mount_from,
                      const std::stop_token& stop) {
    const AuthTarget target = push_target(mount_from);
    std::string start = base::format("/v2/{}/blobs/uploads/", target_.path);
    if (!mount_from.empty()) {
      start += base::format("?mount={}&from={}", url_encode(descriptor.digest.str()), url_encode(mount_from));
    }
    HttpRequest request;
    request.method = "POST";
    HttpResponse response = hosts_->exchange(request, start, target, nullptr, stop);
    if (response.status != 202) return response;  // 201: mounted
    const std::string place = place_of(response, hosts_->url(target.domain, start));
    if (descriptor.size < 2 * hosts_->upload_piece()) return put(place, descriptor, file, target, stop);
    return upload_in_pieces(place, descriptor, file, target, stop);
  }

  /// Where a registry wants the next bytes, which it says relative to where it was asked.
  std::string place_of(const HttpResponse& response, const std::string& asked) const {
    const auto base_url = parse_url(asked);
    const auto place = base_url ? resolve_url(*base_url, response.headers.find("Location").value_or("")) : std::nullopt;
    if (!place) base::fail(base::Code::unavailable, "{}: the registry names no place to upload to", name_);
    if (base_url->scheme == "https" && place->scheme == "http") {
      base::fail(base::Code::permission_denied, "{}: the registry wants an upload over plain http", name_);
    }
    return place->str();
  }

  /// Ends an upload: with all bytes, or with `file` -1 after they were sent.
  HttpResponse put(const std::string& place, const Descriptor& descriptor, int file, const AuthTarget& target,
                   const std::stop_token& stop) {
    HttpRequest request;
    request.method = "PUT";
    if (file >= 0) {
      request.headers.set("Content-Type", "application/octet-stream");
      request.body_fd = file;
      request.body_size = descriptor.size;
    }
    const std::string url =
        place + (place.find('?') == std::string::npos ? "?" : "&") + "digest=" + url_encode(descriptor.digest.str());
    return hosts_->exchange(request, url, target, nullptr, stop);
  }

  // A piece whose answer did not come may have arrived in part: the registry is asked how much it has.
  HttpResponse upload_in_pieces(std::string place, const Descriptor& descriptor, int file, const AuthTarget& target,
                                const std::stop_token& stop) {
    std::uint64_t sent = 0;
    for (int attempt = 1; sent < descriptor.size;) {
      const std::uint64_t end = std::min(descriptor.size, sent + hosts_->upload_piece());
      HttpRequest patch;
      patch.method = "PATCH";
      patch.headers.set("Content-Type", "application/octet-stream");
      patch.headers.set("Content-Range", base::format("{}-{}", sent, end - 1));
      patch.body_fd = file;
      patch.body_offset = sent;
      patch.body_size = end - sent;
      HttpResponse response = hosts_->exchange(patch, place, target, nullptr, stop);
      if (response.ok()) {
        place = place_of(response, place);
        sent = end;
        attempt = 1;
        continue;
      }
      if (!HttpClient::transient(response) || attempt >= hosts_->client().attempts()) return response;
      hosts_->client().back_off(attempt++, response, stop);
      const HttpResponse status = hosts_->exchange({.url = ""}, place, target, nullptr, stop);
      const auto known = received(status);
      if (!known || *known > descriptor.size) return response;  // from the beginning, if at all
      if (status.headers.find("Location")) place = place_of(status, place);
      sent = *known;
    }
    return put(place, descriptor, -1, target, stop);
  }

  /// From "Range: 0-N" of an upload under way; an upload without bytes has "0-0", or no range.
  static std::optional<std::uint64_t> received(const HttpResponse& status) {
    if (!status.ok()) return std::nullopt;
    const std::string range = status.headers.find("Range").value_or("0-0");
    const auto parts = base::cut(range, "-");
    const auto last = parts ? base::parse_int(parts->second) : std::nullopt;
    if (!last || *last < 0) return std::nullopt;
    return *last == 0 ? 0 : static_cast<std::uint64_t>(*last) + 1;
  }

  std::shared_ptr<RegistryHosts> hosts_;
  std::string name_;
  AuthTarget target_;
};

}  // namespace

struct Registry::State {
  std::shared_ptr<RegistryHosts> hosts;
};

Registry::Registry(const RegistryOptions& options) : state_(std::make_shared<State>()) {
  SLIP_CHECK(options.transport != nullptr);
  state_->hosts = std::make_shared<RegistryHosts>(options);
}

Registry::~Registry() = default;

std::unique_ptr<Repository> Registry::repository(const Reference& reference) {
  const auto at = [&](const Reference& place) { return std::make_unique<RegistryRepository>(state_->hosts, place); };
  const RegistrySettings& settings = state_->hosts->settings();
  std::vector<MirrorOf> mirrors;
  // The last source is the repository itself.
  for (const auto& by_digest : {ByDigest::no, ByDigest::yes}) {
    auto sources = settings.sources(reference, by_digest);
    sources.pop_back();
    for (const auto& source : sources) {
      const auto known = std::find_if(mirrors.begin(), mirrors.end(), [&](const auto& mirror) {
        return mirror.repository->describe() == source.name();
      });
      if (known == mirrors.end()) {
        mirrors.push_back({at(source), by_digest == ByDigest::no, by_digest == ByDigest::yes});
      } else {
        known->answers_digests = true;
      }
    }
  }
  return with_mirrors(std::move(mirrors), at(settings.location(reference)));
}

void Registry::allow_insecure(std::string_view domain) { state_->hosts->allow_insecure(domain); }

void Registry::check_login(std::string_view domain, const std::stop_token& stop) {
  BoundedBody body(kMaxDocumentSize);
  const AuthTarget target{.domain = std::string(domain), .path = "", .mount_from = ""};
  const HttpResponse response = state_->hosts->exchange_retrying({}, "/v2/", target, &body, stop);
  if (response.ok()) return;
  if (response.status == 401 || response.status == 403) {
    base::Error error(base::Code::unauthenticated,
                      base::format("{} does not take this user name and password", domain));
    error.set_hint("check both; many registries want an access token in place of a password");
    throw error;
  }
  base::fail(base::Code::unavailable, "logging in to {}: {}", domain, describe_failure(response));
}

}  // namespace oci
