// SPDX-License-Identifier: Apache-2.0
#include "cli/remote_cache.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "cache/gather.h"
#include "cli/early_export.h"
#include "oci/layout.h"
#include "ops/export_layers.h"
#include "ops/image_layers.h"
#include "progress/step.h"

namespace cli {
namespace {

/// The chain of a step's result where it is here; nothing for one that was never fetched.
std::optional<snapshot::Chain> chain_of(const FinishedBuild& build, std::size_t v) {
  const auto& results = build.outcome.vertex_results[v];
  if (!results.empty() && results[0]) {
    if (const auto* made = dynamic_cast<const ops::SnapshotResult*>(results[0].get())) return made->chain();
    if (const auto* lazy = dynamic_cast<const ops::LazyResult*>(results[0].get())) return lazy->fetched();
  }
  const auto& record = build.outcome.records[v];
  if (!record || record->results.empty() || record->results[0].empty()) return std::nullopt;
  const base::Json text = base::Json::parse(record->results[0]);
  return text.is_array() ? std::optional(text.string_items()) : std::nullopt;
}

bool begins_with(const snapshot::Chain& chain, const snapshot::Chain& part) {
  return part.size() <= chain.size() && std::equal(part.begin(), part.end(), chain.begin());
}

/// The layers of what the steps of a build made, as blobs; each chain is exported once, with the longest it begins.
class StepLayers {
 public:
  StepLayers(const FinishedBuild& build, const cache::ImportingStorage& imported, cache::Mode mode)
      : build_(build), imported_(imported) {
    for (const auto& head : build.heads) {
      if (head) heads_.push_back(chain_of(build, head->vertex));
    }
    for (std::size_t v = 0; v < build.graph.vertices.size(); ++v) {
      auto chain = chain_of(build, v);
      if (chain && mode == cache::Mode::min && !is_part_of_result(*chain)) chain.reset();
      chains_.push_back(std::move(chain));
    }
  }

  /// Makes the blobs.
  void make(const ops::ExportOptions& options, const ops::Services& services, const std::stop_token& stop) {
    std::vector<const snapshot::Chain*> longest_first;
    for (const auto& chain : chains_) {
      if (chain && !chain->empty()) longest_first.push_back(&*chain);
    }
    std::stable_sort(longest_first.begin(), longest_first.end(),
                     [](const auto* a, const auto* b) { return a->size() > b->size(); });
    for (const auto* chain : longest_first) {
      if (blobs_.contains(snapshot::chain_key(*chain))) continue;
      auto layers =
          std::make_shared<std::vector<ops::ExportedLayer>>(ops::export_layers(*chain, options, services, stop));
      snapshot::Chain part;
      for (const auto& id : *chain) {
        part.push_back(id);
        blobs_.try_emplace(snapshot::chain_key(part), layers);
      }
    }
  }

  std::optional<std::vector<cache::ResultLayer>> layers(std::size_t v, cache::BlobSources& sources) const {
    if (const auto& chain = chains_[v]) {
      std::vector<cache::ResultLayer> result;
      if (chain->empty()) return result;
      const auto& made = *blobs_.at(snapshot::chain_key(*chain));
      for (std::size_t i = 0; i < chain->size(); ++i) {
        oci::Descriptor blob;
        blob.media_type = made[i].blob.media_type;
        blob.digest = made[i].blob.digest;
        blob.size = made[i].blob.size;
        blob.annotations = ops::layer_annotations(made[i]);
        result.push_back({std::move(blob), made[i].blob.diff_id, made[i].created});
      }
      return result;
    }
    return imported_layers(v, sources);
  }

 private:
  bool is_part_of_result(const snapshot::Chain& chain) const {
    return std::any_of(heads_.begin(), heads_.end(),
                       [&](const auto& head) { return head && begins_with(*head, chain); });
  }

  std::optional<std::vector<cache::ResultLayer>> imported_layers(std::size_t v, cache::BlobSources& sources) const {
    const auto& record = build_.outcome.records[v];
    const auto layers = record ? imported_.layers_of(record->id) : std::nullopt;
    if (!layers) return std::nullopt;
    std::vector<cache::ResultLayer> result;
    for (std::size_t i = 0; i < layers->blobs.size(); ++i) {
      sources[layers->blobs[i].digest] = layers->source;
      result.push_back({layers->blobs[i], layers->diff_ids[i], record->created});
    }
    return result;
  }

