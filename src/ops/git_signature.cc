// SPDX-License-Identifier: Apache-2.0
#include "ops/git_signature.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/strings.h"
#include "llb/attr.h"
#include "ops/git_program.h"

namespace ops {
namespace {

constexpr std::string_view kPgpBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
constexpr std::string_view kPgpEnd = "-----END PGP PUBLIC KEY BLOCK-----";

bool truth(const llb::SourceOp& source, std::string_view attribute) {
  const std::string value(source.attr(attribute));
  if (value == "true") return true;
  if (value.empty() || value == "false") return false;
  base::fail(base::Code::invalid_argument, "{} is \"{}\"; it takes true or false", attribute, value);
}

void need_program(std::string_view program, std::string_view package) {
  if (base::find_program(program)) return;
  base::fail(base::Code::failed_precondition, "{} is not installed; signatures of git need it (Debian: {})", program,
             package);
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// What gpg says of a signature to programs (GnuPG's doc/DETAILS), as git hands it on.
class PgpStatus {
 public:
  explicit PgpStatus(std::string_view text) {
    for (const auto& line : base::split(text, '\n')) {
      if (std::string_view rest = line; rest.starts_with("[GNUPG:] ")) {
        rest.remove_prefix(std::string_view("[GNUPG:] ").size());
        lines_.push_back(base::split(rest, ' '));
      }
    }
  }

  bool has(std::string_view keyword) const { return find(keyword) != nullptr; }

  /// Whole and by a key of ours that was valid when it signed, but is no longer.
  bool expired_since() const {
    for (const char* bad : {"BADSIG", "ERRSIG", "EXPSIG", "REVKEYSIG", "KEYREVOKED", "NO_PUBKEY"}) {
      if (has(bad)) return false;
    }
    const auto* valid = find("VALIDSIG");  // fingerprint, date, seconds of the signature, ...
    if (!has("EXPKEYSIG") || !valid || valid->size() < 4) return false;
    return std::none_of(lines_.begin(), lines_.end(), [&](const auto& line) {
      return line[0] == "KEYEXPIRED" && line.size() > 1 && number(line[1]) < number((*valid)[3]);
    });
  }

  /// Why it does not hold; "" where gpg was not asked.
  std::string reason() const {
    if (has("BADSIG")) return "its signature does not fit it";
    if (has("REVKEYSIG") || has("KEYREVOKED")) return "the key that signed it is revoked";
    if (has("EXPSIG")) return "its signature has expired";
    if (has("EXPKEYSIG")) return "the key that signed it has expired";
    const auto* unknown = find("NO_PUBKEY");
    if (unknown && unknown->size() > 1) {
      return base::format("OpenPGP key {} signed it, which is none of the rule's", (*unknown)[1]);
    }
    return lines_.empty() ? "" : "gpg does not accept its signature";
  }

 private:
  const std::vector<std::string>* find(std::string_view keyword) const {
    const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const auto& line) { return line[0] == keyword; });
    return found == lines_.end() ? nullptr : &*found;
  }

  std::vector<std::vector<std::string>> lines_;
};

}  // namespace

GitSignatureRule GitSignatureRule::of(const llb::SourceOp& source) {
  GitSignatureRule rule;
  rule.keys = source.attr(llb::attr::kGitSignatureKeys);
  rule.reject_expired = truth(source, llb::attr::kGitRejectExpired);
  rule.require_signed_tag = truth(source, llb::attr::kGitRequireSignedTag);
  rule.ignore_signed_tag = truth(source, llb::attr::kGitIgnoreSignedTag);
  if (rule.keys.empty() && std::any_of(source.attrs.begin(), source.attrs.end(),
                                       [](const auto& attr) { return attr.first.starts_with("git.sig."); })) {
    base::fail(base::Code::invalid_argument, "{} has conditions for its signature, but {} names no key",
               source.identifier, llb::attr::kGitSignatureKeys);
  }
  return rule;
}

GitSignatures::GitSignatures(const GitSignatureRule& rule, std::string repository, const std::string& scratch,
                             const std::stop_token& stop)
    : rule_(rule), repository_(std::move(repository)), stop_(stop), keys_("signers-", scratch) {
  bool in_block = false;
  for (const auto& line : base::split(rule.keys, '\n')) {
    const std::string_view text = base::trim(line);
    if (text == kPgpBegin) in_block = true;
    if (in_block) {
      pgp_blocks_.append(text).append("\n");
    } else if (!text.empty() && !text.starts_with('#')) {
      take_ssh_key(text);
    }
    if (text == kPgpEnd) in_block = false;
  }
  if (in_block) {
    base::fail(base::Code::invalid_argument, "{} has an OpenPGP key block without an end",
               llb::attr::kGitSignatureKeys);
  }
  if (pgp_blocks_.empty() && allowed_signers_.empty()) {
    base::fail(base::Code::invalid_argument, "{} holds no key", llb::attr::kGitSignatureKeys);
  }
  base::write_file_atomic(keys_.path() + "/allowed_signers", allowed_signers_);
  if (!pgp_blocks_.empty()) import_pgp_keys();
}

