// SPDX-License-Identifier: Apache-2.0
#pragma once
// What policies are told of sources, looked up with the build's own means: its lock, its registry client, its store.
#include <map>
#include <string>
#include <utility>

#include "attest/source_facts.h"
#include "base/sync.h"
#include "oci/registry.h"
#include "ops/services.h"

namespace cli {

/// The digest that the lock file has for an image, where the build's Dockerfile leaves it open.
std::optional<std::string> locked_image(const ops::SourceLock& lock, std::string_view scheme, const std::string& name,
                                        const std::string& platform);

class LiveFacts final : public attest::SourceFacts {
 public:
  struct Parts {
    const ops::Services& services;
    oci::Registry& registry;
    bool pull = false;  ///< --pull: names are asked for at the registry, whatever is here
  };
  explicit LiveFacts(Parts parts) : parts_(parts) {}

  attest::ImageFacts image(const llb::SourceOp& source, const llb::Platform& platform,
                           const std::stop_token& stop) override;
  std::vector<std::string> statements(const llb::SourceOp& source, const llb::Platform& platform,
                                      const std::stop_token& stop) override;
  std::string http_digest(const llb::SourceOp& source, const std::stop_token& stop) override;
  bool is_signed(const base::Digest& file, std::string_view signature, std::string_view keys,
                 const std::stop_token& stop) override;
  attest::GitFacts git(const llb::SourceOp& source, Objects objects, const std::stop_token& stop) override;
  bool is_signed(const llb::SourceOp& source, const ops::GitRevision& revision, Signed what, std::string_view keys,
                 const std::stop_token& stop) override;

 private:
  std::shared_ptr<const ops::ResolvedBase> resolve(const llb::SourceOp& source, const llb::Platform& platform,
                                                   const std::stop_token& stop) const;
  ops::GitSource git_source(const llb::SourceOp& source) const;

  Parts parts_;
  base::Sync<std::map<std::string, std::string>> digests_;  ///< of downloads, by address
};

}  // namespace cli
