// SPDX-License-Identifier: Apache-2.0
#include "ops/pgp.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/subprocess.h"

namespace ops {
namespace {

constexpr std::string_view kStatus = "[GNUPG:] ";

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

ArmoredParts armored_parts(std::string_view text, std::string_view kind, std::string_view attribute) {
  const std::string begin = base::format("-----BEGIN PGP {}-----", kind);
  const std::string end = base::format("-----END PGP {}-----", kind);
  ArmoredParts parts;
  bool in_block = false;
  for (const auto& raw : base::split(text, '\n')) {
    const std::string_view line = base::trim(raw);
    if (line == begin) in_block = true;
    if (in_block) {
      parts.blocks.append(line).append("\n");
    } else if (!line.empty() && !line.starts_with('#')) {
      parts.others.emplace_back(line);
    }
    if (line == end) in_block = false;
  }
  if (in_block) {
    base::fail(base::Code::invalid_argument, "{} has an OpenPGP {} without an end", attribute,
               kind == "SIGNATURE" ? "signature" : "key block");
  }
  return parts;
}

void need_program(std::string_view program, std::string_view package) {
  if (base::find_program(program)) return;
  base::fail(base::Code::failed_precondition, "{} is not installed; signatures need it (Debian: {})", program, package);
}

void import_pgp_keys(const std::string& home, const std::string& blocks, std::string_view attribute,
                     const std::stop_token& stop) {
  need_program("gpg", "gpg");
  base::write_file_atomic(home + "/keys.asc", blocks);
  // Else a machine's own settings could fetch the key that a signature names.
  base::write_file_atomic(home + "/gpg.conf", "no-auto-key-retrieve\nno-auto-key-import\n");
  base::Command command;
  command.argv = {"gpg", "--batch", "--no-tty", "--no-autostart", "--homedir", home, "--import", home + "/keys.asc"};
  const base::Output output = base::run_collect(std::move(command), {}, stop);
  if (output.status.ok()) return;
  base::fail(base::Code::invalid_argument, "{} has an OpenPGP key that cannot be read: {}", attribute,
             base::trim(output.err));
}

const std::vector<std::string>* PgpSignature::find(std::string_view keyword) const {
  const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const auto& line) { return line[0] == keyword; });
  return found == lines_.end() ? nullptr : &*found;
}

bool PgpSignature::has_valid_sum() const {
  for (const char* bad : {"BADSIG", "ERRSIG", "EXPSIG", "REVKEYSIG", "KEYREVOKED", "NO_PUBKEY"}) {
    if (has(bad)) return false;
  }
  return has("VALIDSIG") && !is_weak();
}

bool PgpSignature::is_judged() const {
  return std::any_of(lines_.begin(), lines_.end(),
                     [](const auto& line) { return line[0].ends_with("SIG") && line[0] != "NEWSIG"; });
}

bool PgpSignature::is_good() const { return has_valid_sum() && has("GOODSIG") && !has("EXPKEYSIG"); }

bool PgpSignature::has_expired_since() const {
  const auto* valid = find("VALIDSIG");  // fingerprint, date, seconds of the signature, ...
  if (!has_valid_sum() || !has("EXPKEYSIG") || valid->size() < 4) return false;
  return std::none_of(lines_.begin(), lines_.end(), [&](const auto& line) {
    return line[0] == "KEYEXPIRED" && line.size() > 1 && number(line[1]) < number((*valid)[3]);
  });
}

/// By the numbers of RFC 4880: SHA-256, -384 and -512; RSA, ECDSA and EdDSA, as BuildKit has it.
bool PgpSignature::is_weak() const {
  constexpr std::array<std::int64_t, 3> kDigests{8, 9, 10};
  constexpr std::array<std::int64_t, 4> kKeys{1, 3, 19, 22};
  const auto* valid = find("VALIDSIG");
  if (!valid) return false;
  if (valid->size() < 9) return true;
  return std::find(kKeys.begin(), kKeys.end(), number((*valid)[7])) == kKeys.end() ||
         std::find(kDigests.begin(), kDigests.end(), number((*valid)[8])) == kDigests.end();
}

std::string PgpSignature::fault() const {
  if (has("BADSIG")) return "its signature does not fit it";
  if (has("REVKEYSIG") || has("KEYREVOKED")) return "the key that signed it is revoked";
  if (has("EXPSIG")) return "its signature has expired";
  if (is_weak()) return "its signature is made with a digest or a key that is no longer safe";
  if (has("EXPKEYSIG")) return "the key that signed it has expired";
  const auto* unknown = find("NO_PUBKEY");
  if (unknown && unknown->size() > 1) {
    return base::format("OpenPGP key {} signed it, which is none of the rule's", (*unknown)[1]);
  }
  return "gpg does not accept its signature";
}

std::vector<PgpSignature> read_pgp_status(std::string_view text) {
  std::vector<PgpSignature> signatures;
  bool begun = false;  // lines before the first NEWSIG belong to the first signature
  for (const auto& line : base::split(text, '\n')) {
    if (!line.starts_with(kStatus)) continue;
    auto words = base::split(std::string_view(line).substr(kStatus.size()), ' ');
    const bool is_new = words[0] == "NEWSIG";
    if (signatures.empty() || (is_new && begun)) signatures.emplace_back();
    begun = begun || is_new;
    signatures.back().add(std::move(words));
  }
  return signatures;
}

}  // namespace ops
