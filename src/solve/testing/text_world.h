// SPDX-License-Identifier: Apache-2.0
#pragma once
// A small world for engine tests: text graphs, and processes that share a store.
//
//     TextGraph g;
//     g.add({.name = "base"});
//     g.add({.name = "app"}, {"base"});
//     Process process(world);
//     EXPECT_EQ(process.build(g, "app"), "app(base)");
//     EXPECT_THAT(process.observer.take(), ElementsAre("run base: never built", "ran base", …));
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/strings.h"
#include "solve/build.h"
#include "solve/engine.h"
#include "solve/testing/fake_locks.h"
#include "solve/testing/manual_executor.h"
#include "solve/testing/memory_cache_storage.h"
#include "solve/testing/text_ops.h"

namespace solve::testing {

class TextGraph {
 public:
  /// `inputs` name vertices added before; "name:1" is another output than the first.
  Vertex& add(const TextOpOptions& options, const std::vector<std::string>& inputs = {}) {
    Vertex vertex;
    vertex.digest = base::sha256("vertex " + options.name);
    vertex.name = options.name;
    for (const std::string& input : inputs) vertex.inputs.push_back(edge(input));
    auto op = std::make_shared<TextOp>(options);
    ops_[options.name] = op;
    vertex.op = op;
    indexes_[options.name] = graph.vertices.size();
    graph.vertices.push_back(std::move(vertex));
    return graph.vertices.back();
  }

  Edge edge(const std::string& text) const {
    const auto parts = base::split(text, ':');
    return {indexes_.at(parts[0]), parts.size() > 1 ? std::stoi(parts[1]) : 0};
  }
  TextOp& op(const std::string& name) { return *ops_.at(name); }
  Vertex& vertex(const std::string& name) { return graph.vertices[indexes_.at(name)]; }

  Graph graph;

 private:
  std::map<std::string, std::size_t> indexes_;
  std::map<std::string, std::shared_ptr<TextOp>> ops_;
};

/// What all processes of one store share.
struct World {
  MemoryCacheStorage storage;
  TextCodec codec;
  FakeLocks locks;
  FakeClock clock;
};

class Process {
 public:
  explicit Process(World& world) : services{world.storage, world.codec, world.locks, executor, observer, world.clock} {}

  std::unique_ptr<Build> start(const TextGraph& graph, const std::string& target, std::stop_token stop = {}) {
    return std::make_unique<Build>(services, graph.graph, std::vector<Edge>{graph.edge(target)}, stop);
  }

  /// Runs whatever is posted, one task at a time, until the build is over.
  void drive(Build& build) {
    while (!build.step()) {
      if (!executor.run_next()) build.wait();
    }
  }

  /// The text that the target makes.
  std::string build(const TextGraph& graph, const std::string& target) {
    auto build = start(graph, target);
    drive(*build);
    return text_of(build->finish().front());
  }

  ManualExecutor executor;
  RecordingObserver observer;
  Services services;
};

}  // namespace solve::testing
