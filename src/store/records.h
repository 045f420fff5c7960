// SPDX-License-Identifier: Apache-2.0
#pragma once
// The table of cache records: what steps made, found again by any of their keys.
//
// The store knows neither keys nor results: both are text from the room that builds. What it must
// know is what a record *holds* (layers and blobs its results consist of), because gc keeps these.
//
//     records.save({.id = id, .op = op, .step = "RUN make", .payload = json, .layers = chain}, {key1, key2});
//     records.find(key1)->payload;
//
// Records live in meta.db: they are there for every process once save() returns, and may be lost
// with the machine. A record is never half there.
// Threads: any. Failure: base::Error.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace store {

class MetaDatabase;

struct StoredRecord {
  std::string id;
  std::string op;                   ///< digest of the op, for latest_of_op()
  std::string step;                 ///< name of the step, for latest_of_step(); "" for none
  std::string payload;              ///< anything, any bytes
  std::vector<std::string> layers;  ///< ids of the layers it holds
  std::vector<std::string> blobs;   ///< digests of the blobs it holds
  base::Nanos created = 0;
  base::Nanos last_used = 0;

  bool operator==(const StoredRecord&) const = default;
};

class RecordTable {
 public:
  RecordTable(MetaDatabase& meta, const base::Clock& clock) : meta_(meta), clock_(clock) {}

  /// The record that `key` points to.
  std::optional<StoredRecord> find(std::string_view key);
  std::optional<StoredRecord> get(std::string_view id);
  /// Afterwards the record is stored and every key points to it. A record of the same id is
  /// replaced and keeps the keys it had. `created` and `last_used` of 0 become now.
  void save(const StoredRecord& record, const std::vector<std::string>& keys);
  /// Afterwards every key points to the record, unless there is no such record.
  void link(std::string_view id, const std::vector<std::string>& keys);
  /// Afterwards there is no such record and no key that points to it.
  void remove(std::string_view id);
  void remove_all();
  /// The newest record by `created` (among equals the one saved last) of an op, or of a step.
  std::optional<StoredRecord> latest_of_op(std::string_view op);
  std::optional<StoredRecord> latest_of_step(std::string_view step);
  /// Notes that the records were used now. Writes nothing while all notes are younger than an hour.
  void touch(const std::vector<std::string>& ids);
  /// All, the least recently used first.
  std::vector<StoredRecord> list();

 private:
  MetaDatabase& meta_;
  const base::Clock& clock_;
};

}  // namespace store
