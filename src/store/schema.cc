// SPDX-License-Identifier: Apache-2.0
#include "store/schema.h"

#include "base/error.h"

namespace store {

const char* const kMetaSchema = R"(
CREATE TABLE records(
  id TEXT PRIMARY KEY, op TEXT NOT NULL, step TEXT NOT NULL, place TEXT NOT NULL, body TEXT NOT NULL,
  created INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE INDEX records_op ON records(op, created);
CREATE INDEX records_step ON records(step, created) WHERE step <> '';
CREATE INDEX records_place ON records(place, created) WHERE place <> '';
CREATE TABLE keys(key TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX keys_record ON keys(record);
CREATE TABLE layers(
  id TEXT PRIMARY KEY, diff_id TEXT NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE layer_blobs(
  layer TEXT NOT NULL, below TEXT NOT NULL, encoding TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
  diff_id TEXT NOT NULL, uncompressed INTEGER NOT NULL, media_type TEXT NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY(layer, below, encoding)) WITHOUT ROWID;
CREATE TABLE boot(id TEXT NOT NULL);
)";

const char* const kNamesSchema = R"(
CREATE TABLE images(
  name TEXT PRIMARY KEY, root TEXT NOT NULL, origin TEXT NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;
)";

bool has_format(Database& database) {
  const std::int64_t version = database.version();
  if (version == kFormat || version == 0) return version == kFormat;
  base::Error error(base::Code::failed_precondition,
                    base::format("{} has format {}, this program writes {}", database.path(), version, kFormat));
  error.set_hint("use the slipway that made it, or another store with --root");
  throw error;
}

void ensure_schema(Database& database, const char* schema) {
  if (has_format(database)) return;
  Session session = database.use();
  Transaction transaction(session);
  {
    // Another process may have been first.
    Statement again = session.prepare("PRAGMA user_version");
    if (again.step() && again.number(0) == kFormat) return;
  }
  session.run(schema);
  session.run(base::format("PRAGMA user_version={}", kFormat));
  transaction.commit();
}

}  // namespace store
