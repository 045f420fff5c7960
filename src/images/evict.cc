// SPDX-License-Identifier: Apache-2.0
#include "images/evict.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "images/references.h"
#include "store/leftovers.h"

namespace images {
namespace {

/// Bytes a second at which cache mounts and clones fill again: a download's pace.
constexpr std::uint64_t kRefill = 20U << 20;
/// A blob that belongs to nothing is perhaps being brought in, unless it is older than this.
constexpr base::Nanos kYoung = 3600 * base::kSecond;
/// Of a record whose step's time is not known (made by an older program).
constexpr base::Nanos kUnknownTime = base::kSecond;

struct CacheRecord {
  std::string id, name;
  base::Nanos took = 0;
  base::Nanos used = 0;
  std::vector<snapshot::LayerId> layers;
};

struct Blob {
  std::uint64_t size = 0;
  bool of_image = false;
  std::set<snapshot::LayerId> layers;
};

/// Everything that counts, as it is now.
class Inventory {
 public:
  explicit Inventory(const EvictionWorld& world) : world_(world) {
    read_layers();
    read_records();
    read_blobs();
    read_directories("cache-mounts", EvictionPart::Kind::cache_mount);
    read_directories("git", EvictionPart::Kind::git);
    used_ += store::ingest_bytes(world_.store.root());
  }

  std::uint64_t used() const { return used_; }
  std::uint64_t image_bytes() const { return image_bytes_; }

  /// What nothing speaks of.
  std::vector<EvictionPart> garbage() const {
    std::vector<EvictionPart> parts;
    for (const auto& [layer, size] : sizes_) {
      if (users_.contains(layer)) continue;
      EvictionPart part{.kind = EvictionPart::Kind::garbage, .name = "a layer that no step names", .id = ""};
      part.layers = {layer};
      part.bytes = size + blob_bytes(part.layers, {});
      part.leased = !world_.snapshots.is_unleased(layer);
      parts.push_back(std::move(part));
    }
    for (const auto& [digest, blob] : blobs_) {
      if (blob.of_image || !blob.layers.empty()) continue;
      EvictionPart part{
          .kind = EvictionPart::Kind::garbage, .name = "a blob of no image and no layer", .id = digest.str()};
      part.bytes = blob.size;
      part.leased = !world_.alone && is_young(digest);
      parts.push_back(std::move(part));
    }
    return parts;
  }

  /// Steps and directories in the order in which they go; sizes as if those before were gone.
  std::vector<EvictionPart> by_worth() const {
    std::unordered_map<std::string, EvictionPart> open;
    for (const auto& part : directories_) open.emplace(part.id, part);
    for (const auto& record : records_) open.emplace(record.id, part_of(record));
    auto users = users_;
    std::set<Rank> ranks;
    for (auto& [id, part] : open) {
      fill_in(part, users);
      ranks.insert(rank(part));
    }
    std::vector<EvictionPart> ordered;
    while (!ranks.empty()) {
      const std::string id = std::get<2>(ranks.extract(ranks.begin()).value());
      ordered.push_back(std::move(open.at(id)));
      for (const auto& layer : layers_of_.at(id)) {
        auto& rest = users[layer];
        rest.erase(id);
        if (rest.size() != 1) continue;
        // Its going would free this layer from now on.
        EvictionPart& last = open.at(*rest.begin());
        ranks.erase(rank(last));
        fill_in(last, users);
        ranks.insert(rank(last));
      }
      open.erase(id);
    }
    return ordered;
  }

 private:
  using Users = std::unordered_map<snapshot::LayerId, std::set<std::string>>;
  using Rank = std::tuple<bool, double, std::string>;  ///< frees nothing, worth, id

  static Rank rank(const EvictionPart& part) { return {part.bytes == 0, part.worth(), part.id}; }

  void read_layers() {
    std::vector<snapshot::LayerId> unknown;
    std::vector<std::string> paths;
    auto& records = world_.snapshots.records();
    for (const auto& id : world_.snapshots.list()) {
      const auto info = records.find(id);
      if (!info) continue;
      sizes_[id] = info->size;
      if (info->size != 0) continue;
      unknown.push_back(id);
      paths.push_back(world_.store.snapshots_dir() + "/" + id);
    }
    const auto measured = paths.empty() ? std::vector<std::uint64_t>() : world_.measure(paths);
    for (std::size_t i = 0; i < measured.size(); ++i) {
      sizes_[unknown[i]] = measured[i];
      records.set_size(unknown[i], measured[i]);
    }
    for (const auto& [id, size] : sizes_) used_ += size;
  }

