// SPDX-License-Identifier: Apache-2.0
#include "ops/http_signature.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "base/subprocess.h"
#include "llb/attr.h"
#include "ops/pgp.h"

namespace ops {
namespace {

constexpr int kFileOfChild = 3;

[[noreturn]] void refuse(const std::string& reason) {
  base::Error error(base::Code::permission_denied,
                    base::format("none of the keys of {} signed it: {}", llb::attr::kHttpSignatureKeys, reason));
  error.set_refusal();
  throw error;
}

/// The armored blocks, which must be all there is.
std::string only_blocks(const std::string& text, std::string_view kind, std::string_view attribute) {
  const auto parts = armored_parts(text, kind, attribute);
  if (!parts.others.empty()) {
    base::fail(base::Code::invalid_argument, "{} has a line that is in no armored PGP {}: {:.40}", attribute, kind,
               parts.others.front());
  }
  if (parts.blocks.empty()) base::fail(base::Code::invalid_argument, "{} holds no armored PGP {}", attribute, kind);
  return parts.blocks;
}

}  // namespace

std::optional<HttpSignatureRule> HttpSignatureRule::of(const llb::SourceOp& source) {
  const bool asked = source.attrs.contains(std::string(llb::attr::kHttpSignatureKeys)) ||
                     source.attrs.contains(std::string(llb::attr::kHttpSignature));
  if (!asked) return std::nullopt;
  HttpSignatureRule rule{std::string(source.attr(llb::attr::kHttpSignatureKeys)),
                         std::string(source.attr(llb::attr::kHttpSignature))};
  if (base::trim(rule.keys).empty()) {
    base::fail(base::Code::invalid_argument, "{} is to be signed, but {} names no key", source.identifier,
               llb::attr::kHttpSignatureKeys);
  }
  if (base::trim(rule.signature).empty()) {
    refuse(base::format("the policy has no signature of it ({})", llb::attr::kHttpSignature));
  }
  return rule;
}

HttpSignature::HttpSignature(const HttpSignatureRule& rule, const std::string& scratch, std::stop_token stop)
    : stop_(std::move(stop)), home_("signers-", scratch) {
  const std::string keys = only_blocks(rule.keys, "PUBLIC KEY BLOCK", llb::attr::kHttpSignatureKeys);
  base::write_file_atomic(signature_path(), only_blocks(rule.signature, "SIGNATURE", llb::attr::kHttpSignature));
  import_pgp_keys(home_.path(), keys, llb::attr::kHttpSignatureKeys, stop_);
}

void HttpSignature::check(const base::Fd& file) const {
  base::Command command;
  command.argv = {"gpg",
                  "--batch",
                  "--no-tty",
                  "--no-autostart",
                  "--homedir",
                  home_.path(),
                  "--status-fd",
                  "1",
                  "--verify",
                  signature_path(),
                  base::format("/dev/fd/{}", kFileOfChild)};
  command.keep = {{file.get(), kFileOfChild}};
  const base::Output output = base::run_collect(std::move(command), {}, stop_);
  const auto signatures = read_pgp_status(output.out);
  const auto holds = [](const PgpSignature& signature) { return signature.is_good() || signature.has_expired_since(); };
  if (std::any_of(signatures.begin(), signatures.end(), holds)) return;
  std::vector<std::string> faults;
  for (const auto& signature : signatures) {
    if (signature.is_judged()) faults.push_back(signature.fault());
  }
  if (faults.empty()) {
    base::fail(base::Code::invalid_argument, "{} has an OpenPGP signature that cannot be read: {}",
               llb::attr::kHttpSignature, base::trim(output.err));
  }
  refuse(base::join(faults, "; "));
}

}  // namespace ops
