// SPDX-License-Identifier: Apache-2.0
#include "ops/content_selection.h"

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "ops/content_digest.h"
#include "ops/result.h"
#include "ops/wire.h"

namespace ops {
namespace {

base::Digest digest_local(const LocalView& view, const std::vector<Selection>& selections, Evidence evidence,
                          const std::stop_token& stop) {
  const base::Fd directory = base::open_directory(view.directory);
  const CopySource tree = local_copy_source(directory.get(), view);
  base::ThreadPool pool("hash", std::max(1U, std::thread::hardware_concurrency()));
  return content_digest(tree, selections, pool, stop, evidence);
}

base::Digest digest_frozen(const snapshot::Chain& chain, const std::vector<Selection>& selections,
                           const Services& services, const std::stop_token& stop) {
  base::Json list = base::Json::array();
  for (const auto& selection : selections) list.push(to_json(selection));
  base::Json params = base::Json::object();
  params.set("mount", services.snapshots.view(chain).to_json()).set("selections", std::move(list));
  const auto reply = services.worker.call("digest", params, {}, stop);
  return base::Digest::parse_or_throw(reply.result["digest"].as_string());
}

}  // namespace

base::Json to_json(const Selection& selection) {
  base::Json json = base::Json::object();
  json.set("path", selection.path).set("wildcard", selection.wildcard).set("follow", selection.follow_links);
  json.set("includes", base::Json::strings(selection.includes));
  return json.set("excludes", base::Json::strings(selection.excludes));
}

Selection selection_from_json(const base::Json& json) {
  return {json["path"].as_string(), json["wildcard"].bool_or(false), json["follow"].bool_or(false),
          json["includes"].string_items(), json["excludes"].string_items()};
}

base::Digest digest_selections(const solve::Result& result, const std::vector<Selection>& selections,
                               const Services& services, const std::stop_token& stop) {
  if (const auto* local = dynamic_cast<const LocalResult*>(&result))
    return digest_local(local->view(), selections, Evidence::bytes, stop);
  return digest_frozen(chain_of(result), selections, services, stop);
}

void ContextGuard::remember(std::size_t input, const solve::Result& result, const std::vector<Selection>& selections,
                            const std::stop_token& stop) {
  const auto* local = dynamic_cast<const LocalResult*>(&result);
  if (local) seen_[input] = digest_local(local->view(), selections, Evidence::identity, stop);
}

void ContextGuard::verify(std::size_t input, const solve::Result& result, const std::vector<Selection>& selections,
                          const std::stop_token& stop) const {
  const auto* local = dynamic_cast<const LocalResult*>(&result);
  const auto seen = seen_.find(input);
  if (!local || seen == seen_.end()) return;
  if (digest_local(local->view(), selections, Evidence::identity, stop) == seen->second) return;
  base::Error error(base::Code::aborted,
                    base::format("files in {} changed while they were copied", local->view().directory));
  error.set_hint("run the build again when nothing writes to them");
  throw error;
}

}  // namespace ops
