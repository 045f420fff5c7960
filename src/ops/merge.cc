// SPDX-License-Identifier: Apache-2.0
// MERGE and DIFF. A filesystem is a list of layers, so both are operations on lists.
#include <algorithm>

#include "base/error.h"
#include "llb/buildkit_key.h"
#include "ops/op.h"
#include "ops/result.h"

namespace ops {
namespace {

const snapshot::Chain& chain_at(const std::vector<solve::ResultPtr>& inputs, std::int64_t index) {
  static const snapshot::Chain empty;
  return index == llb::kEmpty ? empty : chain_of(*inputs.at(static_cast<std::size_t>(index)));
}

/// Layers of all inputs, one after the other: what a later input has wins.
class MergeOp final : public solve::Op {
 public:
  explicit MergeOp(const llb::Vertex& vertex)
      : op_(vertex.op), merge_(std::get<llb::MergeOp>(op_.kind)), inputs_(vertex.inputs.size()) {}

  solve::CacheMap cache_map(std::stop_token) override {
    base::Json recipe = base::Json::object();
    base::Json order = base::Json::array();
    for (const auto input : merge_.inputs) order.push(input);
    recipe.set("op", "merge").set("order", std::move(order));
    auto map = solve::CacheMap::of(std::move(recipe), std::vector<solve::InputKey>(inputs_));
    map.common =
        solve::CommonKey{{llb::buildkit_record(llb::buildkit_merge_key(op_))}, std::vector<solve::InputKey>(inputs_)};
    return map;
  }

  std::vector<solve::ResultPtr> run(const std::vector<solve::ResultPtr>& inputs, std::stop_token) override {
    snapshot::Chain merged;
    for (const auto input : merge_.inputs) {
      const auto& chain = chain_at(inputs, input);
      // Inputs that share their beginning with what is there already (the same base) add only the rest.
      std::size_t shared = 0;
      while (shared < chain.size() && shared < merged.size() && chain[shared] == merged[shared]) ++shared;
      merged.insert(merged.end(), chain.begin() + static_cast<std::ptrdiff_t>(shared), chain.end());
    }
    return {make_snapshot_result(std::move(merged))};
  }

  bool deterministic() const override { return true; }
  solve::Pool pool() const override { return solve::Pool::engine; }

 private:
  llb::Op op_;
  const llb::MergeOp& merge_;
  std::size_t inputs_;
};

/// What `upper` adds to `lower`: the layers above their common chain.
class DiffOp final : public solve::Op {
 public:
  explicit DiffOp(const llb::Vertex& vertex)
      : diff_(std::get<llb::DiffOp>(vertex.op.kind)), inputs_(vertex.inputs.size()) {}

  solve::CacheMap cache_map(std::stop_token) override {
    base::Json recipe = base::Json::object();
    recipe.set("op", "diff").set("lower", diff_.lower).set("upper", diff_.upper);
    return solve::CacheMap::of(std::move(recipe), std::vector<solve::InputKey>(inputs_));
  }

  std::vector<solve::ResultPtr> run(const std::vector<solve::ResultPtr>& inputs, std::stop_token) override {
    const auto& lower = chain_at(inputs, diff_.lower);
    const auto& upper = chain_at(inputs, diff_.upper);
    if (lower.size() > upper.size() || !std::equal(lower.begin(), lower.end(), upper.begin())) {
      base::fail(base::Code::unimplemented,
                 "a difference of two filesystems that do not stand on each other cannot be built yet");
    }
    return {make_snapshot_result({upper.begin() + static_cast<std::ptrdiff_t>(lower.size()), upper.end()})};
  }

  bool deterministic() const override { return true; }
  solve::Pool pool() const override { return solve::Pool::engine; }

 private:
  llb::DiffOp diff_;
  std::size_t inputs_;
};

}  // namespace

std::shared_ptr<solve::Op> make_merge(const llb::Vertex& vertex, const Services&) {
  return std::make_shared<MergeOp>(vertex);
}

std::shared_ptr<solve::Op> make_diff(const llb::Vertex& vertex, const Services&) {
  return std::make_shared<DiffOp>(vertex);
}

}  // namespace ops
