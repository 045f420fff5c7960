// SPDX-License-Identifier: Apache-2.0
// Local directories: nothing is read here. Steps that use one are found by the content they select.
#include "base/error.h"
#include "base/json.h"
#include "ops/op.h"
#include "ops/result.h"

namespace ops {
namespace {

constexpr std::string_view kScheme = "local://";

class LocalOp final : public solve::Op {
 public:
  LocalOp(const llb::Vertex& vertex, const Services& services) {
    const auto& source = std::get<llb::SourceOp>(vertex.op.kind);
    const std::string name = source.identifier.substr(kScheme.size());
    const auto directory = services.locals.directory(name);
    if (!directory) base::fail(base::Code::not_found, "no local directory was given for {}", source.identifier);
    view_.directory = directory->path;
    view_.owners = directory->owners;
    view_.excludes = patterns(source, "local.excludepatterns");
    view_.includes = patterns(source, "local.includepattern");
  }

  solve::CacheMap cache_map(std::stop_token) override {
    solve::CacheMap map;
    map.unique = true;
    map.recipe = base::Json::object();
    map.recipe.set("op", "local");
    map.digest = base::sha256(view_.directory + base::Json::strings(view_.excludes).dump() +
                              base::Json::strings(view_.includes).dump());
    return map;
  }

  std::vector<solve::ResultPtr> run(const std::vector<solve::ResultPtr>&, std::stop_token) override {
    return {std::make_shared<LocalResult>(view_)};
  }

  solve::Pool pool() const override { return solve::Pool::engine; }

 private:
  static std::vector<std::string> patterns(const llb::SourceOp& source, std::string_view attribute) {
    const std::string text = source.attr(attribute);
    return text.empty() ? std::vector<std::string>{} : base::Json::parse(text).string_items();
  }

  LocalView view_;
};

}  // namespace

std::shared_ptr<solve::Op> make_source_local(const llb::Vertex& vertex, const Services& services) {
  return std::make_shared<LocalOp>(vertex, services);
}

}  // namespace ops
