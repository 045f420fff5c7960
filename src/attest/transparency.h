// SPDX-License-Identifier: Apache-2.0
#pragma once
// Entries of a transparency log (sigstore's Rekor) that come with a signature, checked without asking the log.
//
//     auto entry = attest::LogEntry::of_annotation(json);        // beside a simple signature
//     auto time = entry.check(log_keys, {.payload = …, .signature = …, .signer = …});
//
// The log's own signature is either a *promise* (SET, over the entry's body, time, log and index) or a *proof*: the way
// from the entry to the root of the log's tree (RFC 6962), and a signed checkpoint that has that root. Then the body
// must be about this signature: kinds hashedrekord and dsse (v0.0.1), with the payload's digest, the signature, and the
// key or certificate. Only a promise says when: a proof alone has no time. Threads: any. Failure: permission_denied.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/signature.h"
#include "base/json.h"
#include "base/time.h"

namespace attest {

/// The way from an entry to the root of the log's tree, and the note that has the root.
struct LogProof {
  std::uint64_t index = 0;
  std::uint64_t tree_size = 0;
  std::string root;
  std::vector<std::string> hashes;
  std::string checkpoint;
};

class LogEntry {
 public:
  /// The annotation dev.sigstore.cosign/bundle.
  static LogEntry of_annotation(std::string_view json);
  /// One of tlogEntries in a sigstore bundle.
  static LogEntry of_bundle(const base::Json& entry);

  struct Subject {
    std::string_view payload;
    std::string_view signature;  ///< bytes
    std::string_view signer;     ///< a certificate in DER, or "" for a key
    const PublicKey* key = nullptr;
  };
  /// When the log took it in, where that is certain. Throws what is wrong.
  std::optional<base::Nanos> check(const std::vector<PublicKey>& log_keys, const Subject& subject) const;

 private:
  bool has_promise(const std::vector<PublicKey>& log_keys) const;
  void check_proof(const std::vector<PublicKey>& log_keys) const;
  void check_body(const Subject& subject) const;

  std::string body_;  ///< base64
  std::int64_t time_ = 0;
  std::int64_t index_ = 0;
  std::string log_id_;   ///< hex
  std::string promise_;  ///< "" = none
  std::optional<LogProof> proof_;
};

}  // namespace attest
