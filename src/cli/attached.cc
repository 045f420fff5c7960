// SPDX-License-Identifier: Apache-2.0
#include "cli/attached.h"

#include "attest/statement.h"
#include "base/error.h"
#include "oci/media_type.h"
#include "oci/referrers.h"

namespace cli {
namespace {

constexpr std::size_t kMaxStatements = 100;

class Reader {
 public:
  Reader(oci::Repository& repository, const std::stop_token& stop) : repository_(repository), stop_(stop) {}

  /// The layers of a manifest that are statements.
  void read(const oci::Descriptor& attestation, const base::Digest* subject) {
    const base::Json manifest = base::Json::parse(repository_.fetch_manifest(attestation, stop_));
    if (subject != nullptr && manifest["subject"]["digest"].string_or("") != subject->str()) return;
    for (const auto& layer : manifest["layers"].items()) {
      if (layer["mediaType"].string_or("") != attest::kStatementMediaType || found_.size() >= kMaxStatements) continue;
      found_.push_back(repository_.fetch_config(oci::descriptor_from_json(layer), stop_));
    }
  }

  void read_referrers(const base::Digest& subject) {
    for (const auto& entry : oci::referrers_of(repository_, subject, stop_)) read(entry, &subject);
  }

  /// Of an index: the manifests of attestations, and what refers to the images'.
  void read_index(const base::Json& index, const std::optional<base::Digest>& wanted) {
    for (const auto& entry : index["manifests"].items()) {
      const auto descriptor = oci::descriptor_from_json(entry);
      const auto& notes = entry["annotations"];
      if (notes["vnd.docker.reference.type"].string_or("") == "attestation-manifest") {
        const std::string about = notes["vnd.docker.reference.digest"].string_or("");
        if (!wanted || about == wanted->str()) read(descriptor, nullptr);
      } else if (!wanted || descriptor.digest == *wanted) {
        read_referrers(descriptor.digest);
      }
    }
  }

  std::vector<std::string> take() { return std::move(found_); }

 private:
  oci::Repository& repository_;
  const std::stop_token& stop_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> attached_statements(oci::Repository& repository, const oci::Descriptor& root,
                                             const std::optional<base::Digest>& manifest, const std::stop_token& stop) {
  Reader reader(repository, stop);
  const base::Json document = base::Json::parse(repository.fetch_manifest(root, stop));
  if (document["manifests"].is_array()) {
    reader.read_index(document, manifest);
  } else {
    reader.read_referrers(root.digest);
  }
  return reader.take();
}

std::optional<attest::Components> billed_components(const std::vector<std::string>& statements) {
  for (const auto& text : statements) {
    const base::Json statement = base::Json::parse(text);
    if (auto components = attest::components_of_bill(statement["predicate"])) return components;
  }
  return std::nullopt;
}

}  // namespace cli
