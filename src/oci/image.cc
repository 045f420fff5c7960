// SPDX-License-Identifier: Apache-2.0
#include "oci/image.h"

#include <algorithm>

#include "base/error.h"
#include "oci/json_fields.h"

namespace oci {
namespace {

constexpr std::size_t kMaxLayers = 4096;
constexpr std::size_t kMaxManifests = 4096;
constexpr std::size_t kMaxHistory = 65'536;

base::Json parse_document(std::string_view raw, std::string_view what) {
  if (raw.size() > kMaxDocumentSize) {
    base::fail(base::Code::invalid_argument, "a {} of {} bytes is too large, at most {} are accepted", what, raw.size(),
               kMaxDocumentSize);
  }
  return base::with_context([&] { return base::Json::parse(raw); }, "parsing a {}", what);
}

// A document that carries both kinds of content can be read as two different images, depending on
// who looks; such ones are refused (the reason behind the media type checks of every registry).
void refuse_ambiguity(const base::Json& json, DocumentKind kind, std::string_view declared) {
  if (!json.is_object()) base::fail(base::Code::invalid_argument, "an image document is not a JSON object");
  const std::string own = json["mediaType"].string_or("");
  const bool manifest_members = !json["config"].is_null() || !json["layers"].is_null();
  const bool index_members = !json["manifests"].is_null();
  if (!json["fsLayers"].is_null()) {
    base::fail(base::Code::invalid_argument,
               "image manifests of Docker schema 1 are not supported; push the image again with a current tool");
  }
  if (kind == DocumentKind::manifest && index_members) {
    base::fail(base::Code::invalid_argument, "a manifest has the member \"manifests\" of an index");
  }
  if (kind == DocumentKind::index && manifest_members) {
    base::fail(base::Code::invalid_argument, "an index has members of a manifest");
  }
  if (!own.empty() && !declared.empty() && own != declared) {
    base::fail(base::Code::invalid_argument, "a document sent as {} calls itself {}", declared, own);
  }
}

std::vector<Descriptor> descriptors(const Fields& fields, std::string_view name, std::size_t limit) {
  std::vector<Descriptor> result;
  for (const base::Json& item : fields.list(name, limit)) result.push_back(descriptor_from_json(item));
  return result;
}

HistoryEntry history_from_json(const base::Json& json) {
  const Fields fields(json, "history entry");
  return {.created = fields.text("created"),
          .created_by = fields.text("created_by"),
          .author = fields.text("author"),
          .comment = fields.text("comment"),
          .empty_layer = fields.flag("empty_layer")};
}

bool is_unknown(const Platform& platform) { return platform.os == "unknown" || platform.architecture == "unknown"; }

}  // namespace

DocumentKind document_kind(std::string_view raw, std::string_view media_type) {
  if (is_index_type(media_type)) return DocumentKind::index;
  if (is_manifest_type(media_type)) return DocumentKind::manifest;
  const base::Json json = parse_document(raw, "image document");
  const std::string own = json["mediaType"].string_or("");
  if (is_index_type(own) || (own.empty() && json["manifests"].is_array())) return DocumentKind::index;
  if (is_manifest_type(own) || (own.empty() && json["config"].is_object())) return DocumentKind::manifest;
  if (!json["fsLayers"].is_null() || media_type.find(".v1+") != std::string_view::npos) {
    base::fail(base::Code::invalid_argument,
               "image manifests of Docker schema 1 are not supported; push the image again with a current tool");
  }
  base::fail(base::Code::invalid_argument, "\"{}\" is neither an image manifest nor an index",
             own.empty() ? media_type : std::string_view(own));
}

Manifest Manifest::parse(std::string raw, std::string_view media_type) {
  const base::Json json = parse_document(raw, "manifest");
  refuse_ambiguity(json, DocumentKind::manifest, media_type);
  const Fields fields(json, "manifest");
  Manifest manifest;
  manifest.media_type = fields.text("mediaType");
  if (manifest.media_type.empty()) manifest.media_type = media_type.empty() ? kOciManifest : media_type;
  if (!is_manifest_type(manifest.media_type)) {
    base::fail(base::Code::invalid_argument, "\"{}\" is no image manifest", manifest.media_type);
  }
  manifest.artifact_type = fields.text("artifactType");
  manifest.config = descriptor_from_json(json["config"]);
  manifest.layers = descriptors(fields, "layers", kMaxLayers);
  if (!json["subject"].is_null()) manifest.subject = descriptor_from_json(json["subject"]);
  manifest.annotations = fields.text_map("annotations");
  manifest.raw = std::move(raw);
  return manifest;
}

Index Index::parse(std::string raw, std::string_view media_type) {
  const base::Json json = parse_document(raw, "index");
  refuse_ambiguity(json, DocumentKind::index, media_type);
  const Fields fields(json, "index");
  Index index;
  index.media_type = fields.text("mediaType");
  if (index.media_type.empty()) index.media_type = media_type.empty() ? kOciIndex : media_type;
  if (!is_index_type(index.media_type)) {
    base::fail(base::Code::invalid_argument, "\"{}\" is no image index", index.media_type);
  }
  index.manifests = descriptors(fields, "manifests", kMaxManifests);
  index.annotations = fields.text_map("annotations");
  index.raw = std::move(raw);
  return index;
}

ImageConfig ImageConfig::parse(std::string raw) {
  ImageConfig config;
  config.json = parse_document(raw, "image config");
  const Fields fields(config.json, "image config");
  config.platform = platform_from_json(config.json);
  config.created = fields.text("created");
  if (const base::Json& runtime = config.json["config"]; !runtime.is_null() && !runtime.is_object()) {
    base::fail(base::Code::invalid_argument, "member \"config\" of an image config is not an object");
  }
  if (const base::Json& rootfs = config.json["rootfs"]; !rootfs.is_null()) {
    for (const std::string& text : Fields(rootfs, "rootfs").texts("diff_ids")) {
      config.diff_ids.push_back(base::Digest::parse_or_throw(text));
    }
  }
  for (const base::Json& item : fields.list("history", kMaxHistory)) config.history.push_back(history_from_json(item));
  config.raw = std::move(raw);
  return config;
}

std::optional<Descriptor> choose_manifest(const Index& index, const PlatformMatcher& matcher) {
  std::vector<const Descriptor*> with_platform;
  std::vector<Platform> platforms;
  const Descriptor* without = nullptr;
  for (const Descriptor& descriptor : index.manifests) {
    // Artifacts in an index (attestations of newer builders, signatures) are no images.
    if (!is_manifest_type(descriptor.media_type) && !is_index_type(descriptor.media_type)) continue;
    if (!descriptor.platform) {
      if (without == nullptr) without = &descriptor;
    } else if (!is_unknown(*descriptor.platform)) {
      with_platform.push_back(&descriptor);
      platforms.push_back(*descriptor.platform);
    }
  }
  if (const auto best = matcher.choose(platforms)) return *with_platform[*best];
  if (without != nullptr) return *without;
  return std::nullopt;
}

std::vector<std::string> offered_platforms(const Index& index) {
  std::vector<std::string> names;
  for (const Descriptor& descriptor : index.manifests) {
    if (!descriptor.platform || is_unknown(*descriptor.platform)) continue;
    const std::string name = format_platform_all(*descriptor.platform);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

}  // namespace oci
