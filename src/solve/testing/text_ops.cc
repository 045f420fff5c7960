// SPDX-License-Identifier: Apache-2.0
#include "solve/testing/text_ops.h"

#include <utility>

#include "base/error.h"
#include "base/strings.h"

namespace solve::testing {

namespace {

const std::string& text_in(const Result& result) { return dynamic_cast<const TextResult&>(result).text; }

}  // namespace

std::string text_of(const ResultPtr& result) { return result ? text_in(*result) : "none"; }

ResultPtr make_text(std::string text) { return std::make_shared<TextResult>(std::move(text)); }

CacheMap TextOp::cache_map(std::stop_token) {
  if (!options_.map_fails.empty()) throw base::Error(base::Code::unavailable, options_.map_fails);
  CacheMap map = CacheMap::of(options_.key.empty() ? options_.name : options_.key, options_.inputs);
  map.unique = options_.unique;
  map.common = options_.common;
  return map;
}

std::vector<base::Digest> TextOp::common_content(std::size_t, const Result& result, std::stop_token) {
  if (!options_.common_content) return {};
  return {base::sha256("common " + dynamic_cast<const TextResult&>(result).text)};
}

base::Digest TextOp::content_digest(std::size_t, const Result& result, std::stop_token) {
  ++digests_;
  if (!options_.digest_fails.empty()) throw base::Error(base::Code::data_loss, options_.digest_fails);
  return base::sha256(text_in(result));
}

std::vector<ResultPtr> TextOp::run(const std::vector<ResultPtr>& inputs, std::stop_token stop) {
  ++runs_;
  if (options_.body) options_.body(stop);
  if (!options_.fails.empty()) throw base::Error(base::Code::unknown, options_.fails);
  std::vector<std::string> texts;
  for (const ResultPtr& input : inputs) texts.push_back(text_of(input));
  std::string made = options_.name;
  if (!texts.empty()) made += "(" + base::join(texts, ",") + ")";
  if (options_.makes) made = *options_.makes;
  std::vector<ResultPtr> results;
  for (int i = 0; i < options_.outputs; ++i)
    results.push_back(make_text(i == 0 ? made : made + "#" + std::to_string(i)));
  return results;
}

std::optional<base::Digest> TextOp::result_digest(const std::vector<ResultPtr>& results) {
  if (!options_.names_outcome) return std::nullopt;
  return base::sha256(text_of(results.front()));
}

bool TextOp::same_outcome(const std::vector<ResultPtr>& now, const std::vector<ResultPtr>& before, std::stop_token) {
  return text_of(now.front()) == text_of(before.front());
}

std::string TextCodec::encode(const Result& result) { return text_in(result); }

ResultPtr TextCodec::decode(const std::string& text) {
  ++decodes_;
  if (lost_.contains(text)) return nullptr;
  return make_text(text);
}

void RecordingObserver::decided(const Vertex& vertex, const Decision& decision) {
  decisions[vertex.name] = decision;
  lines_.push_back("run " + vertex.name + ": " + std::string(reason_name(decision.reason)));
}

void RecordingObserver::started(const Vertex& vertex, base::Nanos) { ++starts[vertex.name]; }

void RecordingObserver::completed(const Vertex& vertex, base::Nanos, Outcome outcome) {
  const char* words[] = {"ran ", "cached ", "covered "};
  lines_.push_back(words[static_cast<int>(outcome)] + vertex.name);
}

void RecordingObserver::failed(const Vertex& vertex, base::Nanos, const base::Error& error) {
  lines_.push_back("failed " + vertex.name + ": " + error.text());
}

void RecordingObserver::cancelled(const Vertex& vertex, base::Nanos) { lines_.push_back("cancelled " + vertex.name); }

std::vector<std::string> RecordingObserver::take() { return std::exchange(lines_, {}); }

}  // namespace solve::testing
