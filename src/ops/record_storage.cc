// SPDX-License-Identifier: Apache-2.0
#include "ops/record_storage.h"

#include <utility>

#include "base/error.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "base/strings.h"
#include "ops/wire.h"

namespace ops {
namespace {

std::string read_text(const base::Json& json) {
  return json.is_string() ? json.as_string() : decode_bytes(json["bytes"].as_string());
}

/// Text stays text: prune looks for the layer ids in it (images/collect.h).
base::Json write_text(const std::string& text) {
  return base::is_utf8(text) ? base::Json(text) : base::Json::object().set("bytes", encode_bytes(text));
}

solve::Record read_record(const store::Statement& row) {
  solve::Record record;
  record.id = base::Digest::parse_or_throw(row.text(0));
  record.op = base::Digest::parse_or_throw(row.text(1));
  record.step = row.text(2);
  record.place = row.text(3);
  const base::Json body = base::Json::parse(row.text(4));
  record.name = read_text(body["name"]);
  record.source = read_text(body["source"]);
  record.key = {base::Digest::parse_or_throw(body["key"].as_string())};
  record.recipe = body["recipe"];
  for (const auto& result : body["results"].items()) {
    record.results.push_back(read_text(result));
  }
  record.forced = body["forced"].bool_or(false);
  record.took = body["took"].int_or(0);
  record.common = body["common"].string_items();
  record.facts = body["facts"];
  record.created = row.number(5);
  return record;
}

std::string body_of(const solve::Record& record) {
  base::Json body = base::Json::object();
  base::Json results = base::Json::array();
  for (const auto& text : record.results) {
    results.push(write_text(text));
  }
  body.set("key", record.key.digest.str())
      .set("name", write_text(record.name))
      .set("source", write_text(record.source))
      .set("recipe", record.recipe)
      .set("results", std::move(results))
      .set("forced", record.forced)
      .set("took", record.took)
      .set_nonempty("common", base::Json::strings(record.common))
      .set_nonempty("facts", record.facts);
  return body.dump();
}

void point_keys(store::Session& session, const std::string& id, const std::vector<solve::CacheKey>& keys) {
  for (const auto& key : keys) {
    session.prepare("INSERT OR REPLACE INTO keys(key, record) VALUES(?, ?)")
        .bind(1, key.digest.hex())
        .bind(2, id)
        .run();
  }
}

std::optional<solve::Record> first_record(store::Statement statement) {
  if (!statement.step()) return std::nullopt;
  try {
    return read_record(statement);
  } catch (const base::Error& error) {
    // A record that cannot be read is a lost record: the step runs again and writes a new one.
    base::log_warn("unreadable record: {}", error.text());
    return std::nullopt;
  }
}

constexpr base::Nanos kUseEvery = 2 * base::kSecond;

class HeldLock final : public solve::Lock {
 public:
  explicit HeldLock(base::FileLock lock) : lock_(std::move(lock)) {}

 private:
  base::FileLock lock_;
};

}  // namespace

std::optional<solve::Record> RecordStorage::get(const base::Digest& id) {
  auto session = database_.use();
  return first_record(
      session.prepare("SELECT id, op, step, place, body, created FROM records WHERE id = ?").bind(1, id.str()));
}

std::optional<solve::Record> RecordStorage::find(const solve::CacheKey& key) {
  auto session = database_.use();
  auto found = first_record(
      session
          .prepare("SELECT records.id, records.op, records.step, records.place, records.body, records.created "
                   "FROM keys JOIN records ON records.id = keys.record WHERE keys.key = ?")
          .bind(1, key.digest.hex()));
  if (found) used_.lock()->insert(found->id.str());
  return found;
}

void RecordStorage::note_uses(base::Nanos now) {
  const auto used = std::exchange(*used_.lock(), {});
  if (used.empty()) return;
  auto session = database_.use();
  store::Transaction transaction(session);
  for (const auto& id : used) {
    // Seconds more or less decide nothing.
    session.prepare("UPDATE records SET used = ?1 WHERE id = ?2 AND used < ?1 - ?3")
        .bind(1, now)
        .bind(2, id)
        .bind(3, kUseEvery)
        .run();
  }
  transaction.commit();
}

void RecordStorage::save(const solve::Record& record, const std::vector<solve::CacheKey>& keys) {
  base::fault_point("record.save");
  auto session = database_.use();
  store::Transaction transaction(session);
  session
      .prepare("INSERT OR REPLACE INTO records(id, op, step, place, body, created, used) VALUES(?, ?, ?, ?, ?, ?, ?)")
      .bind(1, record.id.str())
      .bind(2, record.op.str())
      .bind(3, record.step)
      .bind(4, record.place)
      .bind(5, body_of(record))
      .bind(6, record.created)
      .bind(7, record.created)
      .run();
  point_keys(session, record.id.str(), keys);
  transaction.commit();
  base::fault_point("record.saved");
}

void RecordStorage::link(const base::Digest& id, const std::vector<solve::CacheKey>& keys) {
  auto session = database_.use();
  store::Transaction transaction(session);
  {
    auto known = session.prepare("SELECT 1 FROM records WHERE id = ?").bind(1, id.str());
    if (!known.step()) return;
  }
  point_keys(session, id.str(), keys);
  transaction.commit();
}

void RecordStorage::remove(const base::Digest& id) {
  auto session = database_.use();
  store::Transaction transaction(session);
  session.prepare("DELETE FROM keys WHERE record = ?").bind(1, id.str()).run();
  session.prepare("DELETE FROM records WHERE id = ?").bind(1, id.str()).run();
  transaction.commit();
}

std::optional<solve::Record> RecordStorage::latest_of_op(const base::Digest& op) {
  auto session = database_.use();
  return first_record(session
                          .prepare("SELECT id, op, step, place, body, created FROM records WHERE op = ? "
                                   "ORDER BY created DESC, rowid DESC LIMIT 1")
                          .bind(1, op.str()));
}

std::optional<solve::Record> RecordStorage::latest_of_step(std::string_view step) {
  auto session = database_.use();
  return first_record(
      session
          .prepare("SELECT id, op, step, place, body, created FROM records WHERE step = ? AND step <> '' "
                   "ORDER BY created DESC, rowid DESC LIMIT 1")
          .bind(1, step));
}

std::optional<solve::Record> RecordStorage::latest_of_place(std::string_view place) {
  auto session = database_.use();
  return first_record(session
                          .prepare("SELECT id, op, step, place, body, created FROM records "
                                   "WHERE place = ? AND place <> '' ORDER BY created DESC, rowid DESC LIMIT 1")
                          .bind(1, place));
}

std::unique_ptr<solve::Lock> StoreLocks::try_lock(const std::string& name) {
  auto lock = store_.try_lock(name);
  return lock ? std::make_unique<HeldLock>(std::move(*lock)) : nullptr;
}

std::unique_ptr<solve::Lock> StoreLocks::lock(const std::string& name, std::stop_token stop) {
  return std::make_unique<HeldLock>(store_.lock(name, stop));
}

}  // namespace ops