  const FinishedBuild& build_;
  const cache::ImportingStorage& imported_;
  std::vector<std::optional<snapshot::Chain>> heads_;
  std::vector<std::optional<snapshot::Chain>> chains_;                             ///< per vertex, of those to export
  std::map<std::string, std::shared_ptr<std::vector<ops::ExportedLayer>>> blobs_;  ///< by key of the chain
};

std::shared_ptr<oci::ImageSource> open_source(const cache::ImportSpec& spec, House& house) {
  if (spec.type == cache::Type::local) return std::make_shared<oci::Layout>(spec.src);
  return house.registry().repository(oci::Reference::parse(spec.ref));
}

/// What a cache is called, to which its mounts' name is added.
std::string mounts_name(const cache::ImportSpec& spec) {
  if (spec.type == cache::Type::registry) return oci::Reference::parse(spec.ref).tagged().object();
  return spec.tag.empty() ? "latest" : spec.tag;
}

std::string wanted_name(const cache::ImportSpec& spec) {
  if (spec.type == cache::Type::registry) return oci::Reference::parse(spec.ref).tagged().object();
  return spec.digest.empty() ? spec.tag : spec.digest;
}

void export_one(const cache::ExportSpec& spec, const FinishedBuild& build, const cache::ImportingStorage& imported,
                House& house, const ops::Services& services, progress::Step& step, const std::stop_token& stop) {
  const cache::Part part = [&](const std::string& title, const std::function<void()>& work) {
    auto transfer = step.transfer(title);
    transfer.update(0);
    work();
    transfer.done();
  };
  StepLayers layers(build, imported, spec.mode);
  part("preparing build cache for export", [&] { layers.make(layer_options(spec), services, stop); });
  cache::BlobSources sources;
  const cache::Config config = cache::gather(build.graph, build.outcome.records, build.outcome.common,
                                             [&](std::size_t v) { return layers.layers(v, sources); });
  const cache::Manifest manifest = cache::assemble(config, spec);
  if (spec.type == cache::Type::local) {
    cache::write_directory(manifest, spec, house.store().content(), sources, part, stop);
  } else {
    const auto repository = house.registry().repository(oci::Reference::parse(spec.ref));
    cache::push(manifest, spec, *repository, house.store().content(), sources, part, stop);
  }
  export_mounts(spec, house, part, stop);
}

std::string export_title(const cache::ExportSpec& spec) {
  return spec.type == cache::Type::local ? "exporting cache to client directory" : "exporting cache to registry";
}

}  // namespace

RemoteCache::RemoteCache(const BuildOptions& options) {
  for (const auto& text : options.cache_from) imports_.push_back(cache::parse_import(text));
  for (const auto& text : options.cache_to) exports_.push_back(cache::parse_export(text));
}

bool RemoteCache::is_inline() const {
  return std::any_of(exports_.begin(), exports_.end(),
                     [](const auto& spec) { return spec.type == cache::Type::inlined; });
}

void RemoteCache::import_into(cache::ImportingStorage& storage, ImportedMounts& mounts, House& house,
                              progress::Sink& sink, const std::stop_token& stop) const {
  for (const auto& spec : imports_) {
    progress::Step step(sink, base::system_clock(), "importing cache manifest from " + cache::describe(spec));
    try {
      step.guard([&] {
        auto source = open_source(spec, house);
        const auto root = source->resolve(wanted_name(spec), stop);
        storage.add(cache::import_cache(source, root, cache::describe(spec), stop));
        if (spec.digest.empty()) mounts.add(source, mounts_name(spec), stop);
      });
      step.done();
    } catch (const base::Error& error) {
      progress::VertexWarning warning;
      warning.vertex = step.digest();
      warning.short_text = base::format("the cache {} is not used: {}", cache::describe(spec), error.text());
      sink.event(warning);
    }
  }
}

void RemoteCache::export_all(const FinishedBuild& build, const cache::ImportingStorage& imported, House& house,
                             const ops::Services& services, progress::Sink& sink, const std::stop_token& stop) const {
  for (const auto& spec : exports_) {
    if (spec.type == cache::Type::inlined) continue;
    progress::Step step(sink, base::system_clock(), export_title(spec));
    try {
      step.guard([&] {
        base::with_context([&] { export_one(spec, build, imported, house, services, step, stop); },
                           "exporting the cache to {}", cache::describe(spec));
      });
      step.done();
    } catch (const base::Error& error) {
      if (!spec.ignore_error) throw;
      progress::VertexWarning warning;
      warning.vertex = step.digest();
      warning.short_text = error.text();
      sink.event(warning);
    }
  }
}

std::string RemoteCache::inline_cache(const FinishedBuild& build, const snapshot::Chain& chain,
                                      const std::vector<base::Digest>& diff_ids) {
  if (diff_ids.size() != chain.size()) return "";  // joined layers hold no step's result
  const auto layers = [&](std::size_t v) -> std::optional<std::vector<cache::ResultLayer>> {
    const auto own = chain_of(build, v);
    if (!own || !begins_with(chain, *own)) return std::nullopt;
    std::vector<cache::ResultLayer> list;
    for (std::size_t i = 0; i < own->size(); ++i) {
      oci::Descriptor blob;
      blob.digest = diff_ids[i];
      list.push_back({blob, diff_ids[i], 0});
    }
    return list;
  };
  return cache::inline_text(cache::gather(build.graph, build.outcome.records, build.outcome.common, layers), diff_ids);
}

solve::ResultPtr imported_result(const base::Json& text, cache::ImportingStorage& storage,
                                 const ops::Services& services, const std::stop_token& stop) {
  const auto id = cache::imported_id(text);
  const auto layers = id ? storage.layers_of(*id) : std::nullopt;
  if (!layers) return nullptr;
  return std::make_shared<ops::LazyResult>([&storage, &services, stop, id = *id, layers = *layers] {
    ops::ResolvedBase base;
    base.image.manifest.layers = layers.blobs;
    base.image.config.diff_ids = layers.diff_ids;
    base.source = layers.source;
    base.name = layers.name;
    const auto chain = base::with_context([&] { return ops::pull_layers(base, {}, services, stop); },
                                          "taking a step from the cache {}", layers.name);
    storage.fetched(id, chain);
    return chain;
  });
}

}  // namespace cli
