// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is said about registries beside the image's name: mirrors, other locations, plain http, certificates, blocks.
//
//     auto settings = oci::RegistrySettings::conventional(environment);
//     settings.apply(oci::Reference::parse("docker.io/library/debian:12"), oci::ByDigest::no)
//         // {mirror.example/hub/library/debian, docker.io/library/debian}: to be asked in that order
//
// Read from registries.conf as podman and skopeo have it (containers-registries.conf(5), version 2: prefix, location,
// insecure, blocked, mirror with pull-from-mirror) or from buildkitd.toml ([registry."host"]: mirrors, http, insecure,
// ca, keypair); which of the two a file is shows in it. The rule with the longest prefix counts. Search lists and short
// names are not heeded: a name without a host means docker.io, as with docker. Threads: read-only once made. Failure:
// invalid_argument with the file and line; a block is permission_denied.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "oci/http_client.h"
#include "oci/reference.h"

namespace oci {

/// A mirror may be good for names by digest alone (it cannot serve old bytes), or by tag alone.
enum class MirrorUse : std::uint8_t { all, digests, tags };
enum class ByDigest : std::uint8_t { no, yes };

class RegistrySettings {
 public:
  /// SLIPWAY_REGISTRIES or CONTAINERS_REGISTRIES_CONF, else containers/registries.conf of the user or of the machine,
  /// with registries.conf.d beside it.
  static RegistrySettings conventional(
      const std::function<std::optional<std::string>(const std::string&)>& environment);
  /// Adds what a file says; what was said before about the same prefix is replaced.
  void add(std::string_view text, const std::string& path);

  void allow_insecure(const std::string& host) { insecure_.insert(host); }

  /// Where an image is to be read from, in that order; at least one. Throws when its registry is blocked.
  std::vector<Reference> sources(const Reference& image, ByDigest by_digest) const;
  /// Where an image is to be written to, and read from last.
  Reference location(const Reference& image) const;

  /// Plain http, or https without verification, is accepted of these hosts; only plain http is spoken with those.
  const std::set<std::string>& insecure_hosts() const { return insecure_; }
  const std::set<std::string>& plain_hosts() const { return plain_; }
  /// Beside what certs.d has.
  const std::map<std::string, TlsSettings>& tls() const { return tls_; }

 private:
  struct Mirror {
    std::string location;
    MirrorUse use = MirrorUse::all;
  };
  struct Rule {
    std::string location;
    std::string file;
    bool blocked = false;
    std::vector<Mirror> mirrors;
  };
  class Reader;

  /// The rule, and the prefix it has.
  const std::pair<const std::string, Rule>* rule_of(const Reference& image) const;

  std::map<std::string, Rule> rules_;
  std::set<std::string> insecure_;
  std::set<std::string> plain_;
  std::map<std::string, TlsSettings> tls_;
};

}  // namespace oci
