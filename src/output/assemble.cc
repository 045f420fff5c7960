// SPDX-License-Identifier: Apache-2.0
#include "output/assemble.h"

#include <algorithm>
#include <set>

#include "attest/purl.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "output/config.h"

namespace output {
namespace {

using oci::Descriptor;
using oci::Dialect;

std::string platform_key(const std::string& text) {
  return oci::format_platform_all(oci::normalize(oci::parse_platform(text)));
}

std::string platform_key(const ImageToExport& image) {
  return oci::format_platform_all(oci::normalize(image.platform));
}

/// The annotations of one place. Index levels ignore the platform, as there is one index.
oci::Annotations select(const std::vector<AnnotationValue>& all, AnnotationLevel level, const std::string& platform) {
  oci::Annotations result;
  const bool of_index = level == AnnotationLevel::index || level == AnnotationLevel::index_descriptor;
  for (const bool specific : {false, true}) {  // those for one platform win over those for all
    for (const AnnotationValue& annotation : all) {
      if (annotation.level != level || annotation.platform.empty() == specific) continue;
      if (!specific || of_index || platform_key(annotation.platform) == platform) {
        result[annotation.key] = annotation.value;
      }
    }
  }
  return result;
}

void check_annotations(std::span<const ImageToExport> images, const AssembleOptions& options, bool index) {
  for (const AnnotationValue& annotation : options.annotations) {
    if (options.dialect == Dialect::docker && annotation.level != AnnotationLevel::manifest) {
      base::fail(base::Code::invalid_argument, "cannot export annotations with \"oci-mediatypes=false\"");
    }
    const bool of_index =
        annotation.level == AnnotationLevel::index || annotation.level == AnnotationLevel::index_descriptor;
    if (of_index && !index) {
      base::fail(base::Code::invalid_argument, "index annotations not supported for single platform export");
    }
    if (annotation.platform.empty()) continue;
    const std::string wanted = platform_key(annotation.platform);
    if (std::none_of(images.begin(), images.end(), [&](const auto& image) { return platform_key(image) == wanted; })) {
      base::fail(base::Code::invalid_argument, "invalid annotation: no platform {} found in source",
                 annotation.platform);
    }
  }
}

void check_platforms(std::span<const ImageToExport> images) {
  if (images.empty()) base::fail(base::Code::invalid_argument, "there is no image to export");
  std::set<std::string> seen;
  for (const ImageToExport& image : images) {
    if (!seen.insert(platform_key(image)).second) {
      base::fail(base::Code::invalid_argument, "two images for the platform {}", oci::format_platform(image.platform));
    }
  }
}

// What builders keep on layers for themselves does not leave with the image.
oci::Annotations exported_annotations(const oci::Annotations& annotations, Dialect dialect) {
  oci::Annotations result;
  if (dialect == Dialect::docker) return result;
  for (const auto& [key, value] : annotations) {
    const bool internal = key == "containerd.io/uncompressed" || key == "buildkit/createdat" ||
                          key.starts_with("containerd.io/distribution.source.");
    if (!internal) result[key] = value;
  }
  return result;
}

std::string distributable(std::string media_type) {
  for (const std::string_view word : {"nondistributable.", "foreign."}) {
    if (const auto at = media_type.find(word); at != std::string::npos) media_type.erase(at, word.size());
  }
  return media_type;
}

Descriptor layer_descriptor(const LayerBlob& layer, const AssembleOptions& options) {
  const Dialect dialect = options.dialect;
  Descriptor descriptor;
  descriptor.media_type = oci::convert_layer_type(dialect, layer.media_type);
  if (options.foreign == ForeignLayers::convert) descriptor.media_type = distributable(descriptor.media_type);
  descriptor.digest = layer.digest;
  descriptor.size = layer.size;
  descriptor.annotations = exported_annotations(layer.annotations, dialect);
  const auto compression = oci::layer_compression(descriptor.media_type);
  if (!compression) {
    base::fail(base::Code::invalid_argument, "layer {} has the media type \"{}\", which is no layer's",
               layer.digest.str(), layer.media_type);
  }
  if (dialect == Dialect::docker && *compression == oci::LayerCompression::zstd) {
    base::fail(base::Code::invalid_argument,
               "layer {} is zstd-compressed, which Docker's media types cannot say: use oci-mediatypes=true, or "
               "compression=gzip,force-compression=true",
               layer.digest.str());
  }
  return descriptor;
}

Descriptor describe(std::string_view media_type, const std::string& bytes) {
  Descriptor descriptor;
  descriptor.media_type = std::string(media_type);
  descriptor.digest = base::sha256(bytes);
  descriptor.size = bytes.size();
  return descriptor;
}

void add_document(AssembledImage& result, const Descriptor& descriptor, std::string bytes) {
  for (const Document& document : result.documents) {
    if (document.descriptor.digest == descriptor.digest) return;
  }
  Descriptor plain;
  plain.media_type = descriptor.media_type;
  plain.digest = descriptor.digest;
  plain.size = descriptor.size;
  result.documents.push_back({std::move(plain), std::move(bytes)});
}

void add_layer(AssembledImage& result, const Descriptor& descriptor) {
  const bool known = std::any_of(result.layers.begin(), result.layers.end(),
                                 [&](const Descriptor& layer) { return layer.digest == descriptor.digest; });
  if (!known) result.layers.push_back(descriptor);
}

struct MadeManifest {
  Descriptor manifest;
  base::Digest config;
};

MadeManifest make_manifest(const ImageToExport& image, const AssembleOptions& options, AssembledImage& result) {
  std::vector<LayerHistory> history;
  std::vector<Descriptor> layers;
  for (const LayerBlob& layer : image.layers) {
    history.push_back({.diff_id = layer.diff_id,
                       .created = layer.created,
                       .description = layer.description,
                       .members = layer.members});
    layers.push_back(layer_descriptor(layer, options));
    add_layer(result, layers.back());
  }
  FinalizeOptions finalize;
  finalize.epoch = options.epoch ? options.epoch : image.epoch;
  finalize.base_config = image.base_config;
  finalize.inline_cache = image.inline_cache;
  std::string config_bytes = finalize_config(image.config, history, finalize);
  const Descriptor config = describe(oci::config_type(options.dialect), config_bytes);
  add_document(result, config, std::move(config_bytes));

  const std::string platform = platform_key(image);
  const std::string_view type = oci::manifest_type(options.dialect);
  std::string bytes =
      manifest_bytes(type, config, layers, select(options.annotations, AnnotationLevel::manifest, platform));
  MadeManifest made{describe(type, bytes), config.digest};
  add_document(result, made.manifest, std::move(bytes));
  made.manifest.platform = image.platform;
  made.manifest.annotations = select(options.annotations, AnnotationLevel::manifest_descriptor, platform);
  return made;
}

// ---- attestations ----

constexpr std::string_view kAttestationArtifact = "application/vnd.docker.attestation.manifest.v1+json";
constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";

oci::Platform unknown_platform() {
  oci::Platform platform;
  platform.architecture = "unknown";
  platform.os = "unknown";
  return platform;
}

std::vector<attest::Subject> subjects_of(const ImageToExport& image, const Descriptor& manifest,
                                         const AssembleOptions& options) {
  std::vector<attest::Subject> subjects;
  for (const std::string& name : options.names) {
    subjects.push_back(
        {attest::image_purl(oci::Reference::parse(name), oci::format_platform(image.platform)), manifest.digest});
  }
  return subjects;
}

Descriptor attestation_config(const std::vector<Descriptor>& statements, bool artifact, AssembledImage& result) {
  std::string bytes = "{}";
  if (!artifact) {
    base::Json diff_ids = base::Json::array();
    for (const Descriptor& statement : statements) diff_ids.push(statement.digest.str());
    base::Json config = base::Json::object();
    config.set("architecture", "unknown").set("os", "unknown").set("config", base::Json::object());
    config.set("rootfs", base::Json::object().set("type", "layers").set("diff_ids", std::move(diff_ids)));
    bytes = config.dump();
  }
  Descriptor config = describe(artifact ? kEmptyType : oci::config_type(Dialect::oci), bytes);
  if (artifact) config.data = base::base64_encode(bytes);
  add_document(result, config, std::move(bytes));
  return config;
}

Descriptor make_attestation_manifest(const ImageToExport& image, const Descriptor& manifest,
                                     const AssembleOptions& options, AssembledImage& result) {
  const auto subjects = subjects_of(image, manifest, options);
  std::vector<Descriptor> statements;
  for (const attest::Attestation& attestation : image.attestations) {
    std::string bytes = attest::statement(attestation, subjects);
    Descriptor statement = describe(attest::kStatementMediaType, bytes);
    add_document(result, statement, std::move(bytes));
    statement.annotations["in-toto.io/predicate-type"] = attestation.predicate_type;
    statements.push_back(std::move(statement));
  }
  const Descriptor config = attestation_config(statements, options.attestation_artifact, result);
  base::Json json = base::Json::object();
  json.set("schemaVersion", 2).set("mediaType", oci::manifest_type(Dialect::oci));
  if (options.attestation_artifact) json.set("artifactType", kAttestationArtifact);
  base::Json layers = base::Json::array();
  for (const Descriptor& statement : statements) layers.push(oci::to_json(statement));
  json.set("config", oci::to_json(config)).set("layers", std::move(layers));
  if (options.attestation_artifact) {
    Descriptor subject;
    subject.media_type = manifest.media_type;
    subject.digest = manifest.digest;
    subject.size = manifest.size;
    json.set("subject", oci::to_json(subject));
  }
  std::string bytes = json.dump(2);
  Descriptor made = describe(oci::manifest_type(Dialect::oci), bytes);
  add_document(result, made, std::move(bytes));
  made.annotations["vnd.docker.reference.type"] = "attestation-manifest";
  made.annotations["vnd.docker.reference.digest"] = manifest.digest.str();
  made.platform = unknown_platform();
  return made;
}

/// Its manifest names its subject; a list of referrers says what kind it is.
Descriptor as_referrer(Descriptor made) {
  made.annotations.clear();
  made.platform.reset();
  made.artifact_type = std::string(kAttestationArtifact);
  return made;
}

bool any_attestations(std::span<const ImageToExport> images) {
  return std::any_of(images.begin(), images.end(), [](const auto& image) { return !image.attestations.empty(); });
}

}  // namespace

const std::string& AssembledImage::bytes(const base::Digest& digest) const {
  for (const Document& document : documents) {
    if (document.descriptor.digest == digest) return document.bytes;
  }
  base::fail(base::Code::not_found, "the image has no document {}", digest.str());
}

std::string manifest_bytes(std::string_view media_type, const Descriptor& config, const std::vector<Descriptor>& layers,
                           const oci::Annotations& annotations) {
  base::Json json = base::Json::object();
  json.set("schemaVersion", 2).set("mediaType", media_type).set("config", oci::to_json(config));
  // Go prints a nil slice as null, and BuildKit leaves it nil without layers.
  base::Json list;
  if (!layers.empty()) list = base::Json::array();
  for (const Descriptor& layer : layers) list.push(oci::to_json(layer));
  json.set("layers", std::move(list));
  json.set_nonempty("annotations", base::Json::string_map(annotations));
  return json.dump(2);
}

std::string index_bytes(std::string_view media_type, const std::vector<Descriptor>& manifests,
                        const oci::Annotations& annotations) {
  base::Json json = base::Json::object();
  json.set("schemaVersion", 2).set("mediaType", media_type);
  base::Json list;
  if (!manifests.empty()) list = base::Json::array();
  for (const Descriptor& manifest : manifests) list.push(oci::to_json(manifest));
  json.set("manifests", std::move(list));
  json.set_nonempty("annotations", base::Json::string_map(annotations));
  return json.dump(2);
}

AssembledImage assemble(std::span<const ImageToExport> images, const AssembleOptions& options) {
  check_platforms(images);
  const bool attested = any_attestations(images);
  if (attested && options.dialect == Dialect::docker) {
    base::fail(base::Code::invalid_argument, "cannot export attestations with \"oci-mediatypes=false\"");
  }
  const bool apart = options.attestations == AssembleOptions::Attestations::as_referrers;
  if (attested && apart && !options.attestation_artifact) {
    base::fail(base::Code::invalid_argument, "attestations=referrers and oci-artifact=false exclude each other");
  }
  const bool index = images.size() > 1 || options.shape == Shape::always_index || (attested && !apart);
  check_annotations(images, options, index);
  AssembledImage result;
  std::vector<Descriptor> manifests;
  for (const ImageToExport& image : images) {
    MadeManifest made = make_manifest(image, options, result);
    manifests.push_back(made.manifest);
    if (!index) {
      result.root = made.manifest;
      result.config_digest = made.config;
    }
  }
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (images[i].attestations.empty()) continue;
    Descriptor made = make_attestation_manifest(images[i], manifests[i], options, result);
    if (apart) {
      result.referrers.push_back(as_referrer(std::move(made)));
    } else {
      manifests.push_back(std::move(made));
    }
  }
  if (!index) return result;
  const std::string_view type = oci::index_type(options.dialect);
  std::string bytes = index_bytes(type, manifests, select(options.annotations, AnnotationLevel::index, ""));
  result.root = describe(type, bytes);
  add_document(result, result.root, std::move(bytes));
  result.root.annotations = select(options.annotations, AnnotationLevel::index_descriptor, "");
  return result;
}

}  // namespace output
