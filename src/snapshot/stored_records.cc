// SPDX-License-Identifier: Apache-2.0
#include "snapshot/stored_records.h"

#include "base/fault.h"
#include "base/time.h"

namespace snapshot {
namespace {

LayerBlob read_blob(const store::Statement& row) {
  LayerBlob blob;
  blob.digest = base::Digest::parse_or_throw(row.text(0));
  blob.size = static_cast<std::uint64_t>(row.number(1));
  blob.diff_id = base::Digest::parse_or_throw(row.text(2));
  blob.uncompressed_size = static_cast<std::uint64_t>(row.number(3));
  blob.media_type = row.text(4);
  return blob;
}

}  // namespace

std::optional<LayerInfo> StoredLayerRecords::find(const LayerId& id) const {
  auto session = meta_.use();
  auto row = session.prepare("SELECT diff_id, size, created FROM layers WHERE id = ?").bind(1, id);
  if (!row.step()) return std::nullopt;
  LayerInfo info;
  info.diff_id = base::Digest::parse(row.text(0));
  info.size = static_cast<std::uint64_t>(row.number(1));
  info.created = row.number(2);
  return info;
}

void StoredLayerRecords::insert(const LayerId& id, const LayerInfo& info) {
  base::fault_point("layer.record");
  auto session = meta_.use();
  session.prepare("INSERT OR IGNORE INTO layers(id, diff_id, size, created) VALUES(?, ?, ?, ?)")
      .bind(1, id)
      .bind(2, info.diff_id ? info.diff_id->str() : "")
      .bind(3, static_cast<std::int64_t>(info.size))
      .bind(4, info.created != 0 ? info.created : base::system_clock().now())
      .run();
}

void StoredLayerRecords::erase(const LayerId& id) {
  auto session = meta_.use();
  store::Transaction transaction(session);
  session.prepare("DELETE FROM layer_blobs WHERE layer = ?").bind(1, id).run();
  session.prepare("DELETE FROM layers WHERE id = ?").bind(1, id).run();
  transaction.commit();
}

std::vector<LayerId> StoredLayerRecords::list() const {
  auto session = meta_.use();
  auto row = session.prepare("SELECT id FROM layers ORDER BY id");
  std::vector<LayerId> ids;
  while (row.step()) ids.push_back(row.text(0));
  return ids;
}

void StoredLayerRecords::set_size(const LayerId& id, std::uint64_t size) {
  auto session = meta_.use();
  session.prepare("UPDATE layers SET size = ? WHERE id = ?").bind(1, static_cast<std::int64_t>(size)).bind(2, id).run();
}

std::optional<LayerBlob> StoredLayerRecords::find_blob(const BlobKey& key) const {
  auto session = meta_.use();
  auto row = session
                 .prepare(
                     "SELECT digest, size, diff_id, uncompressed, media_type FROM layer_blobs "
                     "WHERE layer = ? AND below = ? AND encoding = ?")
                 .bind(1, key.layer)
                 .bind(2, key.below)
                 .bind(3, key.encoding);
  return row.step() ? std::optional(read_blob(row)) : std::nullopt;
}

std::optional<LayerBlob> StoredLayerRecords::any_blob(const LayerId& layer, const std::string& below) const {
  auto session = meta_.use();
  auto row = session
                 .prepare(
                     "SELECT digest, size, diff_id, uncompressed, media_type FROM layer_blobs "
                     "WHERE layer = ? AND below = ? ORDER BY number DESC LIMIT 1")
                 .bind(1, layer)
                 .bind(2, below);
  return row.step() ? std::optional(read_blob(row)) : std::nullopt;
}

void StoredLayerRecords::put_blob(const BlobKey& key, const LayerBlob& blob) {
  auto session = meta_.use();
  session
      .prepare(
          "INSERT OR REPLACE INTO layer_blobs(layer, below, encoding, digest, size, diff_id, uncompressed, "
          "media_type, number) VALUES(?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(number), 0) + 1 FROM layer_blobs))")
      .bind(1, key.layer)
      .bind(2, key.below)
      .bind(3, key.encoding)
      .bind(4, blob.digest.str())
      .bind(5, static_cast<std::int64_t>(blob.size))
      .bind(6, blob.diff_id.str())
      .bind(7, static_cast<std::int64_t>(blob.uncompressed_size))
      .bind(8, blob.media_type)
      .run();
}

}  // namespace snapshot
