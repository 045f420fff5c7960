// SPDX-License-Identifier: Apache-2.0
#include "oci/registry_host.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/format.h"
#include "base/strings.h"

namespace oci {
namespace {

class Anonymous final : public CredentialSource {
 public:
  std::optional<Credential> find(std::string_view, std::string_view, const std::stop_token&) override {
    return std::nullopt;
  }
};

bool is_loopback_domain(std::string_view domain) {
  const auto url = parse_url(base::format("http://{}/", domain));
  return url && url->port != 443 && is_loopback_host(url->host);
}

bool is_no_such_server(const HttpResponse& response) {
  return response.fault && (*response.fault == TransportFault::tls || *response.fault == TransportFault::connect);
}

// Go's servers and nginx answer plain http on a TLS port with 400 and a sentence about HTTPS (that a HEAD does not
// get); plain servers answer TLS with nothing that TLS can read.
bool is_wrong_protocol(const HttpResponse& response, bool spoke_https) {
  if (spoke_https) return is_no_such_server(response);
  return response.status == 400 && (response.body.empty() || response.body.find("HTTPS") != std::string::npos);
}

}  // namespace

std::string api_host(std::string_view domain) {
  return std::string(domain == "docker.io" ? "registry-1.docker.io" : domain);
}

TlsSettings tls_settings(const std::vector<std::string>& directories, std::string_view host) {
  TlsSettings tls;
  for (const std::string& directory : directories) {
    const std::string folder = base::format("{}/{}", directory, host);
    if (host.find('/') != std::string_view::npos || !base::exists(folder)) continue;
    for (const std::string& name : base::list_directory(folder)) {
      const std::string path = folder + "/" + name;
      if (name.ends_with(".crt")) tls.ca_files.push_back(path);
      if (!name.ends_with(".cert") || !tls.client_certificate.empty()) continue;
      const std::string key = path.substr(0, path.size() - 5) + ".key";
      if (!base::exists(key)) {
        base::fail(base::Code::failed_precondition, "client certificate {} has no key {} beside it", path, key);
      }
      tls.client_certificate = path;
      tls.client_key = key;
    }
    if (tls != TlsSettings{}) break;
  }
  return tls;
}

RegistryHosts::RegistryHosts(const RegistryOptions& options)
    : options_(options),
      anonymous_(std::make_unique<Anonymous>()),
      client_(*options.transport, options.retry),
      authorizer_(client_, options.credentials != nullptr ? *options.credentials : *anonymous_) {}

RegistryHosts::Host RegistryHosts::make_host(std::string_view domain) {
  const std::string host = api_host(domain);
  const std::string name(domain);
  const RegistrySettings& settings = options_.settings;
  TlsSettings tls = tls_settings(options_.certificate_directories, host);
  if (const auto more = settings.tls().find(name); more != settings.tls().end()) {
    tls.ca_files.insert(tls.ca_files.end(), more->second.ca_files.begin(), more->second.ca_files.end());
    if (!more->second.client_certificate.empty()) {
      tls.client_certificate = more->second.client_certificate;
      tls.client_key = more->second.client_key;
    }
  }
  const bool insecure = settings.insecure_hosts().contains(name) || insecure_.lock()->contains(name);
  Host result;
  Address https{"https://" + host, tls};
  const Address http{"http://" + host, {}};
  if (settings.plain_hosts().contains(name)) {
    result.addresses = {http};
  } else if (insecure) {
    https.tls.verify = TlsSettings::Verify::no;
    result.addresses = {https, http};
  } else if (is_loopback_domain(host) && tls == TlsSettings{}) {
    result.addresses = {http, https};
  } else {
    result.addresses = {https};
  }
  return result;
}

void RegistryHosts::allow_insecure(std::string_view domain) {
  insecure_.lock()->emplace(domain);
  hosts_.lock()->erase(std::string(domain));
}

RegistryHosts::Address RegistryHosts::address(std::string_view domain) {
  auto hosts = hosts_.lock();
  auto found = hosts->find(domain);
  if (found == hosts->end()) found = hosts->emplace(std::string(domain), make_host(domain)).first;
  return found->second.addresses[found->second.current];
}

bool RegistryHosts::try_next_address(std::string_view domain, const Address& failed) {
  auto hosts = hosts_.lock();
  Host& host = hosts->find(domain)->second;
  if (host.addresses[host.current].base != failed.base) return true;  // another thread has moved on
  if (host.current + 1 == host.addresses.size()) return false;
  ++host.current;
  return true;
}

void RegistryHosts::go_back(std::string_view domain, const Address& failed) {
  auto hosts = hosts_.lock();
  Host& host = hosts->find(domain)->second;
  if (host.current > 0 && host.addresses[host.current].base == failed.base) --host.current;
}

std::string RegistryHosts::url(std::string_view domain, std::string_view path) {
  return address(domain).base + std::string(path);
}

HttpResponse RegistryHosts::exchange(HttpRequest request, std::string_view path, const AuthTarget& target,
                                     BodySink* sink, const std::stop_token& stop) {
  bool answered = false;
  std::optional<HttpResponse> doubtful;  ///< from an address that is perhaps the wrong one
  for (;;) {
    const Address where = address(target.domain);
    request.url = path.starts_with('/') ? where.base + std::string(path) : std::string(path);
    const auto ours = parse_url(where.base);
    const auto asked = parse_url(request.url);
    request.headers.remove("Authorization");
    request.tls = {};
    // An upload may be sent to another host by the registry's Location; our secrets stay here.
    if (ours && asked && ours->origin() == asked->origin()) {
      request.tls = where.tls;
      authorizer_.sign(request, target);
    }
    HttpResponse response = client_.exchange(request, sink, stop);
    if (doubtful && is_no_such_server(response)) {
      go_back(target.domain, where);
      return std::move(*doubtful);
    }
    const bool elsewhere = is_wrong_protocol(response, where.base.starts_with("https:"));
    if (elsewhere && path.starts_with('/') && try_next_address(target.domain, where)) {
      doubtful = std::move(response);
      continue;
    }
    if (response.status != 401 || response.fault || answered) return response;
    answered = true;
    if (!authorizer_.learn(request, response, target, stop)) return response;
  }
}

HttpResponse RegistryHosts::exchange_retrying(const HttpRequest& request, std::string_view path,
                                              const AuthTarget& target, BodySink* sink, const std::stop_token& stop) {
  for (int attempt = 1;; ++attempt) {
    HttpResponse response = exchange(request, path, target, sink, stop);
    if (!HttpClient::transient(response) || attempt >= client_.attempts()) return response;
    client_.back_off(attempt, response, stop);
  }
}

}  // namespace oci
