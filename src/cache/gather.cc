// SPDX-License-Identifier: Apache-2.0
#include "cache/gather.h"

#include <map>
#include <utility>

namespace cache {
namespace {

class Gatherer {
 public:
  Gatherer(const solve::Graph& graph, const std::vector<std::optional<solve::Record>>& records,
           const ResultLayers& layers)
      : graph_(graph), records_(records), layers_(layers), places_(graph.vertices.size()) {}

  Config run() {
    for (std::size_t v = 0; v < graph_.vertices.size(); ++v) {
      if (records_[v] && !records_[v]->op.empty()) add(v);
    }
    return std::move(config_);
  }

 private:
  void add(std::size_t v) {
    const solve::Record& record = *records_[v];
    ConfigRecord entry;
    entry.digest = record.op;
    const auto& edges = graph_.vertices[v].inputs;
    const auto& recipes = record.recipe["inputs"].items();
    if (recipes.size() != edges.size()) return;  // the record is of another form of the step
    for (std::size_t i = 0; i < edges.size(); ++i) {
      auto links = links_of(edges[i], recipes[i]);
      if (links.empty()) return;
      entry.inputs.push_back(std::move(links));
    }
    if (const auto layers = layers_(v)) {
      entry.created = record.created;
      entry.empty_result = layers->empty();
      entry.layer = place_layers(*layers);
    }
    places_[v] = config_.records.size();
    config_.records.push_back(std::move(entry));
  }

  std::vector<Link> links_of(const solve::Edge& edge, const base::Json& recipe) {
    std::vector<Link> links;
    if (edge.output == 0 && places_[edge.vertex]) {
      links.push_back({recipe["selector"].string_or(""), *places_[edge.vertex]});
    }
    if (const auto content = base::Digest::parse(recipe["content"].string_or(""))) {
      links.push_back({"", content_record(*content)});
    }
    return links;
  }

  std::size_t content_record(const base::Digest& content) {
    const auto [entry, is_new] = contents_.emplace(content, config_.records.size());
    if (is_new) {
      ConfigRecord record;
      record.digest = content;
      record.content = true;
      config_.records.push_back(std::move(record));
    }
    return entry->second;
  }

  std::optional<std::size_t> place_layers(const std::vector<ResultLayer>& layers) {
    std::optional<std::size_t> top;
    for (const ResultLayer& layer : layers) {
      const auto [entry, is_new] = known_layers_.emplace(std::pair(layer.blob.digest, top), config_.layers.size());
      if (is_new) config_.layers.push_back({layer.blob, layer.diff_id, top, layer.created});
      top = entry->second;
    }
    return top;
  }

  const solve::Graph& graph_;
  const std::vector<std::optional<solve::Record>>& records_;
  const ResultLayers& layers_;
  std::vector<std::optional<std::size_t>> places_;  ///< per vertex: its record in the config
  std::map<base::Digest, std::size_t> contents_;
  std::map<std::pair<base::Digest, std::optional<std::size_t>>, std::size_t> known_layers_;
  Config config_;
};

}  // namespace

Config gather(const solve::Graph& graph, const std::vector<std::optional<solve::Record>>& records,
              const ResultLayers& layers) {
  return Gatherer(graph, records, layers).run();
}

}  // namespace cache
