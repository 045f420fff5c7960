// SPDX-License-Identifier: Apache-2.0
#include "images/collect.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "store/leftovers.h"

namespace images {
namespace {

/// An image whose documents cannot be read still keeps its root: pruning must not finish what damage began.
std::set<base::Digest> blobs_of_images(const ImageStore& images) {
  std::set<base::Digest> needed;
  for (const auto& image : images.list()) {
    needed.insert(image.root.digest);
    try {
      for (const auto& digest : images.blobs_of(image)) needed.insert(digest);
    } catch (const base::Error& error) {
      base::log_warn("image {}: {}", image.name, error.text());
    }
  }
  return needed;
}

std::uint64_t number_of(store::Store& store, std::string_view sql) {
  auto session = store.meta().use();
  auto row = session.prepare(sql);
  return row.step() ? static_cast<std::uint64_t>(row.number(0)) : 0;
}

std::uint64_t layer_size(const snapshot::Snapshotter& snapshots, const snapshot::LayerId& id) {
  const auto info = snapshots.info(id);
  return info ? info->size : 0;
}

/// The words of a text that could be layer ids: a record's body is the engine's business, but it
/// names the layers of its results, and an id occurs in it as a whole word.
void add_words(std::string_view text, std::unordered_set<std::string>& words) {
  const auto is_id = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  constexpr std::size_t kShortestId = 8;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_id);
    const auto end = std::find_if_not(begin, text.end(), is_id);
    if (end - begin >= static_cast<std::ptrdiff_t>(kShortestId)) words.emplace(begin, end);
    at = static_cast<std::size_t>(end - text.begin());
  }
}

std::unordered_set<std::string> names_in_records(store::Store& store) {
  std::unordered_set<std::string> words;
  auto session = store.meta().use();
  auto row = session.prepare("SELECT body FROM records");
  while (row.step()) add_words(row.text(0), words);
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

/// When something was removed last, for those who ask why a step ran again.
void mark_pruned(const store::Store& store) {
  base::write_file_atomic(store.root() + "/pruned", base::format_rfc3339(base::system_clock().now()));
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
