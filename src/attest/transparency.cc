// SPDX-License-Identifier: Apache-2.0
#include "attest/transparency.h"

#include <algorithm>

#include "attest/certificate.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/strings.h"

namespace attest {
namespace {

constexpr std::size_t kMaxHashes = 64;  // a tree has no more levels than its size has bits

[[noreturn]] void deny_entry(std::string_view why) {
  base::fail(base::Code::permission_denied, "not verified: transparency log: {}", why);
}

std::string decoded(const base::Json& value, std::string_view what) {
  auto bytes = base::base64_decode(value.string_or(""));
  if (!bytes) deny_entry(base::format("the {} is no base64", what));
  return *bytes;
}

/// Numbers are text in bundles (protobuf's JSON) and numbers in annotations.
std::int64_t number(const base::Json& value, std::string_view what) {
  if (value.is_int() && value.as_int() >= 0) return value.as_int();
  const auto parsed = base::parse_int(value.string_or(""));
  if (!parsed || *parsed < 0) deny_entry(base::format("the {} is no number", what));
  return *parsed;
}

base::Json parse_or_deny(std::string_view text, std::string_view what) {
  try {
    return base::Json::parse(text);
  } catch (const base::Error&) {
    deny_entry(base::format("the {} is no JSON", what));
  }
}

bool signed_by_any(const std::vector<PublicKey>& keys, std::string_view message, std::string_view signature) {
  return std::any_of(keys.begin(), keys.end(), [&](const PublicKey& key) { return key.verifies(message, signature); });
}

std::string raw(const base::Digest& digest) { return {digest.bytes().begin(), digest.bytes().end()}; }

std::string node_hash(std::string_view left, std::string_view right) {
  return raw(base::sha256(std::string(1, '\x01').append(left).append(right)));
}

/// RFC 9162, 2.1.3.2: the root that the leaf and the path lead to.
std::string root_of(std::string hash, std::uint64_t index, std::uint64_t size, const std::vector<std::string>& path) {
  if (index >= size) deny_entry("the proof is about no entry of the tree");
  std::uint64_t last = size - 1;
  for (const auto& sibling : path) {
    if (last == 0) deny_entry("the proof is too long");
    if ((index & 1) != 0 || index == last) {
      hash = node_hash(sibling, hash);
      while ((index & 1) == 0 && index != 0) {
        index >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    index >>= 1;
    last >>= 1;
  }
  if (last != 0) deny_entry("the proof is too short");
  return hash;
}

/// A signed note: text, an empty line, and lines "— NAME BASE64", where the bytes begin with four of the key's.
/// Returns the text when one of the keys signed it.
std::string signed_text(std::string_view note, const std::vector<PublicKey>& keys) {
  constexpr std::size_t kKeyHint = 4;
  constexpr std::string_view kMark = "\u2014 ";
  const auto split = note.find("\n\n");
  if (split == note.npos) deny_entry("the checkpoint has no signature");
  const std::string_view text = note.substr(0, split + 1);
  for (const auto& line : base::split(note.substr(split + 2), '\n')) {
    if (!line.starts_with(kMark)) continue;
    const auto signature = base::base64_decode(line.substr(line.rfind(' ') + 1));
    if (signature && signature->size() > kKeyHint &&
        signed_by_any(keys, text, std::string_view(*signature).substr(kKeyHint))) {
      return std::string(text);
    }
  }
  deny_entry("the checkpoint is signed by no log that is trusted");
}

bool is_signer(const std::string& pem, const LogEntry::Subject& subject) {
  try {
    if (!subject.signer.empty()) {
      const auto chain = certificates_in(pem);
      return !chain.empty() && chain.front() == subject.signer;
    }
    return PublicKey::parse(pem).hint() == subject.key->hint();
  } catch (const base::Error&) {
    return false;
  }
}

}  // namespace

LogEntry LogEntry::of_annotation(std::string_view json) {
  const base::Json bundle = parse_or_deny(json, "entry");
  const base::Json& payload = bundle["Payload"];
  LogEntry entry;
  entry.body_ = payload["body"].string_or("");
  entry.time_ = number(payload["integratedTime"], "time");
  entry.index_ = number(payload["logIndex"], "index");
  entry.log_id_ = payload["logID"].string_or("");
  entry.promise_ = decoded(bundle["SignedEntryTimestamp"], "promise");
  return entry;
}

LogEntry LogEntry::of_bundle(const base::Json& json) {
  LogEntry entry;
  entry.body_ = json["canonicalizedBody"].string_or("");
  if (const auto& time = json["integratedTime"]; !time.is_null()) entry.time_ = number(time, "time");
  entry.index_ = number(json["logIndex"].is_null() ? base::Json(0) : json["logIndex"], "index");
  const std::string id = decoded(json["logId"]["keyId"], "log's name");
  entry.log_id_ = base::to_hex({reinterpret_cast<const std::uint8_t*>(id.data()), id.size()});
  entry.promise_ = decoded(json["inclusionPromise"]["signedEntryTimestamp"], "promise");
  const base::Json& proof = json["inclusionProof"];
  if (!proof.is_object()) return entry;
  entry.proof_.emplace();
  entry.proof_->index = static_cast<std::uint64_t>(
      number(proof["logIndex"].is_null() ? base::Json(0) : proof["logIndex"], "proof's index"));
  entry.proof_->tree_size = static_cast<std::uint64_t>(number(proof["treeSize"], "size of the tree"));
  entry.proof_->root = decoded(proof["rootHash"], "root");
  for (const auto& hash : proof["hashes"].items()) entry.proof_->hashes.push_back(decoded(hash, "proof"));
  entry.proof_->checkpoint = proof["checkpoint"]["envelope"].string_or("");
  return entry;
}

std::optional<base::Nanos> LogEntry::check(const std::vector<PublicKey>& log_keys, const Subject& subject) const {
  const bool promised = has_promise(log_keys);
  if (!promised && !proof_) deny_entry("the entry is signed by no log that is trusted");
  if (proof_) check_proof(log_keys);
  check_body(subject);
  return promised ? std::optional(time_ * base::kSecond) : std::nullopt;
}

bool LogEntry::has_promise(const std::vector<PublicKey>& log_keys) const {
  if (promise_.empty()) return false;
  // Canonical JSON (RFC 8785) of what was promised.
  base::Json promised = base::Json::object();
  promised.set("body", body_).set("integratedTime", time_).set("logID", log_id_).set("logIndex", index_);
  if (!signed_by_any(log_keys, promised.dump(), promise_)) {
    deny_entry("the entry's promise is signed by no log that is trusted");
  }
  return true;
}

void LogEntry::check_proof(const std::vector<PublicKey>& log_keys) const {
  const LogProof& proof = *proof_;
  if (proof.hashes.size() > kMaxHashes) deny_entry("the proof is too long");
  const auto body = base::base64_decode(body_);
  if (!body) deny_entry("the entry's body is no base64");
  const std::string leaf = raw(base::sha256(std::string(1, '\0') + *body));
  if (root_of(leaf, proof.index, proof.tree_size, proof.hashes) != proof.root) {
    deny_entry("the proof does not lead to the log's root");
  }
  const auto lines = base::split(signed_text(proof.checkpoint, log_keys), '\n');
  constexpr std::size_t kSizeLine = 1;
  constexpr std::size_t kRootLine = 2;
  if (lines.size() <= kRootLine || lines[kSizeLine] != std::to_string(proof.tree_size) ||
      lines[kRootLine] != base::base64_encode(proof.root)) {
    deny_entry("the checkpoint is one of another tree");
  }
}

void LogEntry::check_body(const Subject& subject) const {
  const auto text = base::base64_decode(body_);
  if (!text) deny_entry("the entry's body is no base64");
  const base::Json body = parse_or_deny(*text, "entry's body");
  const base::Json& spec = body["spec"];
  const std::string kind = body["kind"].string_or("") + " " + body["apiVersion"].string_or("");
  const std::string payload = base::sha256(subject.payload).hex();
  const auto holds = [&](const base::Json& hash, const base::Json& signature, const base::Json& signer) {
    return hash["algorithm"].string_or("") == "sha256" && hash["value"].string_or("") == payload &&
           decoded(signature, "entry's signature") == subject.signature &&
           is_signer(decoded(signer, "entry's signer"), subject);
  };
  if (kind == "hashedrekord 0.0.1") {
    const base::Json& signature = spec["signature"];
    if (holds(spec["data"]["hash"], signature["content"], signature["publicKey"]["content"])) return;
  } else if (kind == "dsse 0.0.1") {
    for (const auto& signature : spec["signatures"].items()) {
      if (holds(spec["payloadHash"], signature["signature"], signature["verifier"])) return;
    }
  } else {
    deny_entry(base::format("entries of the kind \"{}\" are not known here", kind));
  }
  deny_entry("the entry is about another signature");
}

}  // namespace attest
