// SPDX-License-Identifier: Apache-2.0
#include "attest/components_method.h"

#include <memory>

#include "base/file.h"
#include "ops/mounted_tree.h"

namespace attest {
namespace {

base::Json copy_json(const TracedCopy& copy) {
  base::Json json = base::Json::object();
  json.set("layer", static_cast<std::int64_t>(copy.layer)).set("stage", static_cast<std::int64_t>(copy.stage));
  return json.set("source", copy.source).set("destination", copy.destination);
}

TracedCopy copy_from(const base::Json& json) {
  return {static_cast<std::size_t>(json["layer"].as_int()), static_cast<std::size_t>(json["stage"].as_int()),
          json["source"].as_string(), json["destination"].as_string()};
}

std::unique_ptr<ops::MountedTree> mount(const ops::MethodCall& call, const base::Json& spec) {
  return std::make_unique<ops::MountedTree>(snapshot::MountSpec::from_json(spec), call.driver(), call.scratch(),
                                            call.stop);
}

}  // namespace

Components find_components(const snapshot::Chain& chain, const std::vector<std::string>& steps,
                           const std::vector<StageView>& stages, const std::vector<TracedCopy>& copies,
                           const ops::Services& services, const std::stop_token& stop) {
  base::Json params = base::Json::object();
  params.set("mount", services.snapshots.view(chain).to_json());
  base::Json layers = base::Json::array();
  const auto directories = services.snapshots.layer_directories(chain);
  for (std::size_t i = 0; i < directories.size(); ++i) {
    base::Json layer = base::Json::object().set("directory", directories[i]);
    layers.push(std::move(layer.set("step", i < steps.size() ? steps[i] : "")));
  }
  base::Json views = base::Json::array();
  for (const auto& stage : stages) {
    base::Json view = base::Json::object().set("name", stage.name);
    view.set("sources", stage.kind == TreeKind::sources).set("listed", stage.listed);
    views.push(std::move(view.set("mount", services.snapshots.view(stage.chain).to_json())));
  }
  base::Json from = base::Json::array();
  for (const auto& copy : copies) from.push(copy_json(copy));
  params.set("layers", std::move(layers)).set("stages", std::move(views)).set("copies", std::move(from));
  Components components;
  const auto reply = services.worker.call("components", params, {}, stop);
  for (const auto& json : reply.result["components"].items()) components.push_back(component_from_json(json));
  return components;
}

base::Json components_method(const ops::MethodCall& call) {
  const auto root = mount(call, call.params["mount"]);
  std::vector<TracedLayer> layers;
  for (const auto& layer : call.params["layers"].items()) {
    layers.push_back({layer["directory"].as_string(), layer["step"].as_string()});
  }
  std::vector<std::unique_ptr<ops::MountedTree>> trees;
  std::vector<TracedStage> stages;
  for (const auto& stage : call.params["stages"].items()) {
    trees.push_back(mount(call, stage["mount"]));
    stages.push_back({stage["name"].as_string(), trees.back()->fd(),
                      stage["sources"].as_bool() ? TreeKind::sources : TreeKind::filesystem,
                      stage["listed"].as_bool()});
  }
  std::vector<TracedCopy> copies;
  for (const auto& copy : call.params["copies"].items()) copies.push_back(copy_from(copy));
  const std::string scratch = call.scratch();
  base::make_directories(scratch, 0700);
  base::Json list = base::Json::array();
  for (const auto& component : trace_components(root->fd(), layers, stages, copies, scratch, call.stop)) {
    list.push(to_json(component));
  }
  base::remove_tree(scratch);
  return base::Json::object().set("components", std::move(list));
}

}  // namespace attest
