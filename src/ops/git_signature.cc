// SPDX-License-Identifier: Apache-2.0
#include "ops/git_signature.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "llb/attr.h"
#include "ops/git_program.h"
#include "ops/pgp.h"

namespace ops {
namespace {

bool truth(const llb::SourceOp& source, std::string_view attribute) {
  const std::string value(source.attr(attribute));
  if (value == "true") return true;
  if (value.empty() || value == "false") return false;
  base::fail(base::Code::invalid_argument, "{} is \"{}\"; it takes true or false", attribute, value);
}

}  // namespace

std::optional<GitSignatureRule> GitSignatureRule::of(const llb::SourceOp& source) {
  const bool asked = std::any_of(source.attrs.begin(), source.attrs.end(),
                                 [](const auto& attr) { return attr.first.starts_with("git.sig."); });
  if (!asked) return std::nullopt;
  GitSignatureRule rule;
  rule.keys = source.attr(llb::attr::kGitSignatureKeys);
  rule.reject_expired = truth(source, llb::attr::kGitRejectExpired);
  rule.require_signed_tag = truth(source, llb::attr::kGitRequireSignedTag);
  rule.ignore_signed_tag = truth(source, llb::attr::kGitIgnoreSignedTag);
  if (rule.keys.empty()) {
    base::fail(base::Code::invalid_argument, "{} has conditions for its signature, but {} names no key",
               source.identifier, llb::attr::kGitSignatureKeys);
  }
  return rule;
}

GitSignatures::GitSignatures(const GitSignatureRule& rule, std::string repository, const std::string& scratch,
                             const std::stop_token& stop)
    : rule_(rule), repository_(std::move(repository)), stop_(stop), keys_("signers-", scratch) {
  auto [blocks, lines] = armored_parts(rule.keys, "PUBLIC KEY BLOCK", llb::attr::kGitSignatureKeys);
  for (const auto& line : lines) take_ssh_key(line);
  pgp_blocks_ = std::move(blocks);
  if (pgp_blocks_.empty() && allowed_signers_.empty()) {
    base::fail(base::Code::invalid_argument, "{} holds no key", llb::attr::kGitSignatureKeys);
  }
  base::write_file_atomic(keys_.path() + "/allowed_signers", allowed_signers_);
  if (!pgp_blocks_.empty()) import_pgp_keys(keys_.path(), pgp_blocks_, llb::attr::kGitSignatureKeys, stop_);
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

/// Why git does not accept the object's signature, or "".
std::string GitSignatures::fault(const char* verify, const std::string& object) const {
  const base::Output output =
      run_git({"--git-dir=" + repository_, "-c", "gpg.program=gpg", "-c", "gpg.ssh.program=ssh-keygen", "-c",
               "gpg.x509.program=false", "-c", "gpg.minTrustLevel=undefined", "-c",
               "gpg.ssh.allowedSignersFile=" + keys_.path() + "/allowed_signers", verify, "--raw", object},
              stop_, "", "", {"GNUPGHOME=" + keys_.path()});
  const auto pgp = read_pgp_status(output.err);
  if (output.status.ok()) {
    return std::any_of(pgp.begin(), pgp.end(), [](const auto& signature) { return signature.is_weak(); })
               ? pgp.front().fault()
               : "";
  }
  // git itself refuses objects with several signatures.
  const bool expired_since = !pgp_blocks_.empty() && pgp.size() == 1 && pgp.front().has_expired_since();
  if (expired_since && !rule_.reject_expired) return "";
  if (!pgp.empty()) return pgp.front().fault();
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
