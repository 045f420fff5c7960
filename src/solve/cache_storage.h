// SPDX-License-Identifier: Apache-2.0
#pragma once
// Records: what a step once made, found again by its keys.
//
// A *record* says how a step was keyed and what it made (as text that a ResultCodec turns back into
// results). Any number of *keys* point to a record; a key points to one record, the newest saved
// under it. Records may be lost at any time: a lost record costs a rerun, never a wrong result.
//
//     storage.save(record, {content_key, definition_key});
//     storage.find(definition_key)->id;          // the record, from now on also in other processes
//     storage.link(record.id, {another_key});    // one more way to the same record
//
// Threads: both interfaces are called from the owner threads of builds, of which there may be
// several at once; calls must be quick (they stop the build's loop) and never ask the network.
// Conformance: testing/cache_storage_suite.h.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/time.h"
#include "solve/key.h"
#include "solve/op.h"

namespace solve {

struct Record {
  base::Digest id;                   ///< what consumers put into their own keys
  CacheKey key;                      ///< the resolved key it was made under
  base::Digest op;                   ///< CacheMap::digest of the step
  std::string step;                  ///< Vertex::step
  std::string place;                 ///< Vertex::place
  std::string name;                  ///< Vertex::name
  std::string source;                ///< Vertex::source
  base::Json recipe;                 ///< key_recipe() of the key it was made under
  std::vector<std::string> results;  ///< ResultCodec texts, one per output
  base::Nanos created = 0;
  std::vector<std::string> common;  ///< per input, what Op::common_content() said of it, with spaces between
  base::Nanos took = 0;             ///< how long the step ran: what it costs to lose the record
  bool forced = false;              ///< made by a step that ignored the cache
  base::Json facts;                 ///< Op::facts() of the run, or null

  bool operator==(const Record&) const = default;
};

class CacheStorage {
 public:
  virtual ~CacheStorage() = default;

  /// The record of this id.
  virtual std::optional<Record> get(const base::Digest& id) = 0;

  /// The record last saved or linked under `key`.
  virtual std::optional<Record> find(const CacheKey& key) = 0;

  /// Afterwards the record is stored and every key points to it. A record of the same id is
  /// replaced and keeps the keys it had. All or nothing.
  virtual void save(const Record& record, const std::vector<CacheKey>& keys) = 0;

  /// Afterwards every key points to the record, unless the record is gone.
  virtual void link(const base::Digest& id, const std::vector<CacheKey>& keys) = 0;

  /// Afterwards there is no such record, and no key that points to it.
  virtual void remove(const base::Digest& id) = 0;

  /// Whether records of other builders are, or are going to be, among these: then common keys are worth their making.
  virtual bool is_shared() const { return false; }

  /// The newest record (by `created`; among equals the one saved last) with this op digest.
  virtual std::optional<Record> latest_of_op(const base::Digest& op) = 0;
  /// The newest record with this non-empty step, and with this non-empty place.
  virtual std::optional<Record> latest_of_step(std::string_view step) = 0;
  virtual std::optional<Record> latest_of_place(std::string_view place) = 0;
};

/// Turns results into text for a record and back.
class ResultCodec {
 public:
  virtual ~ResultCodec() = default;
  virtual std::string encode(const Result& result) = 0;
  /// nullptr when what the text names is gone or unreadable. The result may be lazy (an image that
  /// is not pulled yet).
  virtual ResultPtr decode(const std::string& text) = 0;
};

}  // namespace solve
