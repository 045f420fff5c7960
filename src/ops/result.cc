// SPDX-License-Identifier: Apache-2.0
#include "ops/result.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/json.h"

namespace ops {

solve::ResultPtr make_snapshot_result(snapshot::Chain chain) {
  return std::make_shared<SnapshotResult>(std::move(chain));
}

const snapshot::Chain& chain_of(const solve::Result& result) {
  if (const auto* lazy = dynamic_cast<const LazyResult*>(&result)) return lazy->chain();
  const auto* snapshot = dynamic_cast<const SnapshotResult*>(&result);
  if (!snapshot) base::fail(base::Code::internal, "a local directory was used where a filesystem is needed");
  return snapshot->chain();
}

const snapshot::Chain& LazyResult::chain() const {
  const std::lock_guard lock(mutex_);
  if (!chain_) chain_ = fetch_();
  return *chain_;
}

std::optional<snapshot::Chain> LazyResult::fetched() const {
  const std::lock_guard lock(mutex_);
  return chain_;
}

std::string ChainCodec::encode(const solve::Result& result) { return base::Json::strings(chain_of(result)).dump(); }

solve::ResultPtr ChainCodec::decode(const std::string& text) {
  snapshot::Chain chain;
  try {
    const base::Json json = base::Json::parse(text);
    if (!json.is_array()) return foreign_ ? foreign_(json) : nullptr;
    chain = json.string_items();
  } catch (const base::Error&) {
    return nullptr;
  }
  const bool complete = std::all_of(chain.begin(), chain.end(), [&](const auto& id) { return snapshots_.has(id); });
  return complete ? make_snapshot_result(std::move(chain)) : nullptr;
}

}  // namespace ops
