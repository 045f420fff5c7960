// SPDX-License-Identifier: Apache-2.0
#include "ops/by_hand.h"

#include "base/error.h"
#include "base/random.h"
#include "ops/exec_step.h"
#include "ops/op.h"

namespace ops {
namespace {

/// A RUN that does nothing, on a filesystem.
llb::Op bare_step(const llb::ExecOp* beside) {
  llb::ExecOp exec;
  if (beside) exec.meta = beside->meta;
  if (exec.meta.cwd.empty()) exec.meta.cwd = "/";
  exec.mounts.push_back({.input = 0, .dest = std::string(llb::kRootMount), .output = 0});
  llb::Op op;
  op.inputs.emplace_back();
  op.kind = std::move(exec);
  return op;
}

/// The outcome of a step as somebody made it by hand. Its name is new every time.
class GivenOp final : public solve::Op {
 public:
  GivenOp(std::vector<solve::ResultPtr> results, std::size_t inputs) : results_(std::move(results)), inputs_(inputs) {}

  solve::CacheMap cache_map(std::stop_token) override {
    base::Json recipe = base::Json::object();
    recipe.set("op", "by hand").set("id", base::random_id());
    return solve::CacheMap::of(std::move(recipe), std::vector<solve::InputKey>(inputs_));
  }
  std::vector<solve::ResultPtr> run(const std::vector<solve::ResultPtr>&, std::stop_token) override { return results_; }

 private:
  std::vector<solve::ResultPtr> results_;
  std::size_t inputs_;
};

}  // namespace

void ByHand::failed(const base::Digest& vertex, std::unique_ptr<EnteredStep> step) {
  const std::lock_guard lock(mutex_);
  if (keeps_failed_ && !failed_) failed_ = Failed{vertex, std::move(step)};
}

std::optional<ByHand::Failed> ByHand::take_failed() {
  const std::lock_guard lock(mutex_);
  std::optional<Failed> taken = std::move(failed_);
  failed_.reset();
  return taken;
}

const std::vector<solve::ResultPtr>* ByHand::given(const base::Digest& vertex) const {
  const auto found = given_.find(vertex);
  return found == given_.end() ? nullptr : &found->second;
}

std::shared_ptr<solve::Op> make_given(const llb::Vertex& vertex, const std::vector<solve::ResultPtr>& results) {
  return std::make_shared<GivenOp>(results, vertex.inputs.size());
}

std::unique_ptr<EnteredStep> enter_step(const llb::Vertex& vertex, const llb::ExecOp* beside, const Services& services,
                                        const std::vector<solve::ResultPtr>& inputs,
                                        const std::vector<solve::ResultPtr>& made, const std::stop_token& stop) {
  if (std::holds_alternative<llb::ExecOp>(vertex.op.kind)) {
    return std::make_unique<ExecStep>(vertex.digest, vertex.op, vertex.metadata.linux_resources, services, inputs, made,
                                      stop);
  }
  const std::vector<solve::ResultPtr>& stands_on = made.empty() ? inputs : made;
  if (stands_on.empty() || !stands_on.front()) {
    base::fail(base::Code::failed_precondition, "{} begins with nothing that could be entered", vertex.name());
  }
  return std::make_unique<ExecStep>(vertex.digest, bare_step(beside), std::nullopt, services,
                                    std::vector{stands_on.front()}, std::vector<solve::ResultPtr>{}, stop);
}

}  // namespace ops