/// The type must come first: what a line of allowed signers may say before it (cert-authority, a pattern of
/// names) would let others sign.
void GitSignatures::take_ssh_key(std::string_view line) {
  std::vector<std::string> words;
  for (const auto& part : base::split(line, '\t')) {
    for (const auto& word : base::split(part, ' ')) {
      if (!word.empty()) words.push_back(word);
    }
  }
  const bool typed = words.size() > 1 && (words[0].starts_with("ssh-") || words[0].starts_with("ecdsa-sha2-") ||
                                          words[0].starts_with("sk-"));
  if (!typed) {
    base::fail(base::Code::invalid_argument,
               "{} has a line that is neither in an OpenPGP key block nor an SSH public key: {:.40}",
               llb::attr::kGitSignatureKeys, line);
  }
  need_program("ssh-keygen", "openssh-client");
  base::Command command;
  command.argv = {"ssh-keygen", "-l", "-f", "-"};
  if (!base::run_collect(std::move(command), words[0] + " " + words[1] + "\n", stop_).status.ok()) {
    base::fail(base::Code::invalid_argument, "{} has an SSH public key that cannot be read: {:.40}",
               llb::attr::kGitSignatureKeys, line);
  }
  allowed_signers_ += base::format("signer namespaces=\"git\" {} {}\n", words[0], words[1]);
}

void GitSignatures::import_pgp_keys() {
  need_program("gpg", "gpg");
  base::write_file_atomic(keys_.path() + "/keys.asc", pgp_blocks_);
  // Else a machine's own settings could fetch the key that a signature names.
  base::write_file_atomic(keys_.path() + "/gpg.conf", "no-auto-key-retrieve\nno-auto-key-import\n");
  base::Command command;
  command.argv = {"gpg",       "--batch",    "--no-tty", "--no-autostart",
                  "--homedir", keys_.path(), "--import", keys_.path() + "/keys.asc"};
  const base::Output output = base::run_collect(std::move(command), {}, stop_);
  if (output.status.ok()) return;
  base::fail(base::Code::invalid_argument, "{} has an OpenPGP key that cannot be read: {}",
             llb::attr::kGitSignatureKeys, base::trim(output.err));
}

/// Why git does not accept the object's signature, or "".
std::string GitSignatures::fault(const char* verify, const std::string& object) const {
  const base::Output output =
      run_git({"--git-dir=" + repository_, "-c", "gpg.program=gpg", "-c", "gpg.ssh.program=ssh-keygen", "-c",
               "gpg.x509.program=false", "-c", "gpg.minTrustLevel=undefined", "-c",
               "gpg.ssh.allowedSignersFile=" + keys_.path() + "/allowed_signers", verify, "--raw", object},
              stop_, "", "", {"GNUPGHOME=" + keys_.path()});
  if (output.status.ok()) return "";
  const PgpStatus status(output.err);
  if (!pgp_blocks_.empty() && !rule_.reject_expired && status.expired_since()) return "";
  if (const std::string reason = status.reason(); !reason.empty()) return reason;
  const std::string said(base::trim(output.err));
  if (said.find("No principal matched") != std::string::npos) return "an SSH key signed it that is none of the rule's";
  return said.empty() || said.find("no signature found") != std::string::npos ? "it is not signed" : said;
}

std::string GitSignatures::tag_fault(const GitRevision& revision) const {
  if (std::string reason = fault("verify-tag", revision.checksum); !reason.empty()) return reason;
  const std::string object = git({"--git-dir=" + repository_, "cat-file", "tag", revision.checksum}, stop_, "");
  for (const auto& line : base::split(object.substr(0, object.find("\n\n")), '\n')) {
    if (!line.starts_with("tag ")) continue;
    const std::string name = line.substr(4);
    return revision.ref == "refs/tags/" + name ? "" : base::format("it calls itself {}", name);
  }
  return "it has no name";
}

void GitSignatures::check(const GitRevision& revision) const {
  std::vector<std::string> faults;
  if (!rule_.ignore_signed_tag && revision.checksum != revision.commit) {
    const std::string reason = tag_fault(revision);
    if (reason.empty()) return;
    faults.push_back(base::format("tag {}: {}", revision.ref, reason));
  }
  if (rule_.require_signed_tag) {
    if (faults.empty()) faults.push_back("a signed tag is needed, and this is none");
  } else {
    const std::string reason = fault("verify-commit", revision.commit);
    if (reason.empty()) return;
    faults.push_back(base::format("commit {}: {}", revision.commit, reason));
  }
  base::Error error(
      base::Code::permission_denied,
      base::format("none of the keys of {} signed it: {}", llb::attr::kGitSignatureKeys, base::join(faults, "; ")));
  error.set_refusal();
  throw error;
}

}  // namespace ops
