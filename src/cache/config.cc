// SPDX-License-Identifier: Apache-2.0
#include "cache/config.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/json.h"

namespace cache {
namespace {

std::string time_text(base::Nanos time) { return time == 0 ? "0001-01-01T00:00:00Z" : base::format_rfc3339(time); }

base::Nanos read_time(const base::Json& json) {
  const auto time = base::parse_rfc3339(json.string_or(""));
  return time && *time > 0 ? *time : 0;
}

base::Json to_json(const Layer& layer) {
  base::Json annotations = base::Json::object();
  annotations.set("mediaType", layer.blob.media_type).set("diffID", layer.diff_id.str());
  annotations.set("size", static_cast<std::int64_t>(layer.blob.size)).set("createdAt", time_text(layer.created));
  base::Json json = base::Json::object();
  json.set("blob", layer.blob.digest.str());
  json.set("parent", layer.parent ? static_cast<std::int64_t>(*layer.parent) : -1);
  return json.set("annotations", std::move(annotations));
}

base::Json to_json(const ConfigRecord& record) {
  base::Json json = base::Json::object();
  if (record.layer) {
    base::Json result = base::Json::object();
    result.set("layer", static_cast<std::int64_t>(*record.layer)).set("createdAt", time_text(record.created));
    json.set("layers", base::Json::array().push(std::move(result)));
  }
  json.set("digest", record.digest.str());
  base::Json inputs = base::Json::array();
  for (const auto& links : record.inputs) {
    base::Json list = base::Json::array();
    for (const Link& link : links) {
      base::Json entry = base::Json::object();
      entry.set_nonempty("selector", link.selector).set("link", static_cast<std::int64_t>(link.record));
      list.push(std::move(entry));
    }
    inputs.push(std::move(list));
  }
  json.set_nonempty("inputs", std::move(inputs));
  json.set_nonempty("common", record.common);
  return json.set_nonempty("content", record.content).set_nonempty("empty", record.empty_result);
}

std::size_t index_of(const base::Json& json, std::size_t count, std::string_view what) {
  const auto index = json.int_or(-1);
  if (index < 0 || static_cast<std::uint64_t>(index) >= count) {
    base::fail(base::Code::invalid_argument, "cache config: {} {} of {}", what, index, count);
  }
  return static_cast<std::size_t>(index);
}

Layer layer_from_json(const base::Json& json, std::size_t position) {
  Layer layer;
  const base::Json& annotations = json["annotations"];
  layer.blob.digest = base::Digest::parse_or_throw(json["blob"].as_string());
  layer.blob.media_type = annotations["mediaType"].string_or("");
  layer.blob.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, annotations["size"].int_or(0)));
  layer.diff_id = base::Digest::parse(annotations["diffID"].string_or("")).value_or(base::Digest());
  layer.created = read_time(annotations["createdAt"]);
  // A layer stands on an earlier or a later one: BuildKit sorts them by digest. Cycles are looked for at the end.
  (void)position;
  return layer;
}

void read_results(ConfigRecord& record, const base::Json& json, std::size_t layers) {
  record.empty_result = json["empty"].bool_or(false);
  for (const auto& result : json["layers"].items()) {
    record.layer = index_of(result["layer"], layers, "layer");
    record.created = read_time(result["createdAt"]);
  }
}

void refuse_cycles(std::size_t count, const auto& each_next) {
  enum class Mark : std::uint8_t { fresh, open, done };
  std::vector<Mark> marks(count, Mark::fresh);
  for (std::size_t start = 0; start < count; ++start) {
    std::vector<std::pair<std::size_t, bool>> stack = {{start, false}};
    while (!stack.empty()) {
      const auto [node, leaving] = stack.back();
      stack.pop_back();
      if (leaving) {
        marks[node] = Mark::done;
        continue;
      }
      if (marks[node] != Mark::fresh) continue;
      marks[node] = Mark::open;
      stack.emplace_back(node, true);
      each_next(node, [&](std::size_t next) {
        if (marks[next] == Mark::open) base::fail(base::Code::invalid_argument, "cache config: entries in a circle");
        if (marks[next] == Mark::fresh) stack.emplace_back(next, false);
      });
    }
  }
}

void drop_layers_without_blobs(Config& config, const std::vector<oci::Descriptor>& blobs) {
  std::map<base::Digest, const oci::Descriptor*> known;
  for (const auto& blob : blobs) known[blob.digest] = &blob;
  for (auto& layer : config.layers) {
    const auto found = known.find(layer.blob.digest);
    if (found == known.end()) {
      layer.blob.size = 0;
      continue;
    }
    const oci::Descriptor& blob = *found->second;
    if (layer.diff_id.empty()) {
      const auto annotation = blob.annotations.find(std::string(kDiffIdAnnotation));
      if (annotation != blob.annotations.end()) {
        layer.diff_id = base::Digest::parse(annotation->second).value_or(base::Digest());
      }
    }
    layer.blob = blob;
  }
}

}  // namespace

std::vector<std::size_t> Config::chain(std::size_t top) const {
  std::vector<std::size_t> chain;
  for (std::optional<std::size_t> next = top; next; next = layers.at(*next).parent) chain.push_back(*next);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

std::string to_text(const Config& config) {
  base::Json layers = base::Json::array();
  for (const Layer& layer : config.layers) layers.push(to_json(layer));
  base::Json records = base::Json::array();
  for (const ConfigRecord& record : config.records) records.push(to_json(record));
  base::Json json = base::Json::object();
  json.set_nonempty("layers", std::move(layers)).set_nonempty("records", std::move(records));
  return json.dump();
}

Config parse(std::string_view text, const std::vector<oci::Descriptor>* blobs) {
  const base::Json json = base::Json::parse(text);
  Config config;
  const auto& layers = json["layers"].items();
  for (const auto& layer : layers) config.layers.push_back(layer_from_json(layer, config.layers.size()));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    // Go leaves a 0 out, so that an absent parent is the first layer; -1 is none.
    const base::Json parent = layers[i].contains("parent") ? layers[i]["parent"] : base::Json(0);
    if (parent.int_or(-1) >= 0) config.layers[i].parent = index_of(parent, layers.size(), "parent");
  }
  refuse_cycles(layers.size(), [&](std::size_t i, const auto& next) {
    if (config.layers[i].parent) next(*config.layers[i].parent);
  });
  const auto& records = json["records"].items();
  for (const auto& entry : records) {
    ConfigRecord record;
    record.digest = base::Digest::parse(entry["digest"].string_or("")).value_or(base::Digest());
    record.content = entry["content"].bool_or(false);
    record.common = entry["common"].bool_or(false);
    read_results(record, entry, layers.size());
    for (const auto& input : entry["inputs"].items()) {
      std::vector<Link> links;
      for (const auto& link : input.items()) {
        links.push_back({link["selector"].string_or(""), index_of(link["link"], records.size(), "link")});
      }
      record.inputs.push_back(std::move(links));
    }
    config.records.push_back(std::move(record));
  }
  refuse_cycles(records.size(), [&](std::size_t i, const auto& next) {
    for (const auto& links : config.records[i].inputs) {
      for (const Link& link : links) next(link.record);
    }
  });
  if (blobs) drop_layers_without_blobs(config, *blobs);
  return config;
}

}  // namespace cache
