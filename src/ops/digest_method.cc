// SPDX-License-Identifier: Apache-2.0
// Looking into trees inside the helper: content digests, comparisons of layers, secrets.
#include <thread>

#include "base/error.h"
#include "layer/same_layer.h"
#include "ops/buildkit_content.h"
#include "ops/content_digest.h"
#include "ops/methods.h"
#include "ops/mounted_tree.h"
#include "ops/secrets.h"

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

base::Json buildkit_content_method(const MethodCall& call) {
  const MountedTree tree(snapshot::MountSpec::from_json(call.params["mount"]), call.driver(), call.scratch(),
                         call.stop);
  std::vector<Selection> selections;
  for (const auto& item : call.params["selections"].items()) selections.push_back(selection_from_json(item));
  CopySource source;
  source.root = tree.fd();
  base::Json names = base::Json::array();
  for (const auto& name : buildkit_content(source, selections, call.stop)) names.push(name.str());
  return base::Json::object().set("names", std::move(names));
}

base::Json find_secrets_method(const MethodCall& call) {
  base::Json found = base::Json::array();
  const auto needles = needles_from_json(call.params["needles"]);
  for (const auto& secret : find_secrets(call.params["directory"].as_string(), needles, call.stop)) {
    base::Json json = base::Json::object();
    found.push(json.set("path", secret.path).set("id", secret.id).set("form", secret.form));
  }
  return base::Json::object().set("found", std::move(found));
}

base::Json compare_method(const MethodCall& call) {
  const auto layers = call.params["layers"].string_items();
  SLIP_CHECK(layers.size() == 2);
  return base::Json::object().set("same", layer::same_layer(layers[0], layers[1], call.stop));
}

}  // namespace ops
