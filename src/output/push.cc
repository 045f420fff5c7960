// SPDX-License-Identifier: Apache-2.0
#include "output/push.h"

#include <vector>

#include "base/task.h"
#include "oci/media_type.h"
#include "oci/referrers.h"

namespace output {
namespace {

constexpr std::size_t kParallelBlobs = 3;

bool is_manifest_or_index(const Document& document) {
  return oci::is_manifest_type(document.descriptor.media_type) || oci::is_index_type(document.descriptor.media_type);
}

}  // namespace

void push_image(const AssembledImage& image, oci::Repository& repository, std::string_view tag,
                store::ContentStore& content, const MountSources& elsewhere, const PushProgress& progress,
                const std::stop_token& stop) {
  std::vector<oci::Descriptor> blobs = image.layers;
  for (const auto& document : image.documents) {
    if (is_manifest_or_index(document)) continue;
    content.put(document.bytes);
    blobs.push_back(document.descriptor);
  }
  base::ThreadPool pool("push", kParallelBlobs);
  base::TaskGroup group(pool, stop);
  for (const auto& blob : blobs) {
    group.run([&](const std::stop_token& task_stop) {
      const auto known = elsewhere.find(blob.digest);
      repository.push_blob(
          blob, content, known == elsewhere.end() ? "" : known->second,
          [&](std::uint64_t current, std::uint64_t total) { progress(blob.digest, current, total); }, task_stop);
    });
  }
  group.wait();
  for (const auto& document : image.documents) {
    if (!is_manifest_or_index(document) || document.descriptor.digest == image.root.digest) continue;
    repository.push_manifest(document.descriptor, document.bytes, "", stop);
  }
  repository.push_manifest(image.root, image.bytes(image.root.digest), tag, stop);
  for (const auto& referrer : image.referrers) {
    const base::Json manifest = base::Json::parse(image.bytes(referrer.digest));
    oci::list_referrer(repository, oci::descriptor_from_json(manifest["subject"]).digest, referrer, stop);
  }
}

}  // namespace output
