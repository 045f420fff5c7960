// SPDX-License-Identifier: Apache-2.0
#include "images/image_store.h"

#include <set>

#include "base/error.h"
#include "base/fault.h"
#include "base/json.h"
#include "oci/reference.h"
#include "oci/stored_source.h"

namespace images {
namespace {

constexpr Origin kOrigins[] = {Origin::built, Origin::imported, Origin::loaded, Origin::pulled};

Origin parse_origin(std::string_view text) {
  for (const Origin origin : kOrigins) {
    if (origin_name(origin) == text) return origin;
  }
  return Origin::pulled;
}

Image read_image(const store::Statement& row) {
  return {row.text(0), oci::descriptor_from_json(base::Json::parse(row.text(1))), parse_origin(row.text(2)),
          row.number(3)};
}

constexpr int kMaxDepth = 4;
constexpr std::size_t kFewestIdDigits = 4;

/// What a walk over an image's documents reports.
struct Visitor {
  const std::function<void(const oci::Descriptor&, const std::string&)>& document;
  const std::function<void(const oci::Descriptor&)>& layer;
};

void walk(const oci::Descriptor& descriptor, store::ContentStore& content, int depth, const Visitor& visit) {
  if (depth > kMaxDepth) base::fail(base::Code::invalid_argument, "indexes are nested deeper than {}", kMaxDepth);
  const std::string raw = content.read(descriptor.digest, oci::kMaxDocumentSize);
  visit.document(descriptor, raw);
  if (oci::document_kind(raw, descriptor.media_type) == oci::DocumentKind::index) {
    for (const auto& entry : oci::Index::parse(raw, descriptor.media_type).manifests) {
      // An index may list platforms that were never fetched.
      if (content.find(entry.digest)) walk(entry, content, depth + 1, visit);
    }
    return;
  }
  const auto manifest = oci::Manifest::parse(raw, descriptor.media_type);
  if (content.find(manifest.config.digest)) {
    visit.document(manifest.config, content.read(manifest.config.digest, oci::kMaxDocumentSize));
  }
  for (const auto& layer : manifest.layers) visit.layer(layer);
}

}  // namespace

std::string_view origin_name(Origin origin) {
  switch (origin) {
    case Origin::built: return "built";
    case Origin::imported: return "imported";
    case Origin::loaded: return "loaded";
    case Origin::pulled: return "pulled";
  }
  return "pulled";
}

std::optional<Image> ImageStore::find(const std::string& name) const {
  auto session = store_.names().use();
  auto row = session.prepare("SELECT name, root, origin, created FROM images WHERE name = ?").bind(1, name);
  return row.step() ? std::optional(read_image(row)) : std::nullopt;
}

bool ImageStore::is_here(const Image& image) const {
  try {
    details(image);
    return true;
  } catch (const base::Error&) {
    return false;
  }
}

bool ImageStore::is_id(const Image& image, std::string_view digits) const {
  if (image.root.digest.hex().starts_with(digits)) return true;
  try {
    return details(image).documents.manifest.config.digest.hex().starts_with(digits);
  } catch (const base::Error&) {
    return false;  // its documents are not here, so it has no id yet
  }
}

Image ImageStore::get(const std::string& text) const {
  if (const auto reference = oci::Reference::parse_if_valid(text)) {
    if (auto image = find(reference->tagged().str())) return std::move(*image);
  }
  const std::string_view digits = text.starts_with("sha256:") ? std::string_view(text).substr(7) : text;
  std::optional<Image> match;
  if (digits.size() >= kFewestIdDigits && digits.find_first_not_of("0123456789abcdef") == digits.npos) {
    for (auto& image : list()) {
      if (!is_id(image, digits)) continue;
      if (match && match->root.digest != image.root.digest) {
        base::fail(base::Code::invalid_argument, "image id {} is not unique; give more of its digits", text);
      }
      if (!match) match = std::move(image);
    }
  }
  if (match) return std::move(*match);
  base::Error error(base::Code::not_found, base::format("no image {} in the store", text));
  error.set_hint("'slipway images' lists what is there");
  throw error;
}

std::vector<Image> ImageStore::list() const {
  auto session = store_.names().use();
  auto row = session.prepare("SELECT name, root, origin, created FROM images ORDER BY name");
  std::vector<Image> images;
  while (row.step()) images.push_back(read_image(row));
  std::erase_if(images, [this](const Image& image) { return image.origin == Origin::pulled && !is_here(image); });
  return images;
}

void ImageStore::put(const Image& image) {
  // A pulled name is only a memory of the registry's answer; every other one promises an image.
  if (image.origin != Origin::pulled) {
    if (!store_.content().find(image.root.digest)) {
      base::fail(base::Code::not_found, "cannot name {}: blob {} is not in the store", image.name,
                 image.root.digest.str());
    }
    store_.content().sync();
  }
  base::fault_point("image.name");
  auto session = store_.names().use();
  session.prepare("INSERT OR REPLACE INTO images(name, root, origin, created) VALUES(?, ?, ?, ?)")
      .bind(1, image.name)
      .bind(2, oci::to_json(image.root).dump())
      .bind(3, origin_name(image.origin))
      .bind(4, image.created != 0 ? image.created : base::system_clock().now())
      .run();
  base::fault_point("image.named");
}

bool ImageStore::remove(const std::string& name) {
  auto session = store_.names().use();
  store::Transaction transaction(session);
  {
    auto row = session.prepare("SELECT 1 FROM images WHERE name = ?").bind(1, name);
    if (!row.step()) return false;
  }
  session.prepare("DELETE FROM images WHERE name = ?").bind(1, name).run();
  transaction.commit();
  return true;
}

ImageDetails ImageStore::details(const Image& image) const {
  oci::StoredSource source(store_.content());
  ImageDetails details;
  details.image = image;
  auto root = image.root;
  const std::string raw = source.fetch_manifest(root, {});
  auto matcher = oci::PlatformMatcher::runs_on(oci::host_platform());
  if (oci::document_kind(raw, root.media_type) == oci::DocumentKind::index) {
    const auto index = oci::Index::parse(raw, root.media_type);
    if (!oci::choose_manifest(index, matcher) && !index.manifests.empty()) root = index.manifests.front();
  }
  details.documents = oci::resolve_image(source, root, matcher, {});
  details.size = details.documents.manifest.config.size;
  for (const auto& layer : details.documents.manifest.layers) details.size += layer.size;
  return details;
}

void ImageStore::collect_documents(const Image& image,
                                   const std::function<void(const oci::Descriptor&, const std::string&)>& document,
                                   const std::function<void(const oci::Descriptor&)>& layer) const {
  walk(image.root, store_.content(), 0, {document, layer});
}

std::vector<base::Digest> ImageStore::blobs_of(const Image& image) const {
  std::set<base::Digest> blobs;
  if (!store_.content().find(image.root.digest)) return {};
  collect_documents(
      image, [&](const oci::Descriptor& document, const std::string&) { blobs.insert(document.digest); },
      [&](const oci::Descriptor& layer) { blobs.insert(layer.digest); });
  return {blobs.begin(), blobs.end()};
}

}  // namespace images
