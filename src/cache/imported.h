// SPDX-License-Identifier: Apache-2.0
#pragma once
// Imported records: a cache config as the engine's records, behind those of the store.
//
//     auto imported = import_cache(parse_import(flag), source, stop);      // reads two small documents
//     ImportingStorage storage(local_records);
//     storage.add(imported);
//     storage.find(key);                          // the store's own record, else an imported one
//     storage.layers_of(record.id);               // what it made: blobs and where they are
//     storage.fetched(record.id, layer_ids);      // they are here now
//     storage.keep_hits();                        // after the build: what was used is the store's own from now on
//
// A hit fetches nothing. An imported record's result text is `{"imported":"<id>"}`; whoever decodes it asks layers_of()
// when bytes are needed.
//
// Threads: find(), link() and fetched() from any; add() before the build, keep_hits() after it.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/sync.h"
#include "cache/config.h"
#include "oci/image_source.h"
#include "solve/cache_storage.h"

namespace cache {

/// A config and where its blobs are.
struct Imported {
  Config config;
  std::shared_ptr<oci::ImageSource> source;
  std::string name;  ///< for people
};

/// Reads the cache that `root` names in `source`: a cache manifest of either shape, or an image with an inline cache.
/// Throws not_found for an image without one.
Imported import_cache(std::shared_ptr<oci::ImageSource> source, const oci::Descriptor& root, std::string name,
                      const std::stop_token& stop);

/// What an imported record made, bottom first.
struct ImportedLayers {
  std::vector<oci::Descriptor> blobs;
  std::vector<base::Digest> diff_ids;
  std::shared_ptr<oci::ImageSource> source;
  std::string name;
};

class ImportingStorage final : public solve::CacheStorage {
 public:
  /// `local` outlives the object.
  explicit ImportingStorage(solve::CacheStorage& local) : local_(local) {}

  void add(const Imported& imported);
  bool empty() const { return found_.empty(); }
  /// The build's cache is going to be exported.
  void will_be_exported() { exported_ = true; }
  bool is_shared() const override { return exported_ || !found_.empty(); }

  /// Nothing for records that are not imported, or whose layers were not exported.
  std::optional<ImportedLayers> layers_of(const base::Digest& id) const;
  /// The layers of what an imported record made are in the store under these ids, bottom first.
  void fetched(const base::Digest& id, const std::vector<std::string>& layer_ids);
  /// Afterwards the store itself has the records that were hit, under all keys by which they were asked for: with their
  /// results (a JSON list of layer ids) where all their layers were fetched, else as links between others.
  void keep_hits();

  std::optional<solve::Record> get(const base::Digest& id) override;
  std::optional<solve::Record> find(const solve::CacheKey& key) override;
  void save(const solve::Record& record, const std::vector<solve::CacheKey>& keys) override;
  void link(const base::Digest& id, const std::vector<solve::CacheKey>& keys) override;
  void remove(const base::Digest& id) override { local_.remove(id); }
  std::optional<solve::Record> latest_of_op(const base::Digest& op) override { return local_.latest_of_op(op); }
  std::optional<solve::Record> latest_of_step(std::string_view step) override { return local_.latest_of_step(step); }
  std::optional<solve::Record> latest_of_place(std::string_view place) override {
    return local_.latest_of_place(place);
  }

 private:
  struct Entry {
    solve::Record record;
    std::vector<solve::CacheKey> keys;
    std::optional<ImportedLayers> layers;
  };
  void add_record(const Imported& imported, std::size_t index, const base::Digest& id,
                  const std::vector<solve::CacheKey>& keys, base::Json recipe);

  /// What this build did with imported records.
  struct Used {
    std::set<base::Digest> hits;
    std::map<solve::CacheKey, base::Digest> links;  ///< more keys of theirs
    std::map<base::Digest, std::vector<std::string>> fetched;
  };

  solve::CacheStorage& local_;
  std::map<base::Digest, Entry> records_;
  std::map<solve::CacheKey, base::Digest> found_;
  base::Sync<Used> used_;
  bool exported_ = false;
};

/// The text of an imported result, and its record's id where a text is one.
std::string imported_text(const base::Digest& id);
std::optional<base::Digest> imported_id(const base::Json& text);

}  // namespace cache
