// SPDX-License-Identifier: Apache-2.0
#include "images/collect.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "images/references.h"
#include "store/leftovers.h"

namespace images {
namespace {

std::uint64_t number_of(store::Store& store, std::string_view sql) {
  auto session = store.meta().use();
  auto row = session.prepare(sql);
  return row.step() ? static_cast<std::uint64_t>(row.number(0)) : 0;
}

std::uint64_t layer_size(const snapshot::Snapshotter& snapshots, const snapshot::LayerId& id) {
  const auto info = snapshots.info(id);
  return info ? info->size : 0;
}

std::unordered_set<std::string> names_in_records(store::Store& store) {
  std::unordered_set<std::string> words;
  auto session = store.meta().use();
  auto row = session.prepare("SELECT body FROM records");
  while (row.step()) words.merge(words_of(row.text(0)));
  return words;
}

void remove_layers(snapshot::Snapshotter& snapshots, const std::unordered_set<std::string>& kept, Pruned& pruned) {
  for (const auto& layer : snapshots.list()) {
    if (kept.contains(layer)) continue;
    pruned.layer_bytes += layer_size(snapshots, layer);
    snapshots.remove(layer);
    ++pruned.layers;
  }
  snapshots.collect();
}

void remove_blobs(store::ContentStore& content, const std::set<base::Digest>& kept, Pruned& pruned) {
  for (const auto& blob : content.list()) {
    if (kept.contains(blob.digest)) continue;
    content.remove(blob.digest);
    base::fault_point("prune.blob.removed");
    ++pruned.blobs;
    pruned.blob_bytes += blob.size;
  }
}

void add_blobs_of_layers(store::Store& store, std::set<base::Digest>& kept) {
  auto session = store.meta().use();
  auto row = session.prepare("SELECT digest FROM layer_blobs");
  while (row.step()) {
    if (const auto digest = base::Digest::parse(row.text(0))) kept.insert(*digest);
  }
}

}  // namespace

DiskUsage disk_usage(store::Store& store, const ImageStore& images, const snapshot::Snapshotter& snapshots) {
  DiskUsage usage;
  const auto needed = blobs_of_images(images);
  usage.records = number_of(store, "SELECT count(*) FROM records");
  for (const auto& layer : snapshots.list()) {
    ++usage.layers;
    usage.layer_bytes += layer_size(snapshots, layer);
  }
  for (const auto& blob : store.content().list()) {
    ++usage.blobs;
    (needed.contains(blob.digest) ? usage.image_bytes : usage.cache_bytes) += blob.size;
  }
  usage.ingest_bytes = store::ingest_bytes(store.root());
  return usage;
}

Pruned prune_all(store::Store& store, const ImageStore& images, snapshot::Snapshotter& snapshots,
                 const PruneOptions& options) {
  Pruned pruned;
  const auto needed = blobs_of_images(images);
  pruned.records = number_of(store, "SELECT count(*) FROM records");
  store.forget_saved();
  base::fault_point("prune.begun");
  mark_pruned(store);
  store.meta().use().run("DELETE FROM keys; DELETE FROM records");
  base::fault_point("prune.forgotten");
  remove_layers(snapshots, {}, pruned);
  remove_blobs(store.content(), needed, pruned);
  for (const char* directory : {"/cache-mounts", "/git", "/contexts", "/listings"}) {
    const std::string path = store.root() + directory;
    if (!base::exists(path)) continue;
    options.remove_tree ? options.remove_tree(path) : base::remove_tree(path);
  }
  pruned.leftovers = store::remove_leftovers(store.root(), 0);
  return pruned;
}

Pruned prune_unused(store::Store& store, const ImageStore& images, snapshot::Snapshotter& snapshots,
                    const PruneOptions& options) {
  Pruned pruned;
  auto needed = blobs_of_images(images);
  store.forget_saved();
  base::fault_point("prune.begun");
  mark_pruned(store);
  remove_layers(snapshots, names_in_records(store), pruned);
  add_blobs_of_layers(store, needed);
  remove_blobs(store.content(), needed, pruned);
  pruned.leftovers = store::remove_leftovers(store.root(), options.keep_ingests);
  store.save();
  return pruned;
}

}  // namespace images
