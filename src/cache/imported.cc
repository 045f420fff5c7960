// SPDX-License-Identifier: Apache-2.0
#include "cache/imported.h"

#include <algorithm>

#include "base/base64.h"
#include "base/error.h"
#include "oci/image.h"

namespace cache {
namespace {

constexpr std::string_view kInlineMember = "moby.buildkit.cache.v0";

/// The records' ids: a record is named by its op and by what it reads, content where that is known. A step that runs
/// here on equal content gets the same id, so that imported records of its consumers fit it.
class Namer {
 public:
  explicit Namer(const Config& config) : config_(config), ids_(config.records.size()) {}

  base::Digest id(std::size_t start) {
    std::vector<std::size_t> stack = {start};
    while (!stack.empty()) {
      const std::size_t index = stack.back();
      if (!ids_[index].empty()) {
        stack.pop_back();
        continue;
      }
      const std::size_t waiting = stack.size();
      for (const auto& links : config_.records[index].inputs) {
        for (const Link& link : links) {
          if (!config_.records[link.record].content && ids_[link.record].empty()) stack.push_back(link.record);
        }
      }
      if (stack.size() != waiting) continue;
      if (const auto key = resolved_key(index, true)) {
        ids_[index] = key->digest;
      } else {
        ids_[index] = base::sha256("slipway unusable record " + std::to_string(index));
      }
      stack.pop_back();
    }
    return ids_[start];
  }

  /// Nothing when an input has no link of the kind asked for.
  std::optional<solve::CacheKey> resolved_key(std::size_t index, bool by_content) const {
    const ConfigRecord& record = config_.records[index];
    std::vector<solve::KeyedInput> inputs;
    for (const auto& links : record.inputs) {
      auto input = by_content ? content_input(links) : std::nullopt;
      if (!input) input = identity_input(links);
      if (!input) return std::nullopt;
      inputs.push_back(std::move(*input));
    }
    return solve::make_key(solve::KeyKind::resolved, record.digest, inputs);
  }

  /// By every link that its inputs have: which of them a step here knows is not known.
  std::vector<solve::CacheKey> identity_keys(std::size_t index) const {
    constexpr std::size_t kMaxKeys = 16;
    std::vector<std::vector<solve::KeyedInput>> chosen = {{}};
    for (const auto& links : config_.records[index].inputs) {
      std::vector<std::vector<solve::KeyedInput>> longer;
      for (const auto& beginning : chosen) {
        for (const Link& link : links) {
          if (config_.records[link.record].content || longer.size() == kMaxKeys) continue;
          longer.push_back(beginning);
          longer.back().push_back({ids_[link.record], {}, 0, link.selector});
        }
      }
      chosen = std::move(longer);
    }
    std::vector<solve::CacheKey> keys;
    for (const auto& inputs : chosen) {
      keys.push_back(solve::make_key(solve::KeyKind::resolved, config_.records[index].digest, inputs));
    }
    return keys;
  }

  /// The inputs of a record as a recipe has them (solve::key_recipe), so that it can be exported again.
  base::Json recipe(std::size_t index) const {
    base::Json inputs = base::Json::array();
    for (const auto& links : config_.records[index].inputs) {
      const auto content = content_input(links);
      const auto identity = identity_input(links);
      base::Json entry = base::Json::object();
      if (content) entry.set("content", content->content.str());
      if (identity && !content) entry.set("record", identity->identity.str());
      if (identity) entry.set_nonempty("selector", identity->selector);
      inputs.push(std::move(entry));
    }
    return base::Json::object().set("inputs", std::move(inputs));
  }

 private:
  std::optional<solve::KeyedInput> content_input(const std::vector<Link>& links) const {
    for (const Link& link : links) {
      if (config_.records[link.record].content)
        return solve::KeyedInput{{}, config_.records[link.record].digest, 0, ""};
    }
    return std::nullopt;
  }
  std::optional<solve::KeyedInput> identity_input(const std::vector<Link>& links) const {
    for (const Link& link : links) {
      if (!config_.records[link.record].content) return solve::KeyedInput{ids_[link.record], {}, 0, link.selector};
    }
    return std::nullopt;
  }

