// SPDX-License-Identifier: Apache-2.0
#include "oci/image_source.h"

#include <set>

#include "base/error.h"
#include "base/strings.h"
#include "base/task.h"

namespace oci {
namespace {

constexpr int kMaxIndexDepth = 4;

struct FoundManifest {
  Descriptor descriptor;
  std::string bytes;
};

FoundManifest find_manifest(ImageSource& source, Descriptor descriptor, const PlatformMatcher& matcher,
                            const std::stop_token& stop) {
  for (int depth = 0; depth <= kMaxIndexDepth; ++depth) {
    std::string bytes = source.fetch_manifest(descriptor, stop);
    if (document_kind(bytes, descriptor.media_type) == DocumentKind::manifest) {
      return {std::move(descriptor), std::move(bytes)};
    }
    const Index index = Index::parse(std::move(bytes), descriptor.media_type);
    auto chosen = choose_manifest(index, matcher);
    if (!chosen) {
      const std::string offered = base::join(offered_platforms(index), ", ");
      base::fail(base::Code::not_found, "no match for platform in manifest: not found (the index {} has: {})",
                 descriptor.digest.str(), offered.empty() ? "none" : offered);
    }
    descriptor = std::move(*chosen);
  }
  base::fail(base::Code::invalid_argument, "indexes are nested more than {} deep", kMaxIndexDepth);
}

}  // namespace

ResolvedImage resolve_image(ImageSource& source, const Descriptor& root, const PlatformMatcher& matcher,
                            const std::stop_token& stop) {
  return base::with_context(
      [&] {
        FoundManifest found = find_manifest(source, root, matcher, stop);
        ResolvedImage image;
        image.root = root;
        image.manifest = Manifest::parse(std::move(found.bytes), found.descriptor.media_type);
        image.manifest_descriptor = std::move(found.descriptor);
        image.config = ImageConfig::parse(source.fetch_config(image.manifest.config, stop));
        if (image.config.diff_ids.size() != image.manifest.layers.size()) {
          base::fail(base::Code::invalid_argument, "the manifest {} has {} layers, but its config lists {} diff ids",
                     image.manifest_descriptor.digest.str(), image.manifest.layers.size(),
                     image.config.diff_ids.size());
        }
        return image;
      },
      "{}", source.describe());
}

void fetch_layers(ImageSource& source, std::span<const Descriptor> blobs, store::ContentStore& content,
                  const FetchOptions& options, const std::stop_token& stop) {
  base::ThreadPool pool("fetch", std::max<std::size_t>(1, std::min(options.parallel, blobs.size())));
  base::TaskGroup group(pool, stop);
  std::set<base::Digest> seen;
  for (const Descriptor& blob : blobs) {
    if (!seen.insert(blob.digest).second) continue;
    group.run([&](const std::stop_token& task_stop) {
      FetchProgress progress;
      if (options.progress) {
        progress = [&](std::uint64_t current, std::uint64_t total) { options.progress(blob, current, total); };
      }
      source.fetch_blob(blob, content, progress, task_stop);
    });
  }
  group.wait();
}

}  // namespace oci
