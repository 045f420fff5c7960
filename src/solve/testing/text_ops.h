// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ops over text, for tests: "b" run on inputs that made "x" and "y" makes "b(x,y)".
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/sync.h"
#include "base/time.h"
#include "solve/cache_storage.h"
#include "solve/observer.h"
#include "solve/op.h"

namespace solve::testing {

struct TextResult final : Result {
  explicit TextResult(std::string value) : text(std::move(value)) {}
  std::string text;
};

/// The text of a TextResult.
std::string text_of(const ResultPtr& result);
ResultPtr make_text(std::string text);

/// Everything a test may want to bend; what is not set follows from `name`.
struct TextOpOptions {
  std::string name;
  std::string key;  ///< recipe; default the name
  std::vector<InputKey> inputs;
  bool unique = false;
  std::optional<std::string> makes;  ///< the text it makes, whatever the inputs
  std::string fails;                 ///< run() throws this
  std::string map_fails;             ///< cache_map() throws this
  std::string digest_fails;          ///< content_digest() throws this
  std::vector<std::string> locks;
  bool names_outcome = false;  ///< result_digest() is the digest of the text
  bool compares = false;       ///< equal texts are the same outcome
  int outputs = 1;
  Pool pool = Pool::sandbox;
  Pool map_pool = Pool::engine;
  std::function<void(std::stop_token)> body;  ///< called first in run()
  std::optional<CommonKey> common;
  bool common_content = false;  ///< common_content() names the text
  base::Json facts = {};
};

class TextOp final : public Op {
 public:
  explicit TextOp(TextOpOptions options) : options_(std::move(options)) {}

  CacheMap cache_map(std::stop_token stop) override;
  base::Digest content_digest(std::size_t input, const Result& result, std::stop_token stop) override;
  std::vector<base::Digest> common_content(std::size_t input, const Result& result, std::stop_token stop) override;
  std::vector<ResultPtr> run(const std::vector<ResultPtr>& inputs, std::stop_token stop) override;
  std::optional<base::Digest> result_digest(const std::vector<ResultPtr>& results) override;
  base::Json facts() const override { return options_.facts; }
  bool compares_outcome() const override { return options_.compares; }
  bool same_outcome(const std::vector<ResultPtr>& now, const std::vector<ResultPtr>& before,
                    std::stop_token stop) override;
  Pool cache_map_pool() const override { return options_.map_pool; }
  Pool pool() const override { return options_.pool; }
  std::vector<std::string> locks() const override { return options_.locks; }

  int runs() const { return runs_; }
  int digests() const { return digests_; }

 private:
  TextOpOptions options_;
  std::atomic<int> runs_ = 0;
  std::atomic<int> digests_ = 0;
};

/// Encodes texts as themselves; what was lost does not decode any more.
class TextCodec final : public ResultCodec {
 public:
  std::string encode(const Result& result) override;
  ResultPtr decode(const std::string& text) override;
  void lose(const std::string& text) { lost_.insert(text); }
  void keep(const std::string& text) { lost_.erase(text); }
  int decodes() const { return decodes_; }

 private:
  std::set<std::string> lost_;
  int decodes_ = 0;
};

/// Writes one line per event: "run b: input changed", "ran b", "cached a", "covered a", "failed c: …".
class RecordingObserver final : public Observer {
 public:
  void decided(const Vertex& vertex, const Decision& decision) override;
  void started(const Vertex& vertex, base::Nanos at) override;
  void completed(const Vertex& vertex, base::Nanos at, Outcome outcome) override;
  void failed(const Vertex& vertex, base::Nanos at, const base::Error& error) override;
  void cancelled(const Vertex& vertex, base::Nanos at) override;

  /// All lines so far, which are forgotten by this call.
  std::vector<std::string> take();
  std::map<std::string, Decision> decisions;  ///< by vertex name, the last one
  std::map<std::string, int> starts;          ///< by vertex name

 private:
  std::vector<std::string> lines_;
};

class FakeClock final : public base::Clock {
 public:
  base::Nanos now() const override { return ++now_; }

 private:
  mutable std::atomic<base::Nanos> now_ = 0;
};

}  // namespace solve::testing
