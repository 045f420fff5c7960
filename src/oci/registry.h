// SPDX-License-Identifier: Apache-2.0
#pragma once
// The client of OCI distribution registries: pull and push.
//
//     oci::Registry registry({.credentials = &credentials, .transport = transport.get()});
//     auto repository = registry.repository(reference);             // an ImageSource
//     oci::Descriptor root = repository->resolve(reference.object(), stop);
//
// docker.io is asked at registry-1.docker.io. Plain http is spoken only to loopback hosts and to
// those listed as insecure. Certificates of private registries are taken from
// /etc/docker/certs.d/HOST and /etc/containers/certs.d/HOST (*.crt, client *.cert + *.key).
//
// A blob is committed only when it has the length and digest its descriptor says: bodies that go on
// for ever are stopped at that length, broken ones are resumed with Range, wrong ones are refused.
// Threads: everything here may be used from several threads at once.
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "oci/credentials.h"
#include "oci/http_client.h"
#include "oci/image_source.h"
#include "oci/reference.h"
#include "oci/registry_settings.h"

namespace oci {

struct RegistryOptions {
  CredentialSource* credentials = nullptr;  ///< anonymous when null
  HttpTransport* transport = nullptr;       ///< must outlive the registry
  RetryPolicy retry;
  /// Blobs of twice that size and more are sent in pieces, so that a broken connection costs one of them.
  std::uint64_t upload_piece = std::uint64_t{64} << 20;
  RegistrySettings settings;  ///< mirrors, and hosts of which less is asked
  std::vector<std::string> certificate_directories = {"/etc/docker/certs.d", "/etc/containers/certs.d"};
};

/// A repository of a registry: read like any image source, and written to.
class Repository : public ImageSource {
 public:
  /// True when the registry has the blob (HEAD).
  virtual bool has_blob(const Descriptor& descriptor, const std::stop_token& stop) = 0;
  /// Uploads one blob unless it is there; afterwards it is. Of several pushes at once from one store, one sends it.
  /// With `mount_from`, the registry is first asked to take it from that repository.
  virtual void push_blob(const Descriptor& descriptor, const store::ContentStore& content, std::string_view mount_from,
                         const FetchProgress& progress, const std::stop_token& stop) = 0;
  /// The registry's own list of what refers to a manifest, an index's bytes; nothing from one that keeps no such list.
  virtual std::optional<std::string> referrers(const base::Digest& digest, const std::stop_token& stop) = 0;
  /// Puts a manifest or index under a tag or, with "", under its digest.
  virtual void push_manifest(const Descriptor& descriptor, std::string_view bytes, std::string_view tag,
                             const std::stop_token& stop) = 0;
};

class Registry {
 public:
  explicit Registry(const RegistryOptions& options);
  ~Registry();

  /// The repository a reference names; nothing is asked yet.
  std::unique_ptr<Repository> repository(const Reference& reference);
  /// From now on plain http, or https without verification, are accepted of the domain's host (registry.insecure=true).
  void allow_insecure(std::string_view domain);
  /// Whether the registry takes the credentials for its domain; throws unauthenticated when it refuses them.
  void check_login(std::string_view domain, const std::stop_token& stop);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace oci
