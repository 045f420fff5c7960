// SPDX-License-Identifier: Apache-2.0
#include "cli/signing.h"

#include <algorithm>
#include <optional>

#include "base/base64.h"
#include "base/error.h"
#include "base/strings.h"
#include "oci/media_type.h"
#include "oci/referrers.h"

namespace cli {
namespace {

constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";
constexpr std::size_t kMaxSignatures = 100;

/// Where simple signatures stand.
std::string signature_tag(const base::Digest& digest) { return oci::referrers_tag(digest) + ".sig"; }

oci::Descriptor describe(std::string_view media_type, const std::string& bytes) {
  oci::Descriptor descriptor;
  descriptor.media_type = std::string(media_type);
  descriptor.digest = base::sha256(bytes);
  descriptor.size = bytes.size();
  return descriptor;
}

/// One repository, written to and read from.
class Signatures {
 public:
  Signatures(const oci::Reference& image, House& house, const std::stop_token& stop)
      : repository_(house.registry().repository(image)), content_(house.store().content()), stop_(stop) {}

  oci::Descriptor push_blob(std::string_view media_type, const std::string& bytes) {
    oci::Descriptor descriptor = describe(media_type, bytes);
    content_.put(bytes);
    repository_->push_blob(descriptor, content_, "", {}, stop_);
    return descriptor;
  }

  oci::Descriptor push_manifest(std::string_view media_type, const base::Json& json, std::string_view tag) {
    const std::string bytes = json.dump();
    oci::Descriptor descriptor = describe(media_type, bytes);
    repository_->push_manifest(descriptor, bytes, tag, stop_);
    return descriptor;
  }

  /// What a tag names; nothing when it is not there.
  std::optional<base::Json> document_at(const std::string& tag) {
    try {
      const auto descriptor = repository_->resolve(tag, stop_);
      return base::Json::parse(repository_->fetch_manifest(descriptor, stop_));
    } catch (const base::Error& error) {
      if (error.code() == base::Code::not_found) return std::nullopt;
      throw;
    }
  }

  std::string blob(const oci::Descriptor& descriptor) { return repository_->fetch_config(descriptor, stop_); }
  base::Json manifest(const oci::Descriptor& descriptor) {
    return base::Json::parse(repository_->fetch_manifest(descriptor, stop_));
  }
  std::vector<oci::Descriptor> referrers(const base::Digest& digest) {
    return oci::referrers_of(*repository_, digest, stop_);
  }
  void list(const base::Digest& digest, const oci::Descriptor& referrer) {
    oci::list_referrer(*repository_, digest, referrer, stop_);
  }

 private:
  std::unique_ptr<oci::Repository> repository_;
  store::ContentStore& content_;
  const std::stop_token& stop_;
};

void sign_simple(Signatures& signatures, const std::string& name, const oci::Descriptor& root,
                 const attest::PrivateKey& key) {
  const std::string tag = signature_tag(root.digest);
  const std::string payload = attest::simple_payload(name, root.digest);
  oci::Descriptor layer = signatures.push_blob(attest::kSimpleMediaType, payload);
  layer.annotations[std::string(attest::kSimpleAnnotation)] = base::base64_encode(key.sign(payload));
  base::Json layers = base::Json::array();
  if (const auto known = signatures.document_at(tag)) {
    for (const auto& entry : (*known)["layers"].items()) layers.push(entry);
  }
  layers.push(oci::to_json(layer));
  base::Json diff_ids = base::Json::array();
  for (const auto& entry : layers.items()) diff_ids.push(entry["digest"]);
  base::Json config = base::Json::object();
  config.set("architecture", "").set("os", "").set("config", base::Json::object());
  config.set("rootfs", base::Json::object().set("type", "layers").set("diff_ids", std::move(diff_ids)));
  base::Json manifest = base::Json::object();
  manifest.set("schemaVersion", 2).set("mediaType", oci::kOciManifest);
  manifest.set("config", oci::to_json(signatures.push_blob(oci::config_type(oci::Dialect::oci), config.dump())));
  signatures.push_manifest(oci::kOciManifest, manifest.set("layers", std::move(layers)), tag);
}

void sign_bundle(Signatures& signatures, const oci::Descriptor& root, const attest::PrivateKey& key) {
  const oci::Descriptor bundle = signatures.push_blob(attest::kBundleMediaType, attest::make_bundle(root.digest, key));
  base::Json manifest = base::Json::object();
  manifest.set("schemaVersion", 2).set("mediaType", oci::kOciManifest).set("artifactType", attest::kBundleMediaType);
  manifest.set("config", oci::to_json(signatures.push_blob(kEmptyType, "{}")));
  manifest.set("layers", base::Json::array().push(oci::to_json(bundle)));
  oci::Descriptor subject;
  subject.media_type = root.media_type;
  subject.digest = root.digest;
  subject.size = root.size;
  manifest.set("subject", oci::to_json(subject));
  manifest.set("annotations", base::Json::object()
                                  .set("dev.sigstore.bundle.content", "dsse-envelope")
                                  .set("dev.sigstore.bundle.predicateType", attest::kSignPredicate));
  oci::Descriptor made = signatures.push_manifest(oci::kOciManifest, manifest, "");
  made.artifact_type = std::string(attest::kBundleMediaType);
  signatures.list(root.digest, made);
}

/// Collects why signatures were not taken.
class Reasons {
 public:
  template <typename Check>
  bool holds(Check&& check) {
    try {
      check();
      return true;
    } catch (const base::Error& error) {
      if (error.code() == base::Code::unavailable) throw;
      texts_.push_back(error.text());
      return false;
    }
  }
  std::string text() const {
    std::vector<std::string> each;
    for (const auto& text : texts_) {
      if (std::find(each.begin(), each.end(), text) == each.end()) each.push_back(text);
    }
    return base::join(each, "; ");
  }