  void read_records() {
    auto session = world_.store.meta().use();
    auto row = session.prepare("SELECT id, body, used FROM records");
    while (row.step()) {
      CacheRecord record{.id = row.text(0), .used = row.number(2)};
      const std::string text = row.text(1);
      for (const auto& word : words_of(text)) {
        if (sizes_.contains(word)) record.layers.push_back(word);
      }
      const base::Json body = base::Json::parse(text);
      record.name = body["name"].string_or(record.id);
      record.took = body["took"].int_or(0);
      for (const auto& layer : record.layers) users_[layer].insert(record.id);
      layers_of_[record.id] = record.layers;
      records_.push_back(std::move(record));
    }
  }

  void read_blobs() {
    for (const auto& blob : world_.store.content().list()) blobs_[blob.digest].size = blob.size;
    for (const auto& digest : blobs_of_images(world_.images)) {
      if (const auto known = blobs_.find(digest); known != blobs_.end()) known->second.of_image = true;
    }
    auto session = world_.store.meta().use();
    auto row = session.prepare("SELECT digest, layer FROM layer_blobs");
    while (row.step()) {
      const auto digest = base::Digest::parse(row.text(0));
      if (!digest || !blobs_.contains(*digest)) continue;
      blobs_[*digest].layers.insert(row.text(1));
      blobs_by_layer_[row.text(1)].insert(*digest);
    }
    for (const auto& [digest, blob] : blobs_) (blob.of_image ? image_bytes_ : used_) += blob.size;
  }

  void read_directories(const std::string& directory, EvictionPart::Kind kind) {
    const std::string path = world_.store.root() + "/" + directory;
    if (!base::exists(path)) return;
    std::vector<std::string> paths;
    for (const auto& name : base::list_directory(base::open_directory(path).get())) paths.push_back(path + "/" + name);
    const auto measured = paths.empty() ? std::vector<std::uint64_t>() : world_.measure(paths);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      EvictionPart part{.kind = kind, .name = directory + " " + std::string(base::base_name(paths[i])), .id = paths[i]};
      part.bytes = measured[i];
      part.took = static_cast<base::Nanos>(measured[i] / kRefill) * base::kSecond + kUnknownTime;
      struct stat info;
      if (::stat(paths[i].c_str(), &info) == 0) part.idle = idle_since(info.st_mtim.tv_sec * base::kSecond);
      // A step may just be writing to it: only its own lock would say, and not every kind of mount has one.
      part.leased = !world_.alone;
      used_ += part.bytes;
      layers_of_[part.id];
      directories_.push_back(std::move(part));
    }
  }

  base::Nanos idle_since(base::Nanos time) const { return std::max<base::Nanos>(0, world_.now - time); }

  EvictionPart part_of(const CacheRecord& record) const {
    EvictionPart part{.kind = EvictionPart::Kind::step, .name = record.name, .id = record.id};
    part.took = record.took == 0 ? kUnknownTime : record.took;
    part.idle = idle_since(record.used);
    return part;
  }

  /// Which layers only this record still names, and what they hold.
  void fill_in(EvictionPart& part, const Users& users) const {
    if (part.kind != EvictionPart::Kind::step) return;
    part.layers.clear();
    part.bytes = 0;
    for (const auto& layer : layers_of_.at(part.id)) {
      const auto found = users.find(layer);
      if (found == users.end() || found->second.size() != 1 || !found->second.contains(part.id)) continue;
      part.layers.push_back(layer);
      part.bytes += sizes_.at(layer);
    }
    part.bytes += blob_bytes(part.layers, users);
  }

  /// Blobs of those layers alone that no image needs. `users`: layers that stay.
  std::uint64_t blob_bytes(const std::vector<snapshot::LayerId>& layers, const Users& users) const {
    std::uint64_t bytes = 0;
    for (const auto& layer : layers) {
      const auto found = blobs_by_layer_.find(layer);
      if (found == blobs_by_layer_.end()) continue;
      for (const auto& digest : found->second) {
        const Blob& blob = blobs_.at(digest);
        const bool shared = std::any_of(blob.layers.begin(), blob.layers.end(), [&](const auto& other) {
          const auto user = users.find(other);
          return other != layer && user != users.end() && !user->second.empty();
        });
        if (!blob.of_image && !shared) bytes += blob.size;
      }
    }
    return bytes;
  }

  bool is_young(const base::Digest& digest) const {
    struct stat info;
    if (::fstat(world_.store.content().open(digest).get(), &info) != 0) return true;
    return world_.now - info.st_ctim.tv_sec * base::kSecond < kYoung;
  }

