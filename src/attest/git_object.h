// SPDX-License-Identifier: Apache-2.0
#pragma once
// Commits and annotated tags of git, as text, in their parts.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attest {

struct GitActor {
  std::string name;
  std::string email;
  std::string when;  ///< RFC 3339 with the actor's own offset; "" where it cannot be read
};

struct GitObject {
  std::map<std::string, std::vector<std::string>> headers;  ///< "tree", "parent", "tagger" …
  std::string message;
  std::string signature;  ///< armored; "" = none

  /// Anything that is no object just has no headers.
  static GitObject parse(std::string_view raw);
  std::string header(const std::string& name) const;  ///< the first one; "" = none
};

GitActor parse_git_actor(std::string_view text);

/// What an armored signature says of its maker; nothing of it is verified.
struct GitSignatureNote {
  bool is_ssh = false;
  int version = 0;
  std::string key;  ///< OpenPGP: the key's id in hex; SSH: "SHA256:…" of the public key; "" where it does not say
};
/// Nothing for what is no signature of either kind.
std::optional<GitSignatureNote> note_of_signature(std::string_view armored);

}  // namespace attest
