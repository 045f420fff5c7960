// SPDX-License-Identifier: Apache-2.0
#include "images/collect.h"

#include <set>

#include "base/file.h"

namespace images {
namespace {

std::set<base::Digest> needed_blobs(const ImageStore& images) {
  std::set<base::Digest> needed;
  for (const auto& image : images.list()) {
    for (const auto& digest : images.blobs_of(image)) needed.insert(digest);
  }
  return needed;
}

std::uint64_t count_records(store::Store& store) {
  auto session = store.meta().use();
  auto row = session.prepare("SELECT count(*) FROM records");
  return row.step() ? static_cast<std::uint64_t>(row.number(0)) : 0;
}

}  // namespace

DiskUsage disk_usage(store::Store& store, const ImageStore& images, const snapshot::Snapshotter& snapshots) {
  DiskUsage usage;
  const auto needed = needed_blobs(images);
  usage.records = count_records(store);
  usage.layers = snapshots.list().size();
  for (const auto& blob : store.content().list()) {
    ++usage.blobs;
    (needed.contains(blob.digest) ? usage.image_bytes : usage.cache_bytes) += blob.size;
  }
  return usage;
}

Pruned prune_all(store::Store& store, const ImageStore& images, snapshot::Snapshotter& snapshots) {
  Pruned pruned;
  pruned.records = count_records(store);
  // Records go first: a crash on the way leaves garbage, never a record of what is gone.
  store.meta().use().run("DELETE FROM keys; DELETE FROM records");
  for (const auto& layer : snapshots.list()) {
    snapshots.remove(layer);
    ++pruned.layers;
  }
  const auto needed = needed_blobs(images);
  for (const auto& blob : store.content().list()) {
    if (needed.contains(blob.digest)) continue;
    store.content().remove(blob.digest);
    ++pruned.blobs;
    pruned.blob_bytes += blob.size;
  }
  for (const char* directory : {"/cache-mounts", "/git", "/ingest"}) base::remove_tree(store.root() + directory);
  snapshots.collect();
  return pruned;
}

}  // namespace images