  const EvictionWorld& world_;
  std::uint64_t used_ = 0;
  std::uint64_t image_bytes_ = 0;
  std::map<snapshot::LayerId, std::uint64_t> sizes_;
  std::vector<CacheRecord> records_;
  std::vector<EvictionPart> directories_;
  std::unordered_map<std::string, std::vector<snapshot::LayerId>> layers_of_;  ///< by record id
  Users users_;                                                                ///< records by layer
  std::map<base::Digest, Blob> blobs_;
  std::map<snapshot::LayerId, std::set<base::Digest>> blobs_by_layer_;
};

bool is_leased(const EvictionPart& part, const snapshot::Snapshotter& snapshots) {
  return part.leased || std::any_of(part.layers.begin(), part.layers.end(),
                                    [&](const auto& layer) { return !snapshots.is_unleased(layer); });
}

void forget_record(store::Store& store, const std::string& id) {
  auto session = store.meta().use();
  store::Transaction transaction(session);
  session.prepare("DELETE FROM keys WHERE record = ?").bind(1, id).run();
  session.prepare("DELETE FROM records WHERE id = ?").bind(1, id).run();
  transaction.commit();
}

/// Blobs that only those layers have.
std::vector<base::Digest> blobs_of(store::Store& store, const snapshot::LayerId& layer) {
  std::vector<base::Digest> digests;
  auto session = store.meta().use();
  auto row = session
                 .prepare(
                     "SELECT DISTINCT digest FROM layer_blobs AS own WHERE layer = ?1 AND NOT EXISTS "
                     "(SELECT 1 FROM layer_blobs AS other WHERE other.digest = own.digest AND other.layer <> ?1)")
                 .bind(1, layer);
  while (row.step()) {
    if (const auto digest = base::Digest::parse(row.text(0))) digests.push_back(*digest);
  }
  return digests;
}

}  // namespace

double EvictionPart::worth() const {
  constexpr double kMegabyte = 1e6;
  constexpr double kLeastBytes = 4096;
  const double seconds = static_cast<double>(took) / base::kSecond + 0.001;
  const double minutes = std::max(static_cast<double>(idle) / base::kSecond, 0.1) / 60;
  return seconds / (std::max(static_cast<double>(bytes), kLeastBytes) / kMegabyte) / minutes;
}

std::uint64_t EvictionPlan::freed() const {
  std::uint64_t bytes = 0;
  for (const auto& part : parts) bytes += part.bytes;
  return bytes;
}

std::uint64_t counted_bytes(const EvictionWorld& world) { return Inventory(world).used(); }

EvictionPlan plan_eviction(const EvictionWorld& world, const EvictionWish& wish) {
  const Inventory inventory(world);
  EvictionPlan plan{
      .limit = wish.limit, .used = inventory.used(), .image_bytes = inventory.image_bytes(), .parts = {}, .kept = {}};
  std::uint64_t left = plan.used;
  const auto consider = [&](EvictionPart part, bool wanted) {
    part.leased = is_leased(part, world.snapshots);
    if (!wanted || part.leased) {
      plan.kept.push_back(std::move(part));
      return;
    }
    left -= std::min(left, part.bytes);
    plan.parts.push_back(std::move(part));
  };
  for (auto& part : inventory.garbage()) consider(std::move(part), plan.used > wish.limit);
  for (auto& part : inventory.by_worth()) {
    // What frees nothing has no reason to go.
    const bool wanted = left > wish.limit && part.bytes > 0 && part.idle >= wish.idle;
    consider(std::move(part), wanted);
  }
  return plan;
}

std::uint64_t evict(const EvictionWorld& world, const EvictionPlan& plan) {
  std::uint64_t freed = 0;
  if (plan.parts.empty()) return freed;
  const auto images = blobs_of_images(world.images);
  world.store.forget_saved();
  mark_pruned(world.store);
  for (const auto& part : plan.parts) {
    if (part.kind == EvictionPart::Kind::cache_mount || part.kind == EvictionPart::Kind::git) {
      world.remove_tree ? world.remove_tree(part.id) : base::remove_tree(part.id);
    } else if (part.kind == EvictionPart::Kind::garbage && part.layers.empty()) {
      world.store.content().remove(base::Digest::parse_or_throw(part.id));
    }
    if (part.kind == EvictionPart::Kind::step) forget_record(world.store, part.id);
    base::fault_point("evict.forgotten");
    for (const auto& layer : part.layers) {
      const auto blobs = blobs_of(world.store, layer);
      if (!world.snapshots.remove_unleased(layer)) continue;
      for (const auto& digest : blobs) {
        if (!images.contains(digest)) world.store.content().remove(digest);
      }
    }
    freed += part.bytes;
  }
  world.store.save();
  return freed;
}

}  // namespace images
