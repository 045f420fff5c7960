// SPDX-License-Identifier: Apache-2.0
#pragma once
// OpenPGP through gpg: keys that a rule names, and what gpg says of signatures by them.
//
//     const auto parts = armored_parts(text, "PUBLIC KEY BLOCK", "http.sig.pubkey");
//     import_pgp_keys(home, parts.blocks, "http.sig.pubkey", stop);      // into a directory of their own
//     for (const auto& signature : read_pgp_status(output)) …            // of gpg --status-fd
//
// Failure: invalid_argument names the attribute that holds what cannot be read.
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ops {

struct ArmoredParts {
  std::string blocks;               ///< "-----BEGIN PGP <kind>-----" to the end, all there are
  std::vector<std::string> others;  ///< the lines around them that are neither empty nor comments
};

/// Throws invalid_argument for a block without an end.
ArmoredParts armored_parts(std::string_view text, std::string_view kind, std::string_view attribute);

/// Throws failed_precondition, naming Debian's package, when the program is not there.
void need_program(std::string_view program, std::string_view package);

/// Makes `home` gpg's home directory with these keys alone. Nothing there fetches further ones.
void import_pgp_keys(const std::string& home, const std::string& blocks, std::string_view attribute,
                     const std::stop_token& stop);

/// One signature as gpg tells of it to programs (GnuPG's doc/DETAILS).
class PgpSignature {
 public:
  void add(std::vector<std::string> line) { lines_.push_back(std::move(line)); }

  /// Whether gpg could read so much of it that it says how it stands.
  bool is_judged() const;
  /// Whole, made by today's standards, and by a key of ours that is valid.
  bool is_good() const;
  /// The same, but the key was valid when it signed and is no longer.
  bool has_expired_since() const;
  /// Made with a digest or a kind of key that is no longer safe.
  bool is_weak() const;
  /// Why it does not hold.
  std::string fault() const;

 private:
  bool has(std::string_view keyword) const { return find(keyword) != nullptr; }
  bool has_valid_sum() const;
  const std::vector<std::string>* find(std::string_view keyword) const;

  std::vector<std::vector<std::string>> lines_;
};

/// The signatures that gpg met, in their order; none where it was not asked.
std::vector<PgpSignature> read_pgp_status(std::string_view text);

}  // namespace ops