 private:
  std::vector<std::string> texts_;
};

attest::SimpleSignature read_simple(Signatures& signatures, const oci::Descriptor& layer) {
  const auto note = [&](std::string_view name) {
    const auto found = layer.annotations.find(std::string(name));
    return found == layer.annotations.end() ? "" : found->second;
  };
  const auto bytes = base::base64_decode(note(attest::kSimpleAnnotation));
  if (!bytes || bytes->empty()) {
    base::fail(base::Code::permission_denied, "not verified: a layer of the signature's image has no signature");
  }
  return {.payload = signatures.blob(layer),
          .signature = *bytes,
          .certificate = note(attest::kCertificateAnnotation),
          .chain = note(attest::kChainAnnotation),
          .log_entry = note(attest::kLogAnnotation)};
}

bool has_simple(Signatures& signatures, const oci::Descriptor& root, Reasons& reasons,
                const std::function<void(const attest::SimpleSignature&)>& check) {
  const auto manifest = signatures.document_at(signature_tag(root.digest));
  if (!manifest) return false;
  std::size_t looked = 0;
  for (const auto& entry : (*manifest)["layers"].items()) {
    if (++looked > kMaxSignatures) break;
    const auto verified = reasons.holds([&] { check(read_simple(signatures, oci::descriptor_from_json(entry))); });
    if (verified) return true;
  }
  return false;
}

[[noreturn]] void refuse_image(const oci::Reference& image, const oci::Descriptor& root, const Reasons& reasons) {
  const std::string why = reasons.text().empty() ? "not verified: there is no signature of it" : reasons.text();
  base::fail(base::Code::permission_denied, "{}@{}: {}", image.familiar_name(), root.digest.str(), why);
}

bool has_bundle(Signatures& signatures, const oci::Descriptor& root, const attest::Trust& trust, Reasons& reasons) {
  std::size_t looked = 0;
  for (const auto& entry : signatures.referrers(root.digest)) {
    // Attestations are listed beside signatures, and are none.
    if (!entry.artifact_type.empty() && entry.artifact_type != attest::kBundleMediaType) continue;
    if (++looked > kMaxSignatures) break;
    const bool verified = reasons.holds([&] {
      const base::Json manifest = signatures.manifest(entry);
      // A list may say anything; what the manifest itself names is what it is about.
      if (manifest["subject"]["digest"].string_or("") != root.digest.str()) {
        base::fail(base::Code::permission_denied, "not verified: a referrer names another image");
      }
      for (const auto& layer : manifest["layers"].items()) {
        if (layer["mediaType"].string_or("") != attest::kBundleMediaType) continue;
        trust.check_bundle(signatures.blob(oci::descriptor_from_json(layer)), root.digest);
        return;
      }
      base::fail(base::Code::permission_denied, "not verified: a referrer is no signature");
    });
    if (verified) return true;
  }
  return false;
}

}  // namespace

void sign_image(const oci::Reference& image, const oci::Descriptor& root, const attest::PrivateKey& key, House& house,
                const std::stop_token& stop) {
  Signatures signatures(image, house, stop);
  sign_simple(signatures, image.name(), root, key);
  sign_bundle(signatures, root, key);
}

std::vector<SignatureForm> verify_image(const oci::Reference& image, const oci::Descriptor& root,
                                        const attest::Trust& trust, House& house, const std::stop_token& stop) {
  Signatures signatures(image, house, stop);
  Reasons reasons;
  std::vector<SignatureForm> forms;
  const auto check = [&](const attest::SimpleSignature& signature) { trust.check(signature, root.digest); };
  if (has_simple(signatures, root, reasons, check)) forms.push_back(SignatureForm::simple);
  if (has_bundle(signatures, root, trust, reasons)) forms.push_back(SignatureForm::bundle);
  if (forms.empty()) refuse_image(image, root, reasons);
  return forms;
}

void verify_name(const oci::Reference& image, const oci::Descriptor& root, const attest::Trust& trust,
                 const std::function<void(const std::string& signed_name)>& accept, House& house,
                 const std::stop_token& stop) {
  Signatures signatures(image, house, stop);
  Reasons reasons;
  const auto check = [&](const attest::SimpleSignature& signature) { accept(trust.check(signature, root.digest)); };
  if (!has_simple(signatures, root, reasons, check)) refuse_image(image, root, reasons);
}

}  // namespace cli
