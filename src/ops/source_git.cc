// SPDX-License-Identifier: Apache-2.0
// Git sources: ADD of a repository, git contexts.
#include "base/error.h"
#include "ops/active_set.h"
#include "ops/git_source.h"
#include "ops/op.h"
#include "ops/result.h"

namespace ops {
namespace {

class GitOp final : public solve::Op {
 public:
  GitOp(const llb::Vertex& vertex, const Services& services)
      : digest_(vertex.digest), source_(GitSource::of(std::get<llb::SourceOp>(vertex.op.kind))), services_(services) {}

  solve::CacheMap cache_map(std::stop_token stop) override {
    if (services_.settings.offline) {
      base::fail(base::Code::failed_precondition, "{} cannot be fetched: the build is offline", source_.url);
    }
    source_ = locked(source_, services_.lock);
    revision_ = resolve_git(source_, git_cache(services_.store), stop);
    services_.pins.found(digest_, revision_.commit);
    base::Json recipe = base::Json::object();
    recipe.set("op", "git").set("commit", revision_.commit).set("subdir", source_.subdir);
    recipe.set("keep_git_dir", source_.keep_git_dir).set("submodules", !source_.skip_submodules);
    if (services_.settings.writable_git_files) recipe.set("files", "writable");
    if (source_.keep_git_dir) {
      recipe.set("ref", revision_.ref).set("url", source_.url).set("checksum", revision_.checksum);
    }
    return solve::CacheMap::of(std::move(recipe));
  }

  std::vector<solve::ResultPtr> run(const std::vector<solve::ResultPtr>&, std::stop_token stop) override {
    ActiveSet active(services_.snapshots);
    const std::size_t target = active.prepare({});
    checkout_git(source_, revision_, git_cache(services_.store), active.mounts(target).upper, stop);
    if (services_.settings.writable_git_files) make_files_writable(active.mounts(target).upper, stop);
    return {make_snapshot_result(active.commit(target))};
  }

  solve::Pool cache_map_pool() const override { return solve::Pool::network; }
  solve::Pool pool() const override { return solve::Pool::network; }

 private:
  base::Digest digest_;
  GitSource source_;
  const Services& services_;
  GitRevision revision_;
};

}  // namespace

std::shared_ptr<solve::Op> make_source_git(const llb::Vertex& vertex, const Services& services) {
  return std::make_shared<GitOp>(vertex, services);
}

}  // namespace ops
