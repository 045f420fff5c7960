// SPDX-License-Identifier: Apache-2.0
#include "ops/content_selection.h"

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "ops/buildkit_content.h"
#include "ops/content_digest.h"
#include "ops/result.h"
#include "ops/wire.h"

namespace ops {
namespace {

constexpr int kLooks = 4;

[[noreturn]] void fail_unsteady(const LocalView& view, std::string_view while_what, const std::string& detail = "") {
  base::Error error(base::Code::aborted, base::format("files in {} changed while they were {}{}", view.directory,
                                                      while_what, detail.empty() ? "" : ": " + detail));
  error.set_hint("run the build again when nothing writes to them");
  throw error;
}

std::size_t hash_threads() { return std::max(1U, std::thread::hardware_concurrency()); }

LiveDigest look(const LocalView& view, const std::vector<Selection>& selections, ContextIndex& index,
                const Listings& listings, const std::stop_token& stop) {
  const base::Fd directory = base::open_directory(view.directory);
  const CopySource tree = local_copy_source(directory.get(), view);
  base::ThreadPool pool("hash", hash_threads());
  if (tree.kind == CopySource::Kind::frozen) {
    // An unpacked archive: ours alone, and its files have attributes, of which the index knows nothing.
    return {content_digest(tree, selections, pool, stop, listings), identity_digest(tree, selections, stop)};
  }
  return live_digest(tree, selections, pool, *index.of(view.directory), stop, listings);
}

/// Looks until nothing was written to during the look, nor in its last moment before.
LiveDigest digest_local(const LocalView& view, const std::vector<Selection>& selections, ContextIndex& index,
                        const Listings& listings, const std::stop_token& stop) {
  std::string detail;
  for (int i = 0; i < kLooks; ++i) {
    try {
      const LiveDigest seen = look(view, selections, index, listings, stop);
      if (seen.proof != Proof::racy) return seen;
      index.of(view.directory)->let_time_pass();
    } catch (const base::Error& error) {
      if (error.code() != base::Code::aborted) throw;
      detail = error.text();
    }
    base::throw_if_stopped(stop);
  }
  fail_unsteady(view, "hashed", detail);
}

base::Json selection_params(const snapshot::Chain& chain, const std::vector<Selection>& selections,
                            const Services& services) {
  base::Json list = base::Json::array();
  for (const auto& selection : selections) list.push(to_json(selection));
  base::Json params = base::Json::object();
  return params.set("mount", services.snapshots.view(chain).to_json()).set("selections", std::move(list));
}

base::Digest digest_frozen(const snapshot::Chain& chain, const std::vector<Selection>& selections,
                           const Services& services, const std::stop_token& stop) {
  base::Json params = selection_params(chain, selections, services);
  params.set("listings", listings_of(services.store).directory());
  const auto reply = services.worker.call("digest", params, {}, stop);
  return base::Digest::parse_or_throw(reply.result["digest"].as_string());
}

}  // namespace

Listings listings_of(const store::Store& store) { return Listings(store.root() + "/listings"); }

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

base::Digest ContentDigests::digest(std::size_t input, const solve::Result& result,
                                    const std::vector<Selection>& selections, const Services& services,
                                    const std::stop_token& stop) {
  const auto* local = dynamic_cast<const LocalResult*>(&result);
  if (!local) return digest_frozen(chain_of(result), selections, services, stop);
  const LiveDigest now = digest_local(local->view(), selections, services.contexts, listings_of(services.store), stop);
  seen_[input] = {now.identity, now.proof == Proof::none ? std::optional(now.content) : std::nullopt};
  return now.content;
}

std::vector<base::Digest> ContentDigests::common(const solve::Result& result, const std::vector<Selection>& selections,
                                                 const Services& services, const std::stop_token& stop) {
  if (const auto* local = dynamic_cast<const LocalResult*>(&result)) {
    const LocalView view = local->view();
    const base::Fd directory = base::open_directory(view.directory);
    return buildkit_content(local_copy_source(directory.get(), view), selections, stop);
  }
  base::Json params = selection_params(chain_of(result), selections, services);
  const auto reply = services.worker.call("buildkit_content", params, {}, stop);
  std::vector<base::Digest> names;
  for (const auto& name : reply.result["names"].string_items()) names.push_back(base::Digest::parse_or_throw(name));
  return names;
}

void ContentDigests::verify(std::size_t input, const solve::Result& result, const std::vector<Selection>& selections,
                            const Services& services, const std::stop_token& stop) const {
  const auto* local = dynamic_cast<const LocalResult*>(&result);
  const auto seen = seen_.find(input);
  if (!local || seen == seen_.end()) return;
  const LocalView& view = local->view();
  if (seen->second.content) {
    const LiveDigest now = digest_local(view, selections, services.contexts, Listings(""), stop);
    if (now.identity == seen->second.identity && now.content == *seen->second.content) return;
  } else {
    const base::Fd directory = base::open_directory(view.directory);
    const CopySource tree = local_copy_source(directory.get(), view);
    if (identity_digest(tree, selections, stop) == seen->second.identity) return;
  }
  fail_unsteady(view, "copied");
}

}  // namespace ops
