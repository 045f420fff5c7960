// SPDX-License-Identifier: Apache-2.0
// Content digests of frozen trees, and comparisons of layers, inside the helper.
#include <thread>

#include "base/error.h"
#include "layer/same_layer.h"
#include "ops/content_digest.h"
#include "ops/methods.h"
#include "ops/mounted_tree.h"

namespace ops {

base::Json digest_method(const MethodCall& call) {
  const MountedTree tree(snapshot::MountSpec::from_json(call.params["mount"]), call.driver(), call.scratch(),
                         call.stop);
  std::vector<Selection> selections;
  for (const auto& item : call.params["selections"].items()) selections.push_back(selection_from_json(item));
  base::ThreadPool pool("hash", std::max(1U, std::thread::hardware_concurrency()));
  const Listings listings(call.params["listings"].string_or(""));
  CopySource source;
  source.root = tree.fd();
  return base::Json::object().set("digest", content_digest(source, selections, pool, call.stop, listings).str());
}

base::Json compare_method(const MethodCall& call) {
  const auto layers = call.params["layers"].string_items();
  SLIP_CHECK(layers.size() == 2);
  return base::Json::object().set("same", layer::same_layer(layers[0], layers[1], call.stop));
}

}  // namespace ops
