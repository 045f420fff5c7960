// SPDX-License-Identifier: Apache-2.0
#include "output/config.h"

#include <algorithm>

#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"

namespace output {
namespace {

using oci::HistoryEntry;

constexpr std::string_view kExporterComment = "buildkit.exporter.image.v0";

std::optional<base::Nanos> time_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto time = base::parse_rfc3339(text);
  if (!time) base::fail(base::Code::invalid_argument, "\"{}\" in an image config is no RFC 3339 time", text);
  return time;
}

std::string text_of(std::optional<base::Nanos> time) { return time ? base::format_rfc3339(*time) : ""; }

base::Json to_json(const HistoryEntry& entry) {
  base::Json json = base::Json::object();
  json.set_nonempty("created", entry.created);
  json.set_nonempty("created_by", entry.created_by);
  json.set_nonempty("author", entry.author);
  json.set_nonempty("comment", entry.comment);
  json.set_nonempty("empty_layer", entry.empty_layer);
  return json;
}

// One entry per layer, neither more nor fewer.
void align(std::vector<HistoryEntry>& history, std::span<const LayerHistory> layers) {
  // Per layer before it was joined with others: the layer whose topmost part it is, if it is.
  std::vector<const LayerHistory*> tops;
  for (const LayerHistory& layer : layers) {
    tops.insert(tops.end(), layer.members - 1, nullptr);
    tops.push_back(&layer);
  }
  std::size_t used = 0;
  for (HistoryEntry& entry : history) {
    if (entry.empty_layer) continue;
    entry.empty_layer = used >= tops.size() || tops[used] == nullptr;
    ++used;
  }
  for (; used < tops.size(); ++used) {
    if (tops[used] == nullptr) continue;
    history.push_back({.created = text_of(tops[used]->created),
                       .created_by = tops[used]->description,
                       .author = "",
                       .comment = std::string(kExporterComment),
                       .empty_layer = false});
  }
}

// Times: the layer's own first; then metadata entries get that of the first layer made by this
// build (the first with a time after one without), or that of the last entry that has one.
void fill_times(std::vector<HistoryEntry>& history, std::span<const LayerHistory> layers) {
  std::size_t layer = 0;
  for (HistoryEntry& entry : history) {
    if (entry.empty_layer) continue;
    if (entry.created.empty()) entry.created = text_of(layers[layer].created);
    ++layer;
  }
  std::string created;
  bool gap = false;
  for (const HistoryEntry& entry : history) {
    if (entry.created.empty()) {
      gap = true;
      continue;
    }
    created = entry.created;
    if (gap) break;
  }
  gap = false;
  for (HistoryEntry& entry : history) {
    if (entry.created.empty()) {
      gap = true;
      entry.created = created;
    } else if (gap) {
      created = entry.created;
    }
  }
}

bool same_entry(const HistoryEntry& a, const HistoryEntry& b) {
  return a.created_by == b.created_by && a.author == b.author && a.comment == b.comment &&
         a.empty_layer == b.empty_layer && time_of(a.created) == time_of(b.created);
}

// Entries of the base image keep their times: from the first that differs, everything is clamped.
void clamp_history(std::vector<HistoryEntry>& history, base::Nanos epoch, const std::string& base_config) {
  std::vector<HistoryEntry> base_history;
  if (!base_config.empty()) base_history = oci::ImageConfig::parse(base_config).history;
  std::size_t kept = 0;
  while (kept < history.size() && kept < base_history.size() && same_entry(history[kept], base_history[kept])) ++kept;
  for (std::size_t i = kept; i < history.size(); ++i) {
    const auto time = time_of(history[i].created);
    if (!time || *time > epoch) history[i].created = base::format_rfc3339(epoch);
  }
}

base::Json rootfs_json(std::span<const LayerHistory> layers) {
  base::Json rootfs = base::Json::object();
  rootfs.set("type", "layers");
  // Go prints a nil slice as null.
  base::Json ids;
  for (const LayerHistory& layer : layers) ids.push(layer.diff_id.str());
  rootfs.set("diff_ids", std::move(ids));
  return rootfs;
}

base::Json history_json(const std::vector<HistoryEntry>& history, bool was_null) {
  if (history.empty() && was_null) return nullptr;
  base::Json list = base::Json::array();
  for (const HistoryEntry& entry : history) list.push(to_json(entry));
  return list;
}

base::Json created_json(const oci::ImageConfig& config, const std::vector<HistoryEntry>& history,
                        std::optional<base::Nanos> epoch) {
  if (config.json.contains("created")) {
    if (epoch) {
      const auto time = time_of(config.created);
      if (time && *time > *epoch) return base::format_rfc3339(*epoch);
    }
    return config.json["created"];
  }
  base::Json created;
  for (const HistoryEntry& entry : history) {
    if (!entry.created.empty()) created = entry.created;
  }
  return created;
}

}  // namespace

std::string go_time_text(std::string_view text) {
  std::string result(text);
  if (result.ends_with("+00:00") || result.ends_with("-00:00")) result.replace(result.size() - 6, 6, "Z");
  const std::size_t dot = result.find('.');
  if (dot == std::string::npos) return result;
  std::size_t end = dot + 1;
  while (end < result.size() && result[end] >= '0' && result[end] <= '9') ++end;
  // Nanoseconds at most, zeros at the end cut, and no dot without digits.
  std::size_t keep = std::min(end, dot + 10);
  while (keep > dot + 1 && result[keep - 1] == '0') --keep;
  if (keep == dot + 1) keep = dot;
  result.erase(keep, end - keep);
  return result;
}

std::string finalize_config(std::string_view config_bytes, std::span<const LayerHistory> layers,
                            const FinalizeOptions& options) {
  const oci::ImageConfig config = oci::ImageConfig::parse(std::string(config_bytes));
  if (!config.json.is_object()) base::fail(base::Code::invalid_argument, "invalid null image config for export");
  if (config.platform.os.empty()) {
    base::fail(base::Code::invalid_argument, "invalid image config for export: missing os");
  }
  if (config.platform.architecture.empty()) {
    base::fail(base::Code::invalid_argument, "invalid image config for export: missing architecture");
  }
  std::vector<HistoryEntry> history = config.history;
  for (HistoryEntry& entry : history) entry.created = go_time_text(entry.created);
  align(history, layers);
  fill_times(history, layers);
  if (options.epoch) clamp_history(history, *options.epoch, options.base_config);

  std::map<std::string, base::Json> members;
  for (const auto& [name, value] : config.json.members()) members[name] = value;
  members["rootfs"] = rootfs_json(layers);
  members["history"] = history_json(history, config.json["history"].is_null());
  members["created"] = created_json(config, history, options.epoch);
  if (!options.inline_cache.empty()) {
    members["moby.buildkit.cache.v0"] = base::base64_encode(options.inline_cache);
  }
  base::Json result = base::Json::object();
  for (auto& [name, value] : members) result.set(name, std::move(value));
  return result.dump();
}

}  // namespace output