  const Config& config_;
  std::vector<base::Digest> ids_;
};

std::optional<ImportedLayers> layers_of_record(const Imported& imported, const ConfigRecord& record) {
  ImportedLayers layers{{}, {}, imported.source, imported.name};
  if (record.empty_result) return layers;
  if (!record.layer) return std::nullopt;
  for (const std::size_t index : imported.config.chain(*record.layer)) {
    const Layer& layer = imported.config.layers[index];
    if (layer.blob.size == 0 || layer.diff_id.empty()) return std::nullopt;
    layers.blobs.push_back(layer.blob);
    layers.diff_ids.push_back(layer.diff_id);
  }
  return layers;
}

/// An inline cache names the image's own layers: `chains` are lists of their positions.
Config parse_inline(const base::Json& json, const oci::Manifest& manifest, const oci::ImageConfig& image) {
  base::Json document = base::Json::object();
  base::Json records = base::Json::array();
  for (base::Json record : json["records"].items()) {
    for (const auto& chain : record["chains"].items()) {
      const auto& positions = chain["layers"].items();
      bool from_the_bottom = !positions.empty();
      for (std::size_t i = 0; i < positions.size(); ++i) {
        from_the_bottom = from_the_bottom && positions[i].int_or(-1) == static_cast<std::int64_t>(i);
      }
      if (!from_the_bottom) continue;
      base::Json result = base::Json::object();
      result.set("layer", static_cast<std::int64_t>(positions.size() - 1)).set("createdAt", chain["createdAt"]);
      record.set("layers", base::Json::array().push(std::move(result)));
    }
    records.push(std::move(record));
  }
  base::Json layers = base::Json::array();
  const std::size_t count = std::min(manifest.layers.size(), image.diff_ids.size());
  for (std::size_t i = 0; i < count; ++i) {
    base::Json layer = base::Json::object();
    base::Json annotations = base::Json::object();
    annotations.set("diffID", image.diff_ids[i].str());
    layer.set("blob", manifest.layers[i].digest.str()).set("parent", static_cast<std::int64_t>(i) - 1);
    layers.push(layer.set("annotations", std::move(annotations)));
  }
  document.set("layers", std::move(layers)).set("records", std::move(records));
  return parse(document.dump(), &manifest.layers);
}

bool is_beginning(const std::vector<base::Digest>& part, const std::vector<base::Digest>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

Config read_manifest(oci::ImageSource& source, const oci::Manifest& manifest, std::string_view name,
                     const std::stop_token& stop) {
  const std::string text = source.fetch_config(manifest.config, stop);
  if (manifest.config.media_type == kConfigType) return parse(text, &manifest.layers);
  const auto image = oci::ImageConfig::parse(text);
  const base::Json& entry = image.json[kInlineMember];
  const auto inlined = base::base64_decode(entry.string_or(""));
  if (!entry.is_string() || !inlined) {
    base::fail(base::Code::not_found, "{} is an image without a cache in it", name);
  }
  return parse_inline(base::Json::parse(*inlined), manifest, image);
}

}  // namespace

Imported import_cache(std::shared_ptr<oci::ImageSource> source, const oci::Descriptor& root, std::string name,
                      const std::stop_token& stop) {
  const std::string text = source->fetch_manifest(root, stop);
  Imported imported{{}, std::move(source), std::move(name)};
  if (oci::document_kind(text, root.media_type) == oci::DocumentKind::manifest) {
    imported.config = read_manifest(*imported.source, oci::Manifest::parse(text, root.media_type), imported.name, stop);
    return imported;
  }
  const auto index = oci::Index::parse(text, root.media_type);
  for (const auto& entry : index.manifests) {
    if (entry.media_type != kConfigType) continue;
    std::vector<oci::Descriptor> blobs;
    for (const auto& blob : index.manifests) {
      if (oci::is_layer_type(blob.media_type)) blobs.push_back(blob);
    }
    imported.config = parse(imported.source->fetch_config(entry, stop), &blobs);
    return imported;
  }
  // An index of images: each of them may carry its own.
  for (const auto& entry : index.manifests) {
    if (!oci::is_manifest_type(entry.media_type)) continue;
    const auto manifest = oci::Manifest::parse(imported.source->fetch_manifest(entry, stop), entry.media_type);
    if (!oci::is_config_type(manifest.config.media_type)) continue;
    try {
      imported.config = read_manifest(*imported.source, manifest, imported.name, stop);
      return imported;
    } catch (const base::Error& error) {
      if (error.code() != base::Code::not_found) throw;
    }
  }
  base::fail(base::Code::not_found, "{} has no cache in it", imported.name);
}

void ImportingStorage::add(const Imported& imported) {
  Namer namer(imported.config);
  for (std::size_t i = 0; i < imported.config.records.size(); ++i) {
    const ConfigRecord& record = imported.config.records[i];
    if (record.content || record.common || record.digest.empty()) continue;
    const base::Digest id = namer.id(i);
    std::vector<solve::CacheKey> keys;
    for (const bool by_content : {true, false}) {
      if (const auto key = namer.resolved_key(i, by_content)) keys.push_back(*key);
    }
    for (const auto& key : namer.identity_keys(i)) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
    add_record(imported, i, id, keys, namer.recipe(i));
  }
}

void ImportingStorage::add_record(const Imported& imported, std::size_t index, const base::Digest& id,
                                  const std::vector<solve::CacheKey>& keys, base::Json recipe) {
  const ConfigRecord& source = imported.config.records[index];
  Entry entry;
  entry.record.id = id;
  entry.record.key = keys.empty() ? solve::CacheKey{id} : keys.front();
  entry.record.op = source.digest;
  entry.record.created = source.created;
  entry.record.results = {imported_text(id)};
  entry.record.recipe = std::move(recipe);
  entry.keys = keys;
  entry.layers = layers_of_record(imported, source);
  // The first import that has the bytes wins.
  const auto known = records_.find(id);
  if (known != records_.end() && (known->second.layers || !entry.layers)) return;
  records_[id] = std::move(entry);
  for (const auto& key : keys) found_[key] = id;
}

std::optional<ImportedLayers> ImportingStorage::layers_of(const base::Digest& id) const {
  const auto found = records_.find(id);
  return found == records_.end() ? std::nullopt : found->second.layers;
}

void ImportingStorage::fetched(const base::Digest& id, const std::vector<std::string>& layer_ids) {
  used_.lock()->fetched[id] = layer_ids;
}

void ImportingStorage::keep_hits() {
  const auto used = used_.lock();
  for (const auto& id : used->hits) {
    const Entry& entry = records_.at(id);
    solve::Record record = entry.record;
    for (const auto& [other, layer_ids] : used->fetched) {
      const auto& whole = records_.at(other).layers->diff_ids;
      if (!entry.layers || !is_beginning(entry.layers->diff_ids, whole) || layer_ids.size() != whole.size()) continue;
      const auto count = static_cast<std::ptrdiff_t>(entry.layers->diff_ids.size());
      record.results = {base::Json::strings({layer_ids.begin(), layer_ids.begin() + count}).dump()};
      break;
    }
    std::vector<solve::CacheKey> keys = entry.keys;
    for (const auto& [key, record_id] : used->links) {
      if (record_id == id) keys.push_back(key);
    }
    local_.save(record, keys);
  }
  used->hits.clear();
}

std::optional<solve::Record> ImportingStorage::get(const base::Digest& id) {
  if (auto record = local_.get(id)) return record;
  const auto found = records_.find(id);
  return found == records_.end() ? std::nullopt : std::optional(found->second.record);
}

std::optional<solve::Record> ImportingStorage::find(const solve::CacheKey& key) {
  if (auto record = local_.find(key)) return record;
  base::Digest id;
  if (const auto found = found_.find(key); found != found_.end()) {
    id = found->second;
  }
  const auto used = used_.lock();
  if (id.empty()) {
    const auto linked = used->links.find(key);
    if (linked == used->links.end()) return std::nullopt;
    id = linked->second;
  }
  used->hits.insert(id);
  return records_.at(id).record;
}

void ImportingStorage::save(const solve::Record& record, const std::vector<solve::CacheKey>& keys) {
  local_.save(record, keys);
}

void ImportingStorage::link(const base::Digest& id, const std::vector<solve::CacheKey>& keys) {
  if (!records_.contains(id)) return local_.link(id, keys);
  {
    const auto used = used_.lock();
    for (const auto& key : keys) used->links[key] = id;
  }
  local_.link(id, keys);
}

std::string imported_text(const base::Digest& id) { return base::Json::object().set("imported", id.str()).dump(); }

std::optional<base::Digest> imported_id(const base::Json& text) {
  return base::Digest::parse(text["imported"].string_or(""));
}

}  // namespace cache
