// SPDX-License-Identifier: Apache-2.0
#include "cache/gather.h"

#include <map>
#include <utility>

#include "base/strings.h"

namespace cache {
namespace {

class Gatherer {
 public:
  Gatherer(const solve::Graph& graph, const std::vector<std::optional<solve::Record>>& records,
           const std::vector<std::optional<solve::CommonKey>>& common, const ResultLayers& layers)
      : graph_(graph),
        records_(records),
        common_(common),
        layers_(layers),
        places_(graph.vertices.size()),
        common_places_(graph.vertices.size()) {}

  Config run() {
    for (std::size_t v = 0; v < graph_.vertices.size(); ++v) {
      if (records_[v] && !records_[v]->op.empty()) add(v);
    }
    for (std::size_t v = 0; v < graph_.vertices.size(); ++v) {
      if (v < common_.size() && common_[v]) add_common(v);
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

  /// A source has no bytes of its own here: others take it from where it is.
  void add_common(std::size_t v) {
    const solve::CommonKey& common = *common_[v];
    const auto& edges = graph_.vertices[v].inputs;
    if (!edges.empty() && (!records_[v] || common.inputs.size() != edges.size())) return;
    for (const auto& name : common.records) {
      ConfigRecord entry;
      entry.digest = name;
      entry.common = true;
      for (std::size_t i = 0; i < edges.size(); ++i) {
        auto links = common_links(v, i);
        if (links.empty()) return;
        entry.inputs.push_back(std::move(links));
      }
      if (const auto layers = edges.empty() ? std::nullopt : layers_(v)) {
        entry.created = records_[v]->created;
        entry.empty_result = layers->empty();
        entry.layer = place_layers(*layers);
      }
      common_places_[v].push_back(config_.records.size());
      config_.records.push_back(std::move(entry));
    }
  }

  std::vector<Link> common_links(std::size_t v, std::size_t input) {
    std::vector<Link> links;
    const auto& contents = records_[v]->common;
    for (const auto& name : input < contents.size() ? base::split(contents[input], ' ') : std::vector<std::string>()) {
      if (!name.empty()) links.push_back({"", common_content_record(base::Digest::parse_or_throw(name))});
    }
    const solve::Edge& edge = graph_.vertices[v].inputs[input];
    if (edge.output != 0) return links;
    for (const auto place : common_places_[edge.vertex]) links.push_back({common_[v]->inputs[input].selector, place});
    return links;
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

  /// The record of a content by our own name for it, made on demand.
  std::size_t content_record(const base::Digest& content) {
    const auto [entry, is_new] = contents_.emplace(content, config_.records.size());
    if (is_new) config_.records.push_back({.digest = content, .content = true});
    return entry->second;
  }

  /// The same by BuildKit's name for it.
  std::size_t common_content_record(const base::Digest& name) {
    const auto [entry, is_new] = common_contents_.emplace(name, config_.records.size());
    if (is_new) config_.records.push_back({.digest = name, .common = true});
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
  const std::vector<std::optional<solve::CommonKey>>& common_;
  const ResultLayers& layers_;
  std::vector<std::optional<std::size_t>> places_;       ///< per vertex: its record in the config
  std::vector<std::vector<std::size_t>> common_places_;  ///< per vertex: its records under common names
  std::map<base::Digest, std::size_t> contents_;
  std::map<base::Digest, std::size_t> common_contents_;
  std::map<std::pair<base::Digest, std::optional<std::size_t>>, std::size_t> known_layers_;
  Config config_;
};

}  // namespace

Config gather(const solve::Graph& graph, const std::vector<std::optional<solve::Record>>& records,
              const std::vector<std::optional<solve::CommonKey>>& common, const ResultLayers& layers) {
  return Gatherer(graph, records, common, layers).run();
}

}  // namespace cache
