// SPDX-License-Identifier: Apache-2.0
#pragma once
// Detached OpenPGP signatures of downloads, by the rules of BuildKit's http.sig.* attributes.
//
//     const auto rule = HttpSignatureRule::of(source);
//     const HttpSignature signature(*rule, store.root(), stop);     // the keys are read before anything is fetched
//     signature.check(content.open(digest));                        // throws, a refusal, unless one of the keys signed
//     it
//
// gpg verifies, and is given the rule's keys alone. Of several signatures one that holds is enough. As with BuildKit a
// key counts that was valid when it signed and has expired since; one that is revoked does not.
#include <optional>
#include <stop_token>
#include <string>

#include "base/fd.h"
#include "base/file.h"
#include "llb/op.h"

namespace ops {

struct HttpSignatureRule {
  std::string keys;       ///< armored OpenPGP key blocks
  std::string signature;  ///< armored, detached

  /// Nothing where no rule asks. Throws invalid_argument for a signature without keys, and permission_denied, a
  /// refusal, for keys without a signature: what they should have signed is unsigned.
  static std::optional<HttpSignatureRule> of(const llb::SourceOp& source);
};

class HttpSignature {
 public:
  /// `scratch`: a directory for the keys while this lives. Throws invalid_argument for keys and signatures that are
  /// none, failed_precondition without gpg.
  HttpSignature(const HttpSignatureRule& rule, const std::string& scratch, std::stop_token stop);

  /// Throws permission_denied, a refusal, with the reason; invalid_argument for a signature that gpg cannot read.
  void check(const base::Fd& file) const;

 private:
  std::string signature_path() const { return home_.path() + "/signature.asc"; }

  std::stop_token stop_;
  base::TemporaryDirectory home_;
};

}  // namespace ops
