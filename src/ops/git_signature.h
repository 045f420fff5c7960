// SPDX-License-Identifier: Apache-2.0
#pragma once
// Signatures of commits and annotated tags, by the rules of BuildKit's git.sig.* attributes.
//
//     GitSignatures signatures(source.signature, bare_repository, store.root() + "/git", stop);
//     signatures.check(revision);       // throws, a refusal, unless one of the rule's keys signed it
//
// git itself verifies, through gpg or ssh-keygen, and is given the rule's keys alone: no keyring, allowed signers
// or configuration of the user or the machine counts. A signed tag is asked first, and the commit where that does not
// hold. The tag must say the name it is found under: with require_signed_tag a server that answers v2 with the signed
// v1 is refused. Without it any commit that one of the keys ever signed will do, under any name.
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/subprocess.h"
#include "llb/op.h"

namespace ops {

struct GitRevision {
  std::string ref;       ///< full name, "" when a commit was asked for
  std::string checksum;  ///< what the ref names: a commit or an annotated tag
  std::string commit;
};

struct GitSignatureRule {
  std::string keys;                 ///< armored OpenPGP key blocks and SSH public keys, one a line
  bool reject_expired = false;      ///< an OpenPGP key that has expired since it signed does not count either
  bool require_signed_tag = false;  ///< the commit's own signature is not enough
  bool ignore_signed_tag = false;   ///< only the commit's own counts

  /// Nothing where no rule asks. Throws invalid_argument for values that are neither true nor false, and for conditions
  /// without keys.
  static std::optional<GitSignatureRule> of(const llb::SourceOp& source);
};

class GitSignatures {
 public:
  /// `repository`: a bare one with the objects. `scratch`: a directory for the keys while this lives.
  /// Throws invalid_argument for keys that cannot be read, failed_precondition without the program to verify with.
  GitSignatures(const GitSignatureRule& rule, std::string repository, const std::string& scratch,
                const std::stop_token& stop);

  /// Throws permission_denied, a refusal, with the reason for each object asked.
  void check(const GitRevision& revision) const;

 private:
  void take_ssh_key(std::string_view line);
  std::string tag_fault(const GitRevision& revision) const;
  std::string fault(const char* verify, const std::string& object) const;

  GitSignatureRule rule_;
  std::string repository_;
  std::stop_token stop_;
  base::TemporaryDirectory keys_;
  std::string pgp_blocks_;
  std::string allowed_signers_;
};

}  // namespace ops
