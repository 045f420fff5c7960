// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a policy may want to know of a source beyond its name, found out when the policy asks.
//
// What was found is what the build uses: within a build a name stands for one image, and a download or a repository
// that was judged is held to what it was then (llb::attr::kJudged…).
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "llb/op.h"
#include "llb/platform.h"
#include "ops/git_source.h"

namespace attest {

struct ImageFacts {
  std::string digest;  ///< of what the name stands for: an index or a manifest
  std::string config;  ///< the platform's, as JSON
};

struct GitFacts {
  ops::GitRevision revision;
  std::string commit;  ///< the raw object; "" = not asked for
  std::string tag;     ///< the raw object of an annotated tag, or ""
};

/// Threads: any. Failure: base::Error, where it cannot be found out.
class SourceFacts {
 public:
  virtual ~SourceFacts() = default;
  virtual ImageFacts image(const llb::SourceOp& source, const llb::Platform& platform, const std::stop_token& stop) = 0;
  /// In-toto statements that lie beside the platform's image; nothing of them is verified.
  virtual std::vector<std::string> statements(const llb::SourceOp& source, const llb::Platform& platform,
                                              const std::stop_token& stop) = 0;
  /// Downloads the file: "sha256:…".
  virtual std::string http_digest(const llb::SourceOp& source, const std::stop_token& stop) = 0;
  /// Whether one of the armored OpenPGP keys made the detached signature over a file that http_digest() fetched.
  virtual bool is_signed(const base::Digest& file, std::string_view signature, std::string_view keys,
                         const std::stop_token& stop) = 0;
  enum class Objects : bool { no, yes };
  virtual GitFacts git(const llb::SourceOp& source, Objects objects, const std::stop_token& stop) = 0;
  /// Whether one of the keys (as of git.sig.pubkey) signed the commit, or the tag that names it.
  enum class Signed : bool { commit, tag };
  virtual bool is_signed(const llb::SourceOp& source, const ops::GitRevision& revision, Signed what,
                         std::string_view keys, const std::stop_token& stop) = 0;
};

}  // namespace attest
