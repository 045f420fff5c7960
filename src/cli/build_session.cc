// SPDX-License-Identifier: Apache-2.0
#include "cli/build_session.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/frontend_options.h"
#include "cli/proxy_network.h"
#include "cli/stage_targets.h"
#include "dockerfile/context.h"
#include "ops/content_selection.h"
#include "ops/materialize.h"
#include "ops/op.h"
#include "ops/secret_leaks.h"
#include "progress/step.h"

namespace cli {
namespace {

std::vector<llb::Platform> worker_platforms() { return {llb::host_platform()}; }

ops::PullPolicy pull_policy(const BuildOptions& options) {
  if (options.offline) return ops::PullPolicy::never;
  return options.pull ? ops::PullPolicy::always : ops::PullPolicy::automatic;
}

/// While it lives, a cache that leaves early hears what steps make: what else a session runs is no part of it.
class Overheard {
 public:
  Overheard(BuildEvents& events, EarlyExport& cache) : events_(events) {
    events_.give_results([&cache](const auto& results) { cache.add(results); });
  }
  Overheard(const Overheard&) = delete;
  Overheard& operator=(const Overheard&) = delete;
  ~Overheard() { events_.give_results({}); }

 private:
  BuildEvents& events_;
};

void forbid_core_dumps() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) base::log_warn("core dumps cannot be turned off: {}", std::strerror(errno));
}

}  // namespace

/// The image store as the resolver sees it.
class BuildSession::KnownNames final : public ops::KnownImages {
 public:
  explicit KnownNames(images::ImageStore& images) : images_(images) {}

  std::optional<oci::Descriptor> made_here(const std::string& name) override {
    const auto image = images_.find(name);
    if (!image || image->origin == images::Origin::pulled) return std::nullopt;
    return image->root;
  }
  std::optional<oci::Descriptor> last_seen(const std::string& name) override {
    const auto image = images_.find(name);
    return image ? std::optional(image->root) : std::nullopt;
  }
  void remember(const std::string& name, const oci::Descriptor& root) override {
    const auto known = images_.find(name);
    // Writing a name costs a sync of the disk: only when there is something new to write.
    if (known && (known->root.digest == root.digest || known->origin != images::Origin::pulled)) return;
    images_.put({.name = name, .root = root, .origin = images::Origin::pulled});
  }

 private:
  images::ImageStore& images_;
};

BuildSession::BuildSession(const std::string& root, const BuildOptions& options, progress::Sink& sink)
    : options_(options),
      house_(root, StoreAccess::shared,
             {.driver = options.driver,
              .network_soon = !options.offline,
              .fuse = options.reversed_directories,
              .notice =
                  [&sink](const std::string& line) {
                    progress::Step(sink, base::system_clock(), "[internal] " + line).done();
                  }}),
      budget_(house_, cache_limit(options.cache_max)),
      mounts_(house_, [this](const std::string& text) { events_.warn({}, text); }),
      contexts_(options),
      events_(sink),
      settings_(build_settings(options)),
      known_files_({.directory = house_.store().root() + "/contexts",
                    .boot = store::kernel_boot_id(),
                    .trust = options.paranoid ? ops::ContextIndex::Trust::nothing : ops::ContextIndex::Trust::stamps}),
      ssh_(house_.store().root() + "/ssh", settings_.ssh),
      secrets_(settings_.secrets, house_.store().root() + "/secret-key"),
      policies_(source_rules(options)),
      admission_(options, house_),
      lock_(source_lock(options, contexts_)),
      known_(std::make_unique<KnownNames>(house_.images())),
      images_({.content = house_.store().content(),
               .registry = house_.registry(),
               .known = *known_,
               .locals = contexts_,
               .warn = [this](const std::string& text) { events_.warn({}, text); },
               .pull = pull_policy(options),
               .admission = admission_.hook()}),
      proxy_(make_proxy_network(options, house_.store(), policies_.digests())),
      services_{house_.store(), house_.snapshots(), house_.worker(), images_, house_.http(), contexts_, known_files_,
                ssh_,           secrets_,           by_hand_,        pins_,   policies_,     lock_,     events_,
                settings_,      &mounts_,           proxy_.get()},
      facts_({services_, house_.registry(), options.pull}),
      records_(house_.store()),
      listings_(ops::listings_of(house_.store())),
      explainer_(records_, listings_),
      history_(house_.store().root()),
      id_(BuildHistory::make_id(base::system_clock().now())),
      logs_(history_.log_directory(id_)),
      remote_cache_(options),
      all_records_(records_),
      codec_(house_.snapshots(),
             [this](const base::Json& text) { return imported_result(text, all_records_, services_, stop_); }),
      locks_(house_.store()),
      executor_(solve::Limits::for_cpus(std::max(1U, std::thread::hardware_concurrency()))),
      engine_({all_records_, codec_, locks_, executor_, events_, base::system_clock()}),
      gateway_(services_, engine_, events_, worker_platforms()) {
  policies_.use(facts_);
  events_.explain_with(explainer_, history_);
  events_.log_to(logs_);
  // Values of secrets pass through this process and the helper, which inherits this.
  if (!secrets_.empty()) forbid_core_dumps();
}

BuildSession::~BuildSession() = default;

void BuildSession::load_policies(const std::stop_token& stop) {
  if (has_policies_) return;
  const auto context = contexts_.directory("context");
  const bool is_remote = !context;
  const bool disabled = !options_.policies.empty() && options_.policies.back().disabled;
  if (disabled) return;
  RegoSetting setting{options_, contexts_, PolicyFiles::local(context ? context->path : ""), is_remote, {}};
  if (is_remote) {
    setting.files = PolicyFiles::remote(dockerfile::open_remote_context(gateway_, frontend_opts(), stop));
  }
  setting.log = [this](const std::string& policy, const std::string& line) {
    progress::Step step(events_.sink(), base::system_clock(), base::format("[policy] {}", policy));
    step.log(2, line + "\n");
    step.done();
  };
  for (auto& policy : rego_policies(setting)) policies_.add(std::move(policy));
  if (proxy_) proxy_->set_policies(policies_.digests());
  has_policies_ = true;
}

void BuildSession::settle() {
  records_.note_uses(base::system_clock().now());
  budget_.settle();
}

std::vector<std::string> BuildSession::policy_digests() const {
  std::vector<std::string> digests = policies_.digests();
  if (const std::string digest = admission_.digest(); !digest.empty()) digests.push_back(digest);
  return digests;
}

std::string BuildSession::log_of(const base::Error& error) const {
  const auto vertex = base::Digest::parse(error.vertex());
  return vertex ? logs_.path(*vertex) : "";
}

dockerfile::FrontendOpts BuildSession::frontend_opts() const {
  dockerfile::FrontendOpts opts = frontend_options(options_);
  for (const auto& [name, value] : contexts_.frontend_options()) opts[name] = value;
  return opts;
}

dockerfile::BuildResult BuildSession::plan(const std::string& stage, const std::stop_token& stop) {
  load_policies(stop);
  dockerfile::FrontendOpts opts = frontend_opts();
  if (!stage.empty()) opts["target"] = stage;
  return dockerfile::build(gateway_, opts, stop);
}

std::vector<std::string> BuildSession::stage_names(const std::stop_token& stop) {
  load_policies(stop);
  dockerfile::FrontendOpts opts = frontend_opts();
  opts["requestid"] = "frontend.targets";
  const auto answer = dockerfile::build(gateway_, opts, stop).metadata;
  const auto found = answer.find("result.json");
  std::vector<std::string> names;
  if (found == answer.end()) return {""};
  const base::Json json = base::Json::parse(found->second);
  for (const auto& target : json["targets"].items()) names.push_back(target["name"].string_or(""));
  return names;
}

std::string BuildSession::config_of(const std::string& name, const std::string& platform, const std::stop_token& stop) {
  ops::ImageRequest request;
  request.identifier = "docker-image://" + oci::Reference::parse(name).tagged().str();
  if (!platform.empty()) request.platform = oci::parse_platform(platform);
  return images_.resolve(request, stop)->image.config.raw;
}

dockerfile::CheckReport BuildSession::check(const dockerfile::RuleChoice& rules, const std::stop_token& stop) {
  load_policies(stop);
  return dockerfile::check(gateway_, frontend_opts(), rules, stop);
}

std::vector<BuiltImage> BuildSession::build(const std::vector<dockerfile::PlatformImage>& images, Need need,
                                            const std::stop_token& stop) {
  stop_ = stop;
  for (const auto& image : images) {
    ops::refuse_secrets_in_text(image.config, "the config of the image (environment, labels or history)", services_);
  }
  if (remote_cache_.exports()) all_records_.will_be_exported();
  remote_cache_.import_into(all_records_, mounts_, house_, events_.sink(), stop);
  std::vector<llb::Graph> graphs;
  for (const auto& image : images) graphs.push_back(llb::parse(image.definition));
  std::vector<std::vector<ScanGraph>> scans(images.size());
  for (std::size_t i = 0; i < images.size() && keeps_scan_trees_; ++i) {
    scans[i] = scan_graphs(images[i]);
    for (const auto& scan : scans[i]) {
      if (scan.tree->is_wanted) graphs.push_back(scan.graph);
    }
  }
  for (const auto& graph : graphs) events_.announce(graph);
  ops::JoinedGraph joined = ops::load_joined(graphs, services_, stop);
  joined.heads.resize(images.size());
  std::vector<solve::Edge> targets;
  for (const auto& head : joined.heads) {
    if (head) targets.push_back(*head);
  }
  StageTargets stages(joined.graph, targets);
  for (std::size_t i = 0; i < images.size() && keeps_stages_; ++i) stages.add(graphs[i], scans[i]);
  const auto sending = holds_back_ ? EarlyExport::Sending::held : EarlyExport::Sending::at_once;
  early_.emplace(remote_cache_.destinations(), sending, house_, services_, stop);
  auto outcome = [&] {
    const Overheard overheard(events_, *early_);
    return engine_.build_with_records(joined.graph, targets, stop);
  }();
  std::vector<BuiltImage> built;
  auto result = outcome.results.begin();
  for (std::size_t i = 0; i < images.size(); ++i) {
    built.push_back({images[i], {}, {}});
    if (joined.heads[i]) {
      const auto& head = *result++;
      const bool is_here = !dynamic_cast<const ops::LazyResult*>(head.get());
      if (is_here || need == Need::filesystems) built.back().chain = ops::materialize(head, services_, stop);
    }
    stages.take(i, outcome.results, services_, built.back(), stop);
  }
  for (std::size_t v = 0; proxy_ && v < joined.graph.vertices.size(); ++v) {
    if (outcome.facts[v].is_null()) continue;
    fetched_[joined.graph.vertices[v].digest] = proxy::Seen::from_json(outcome.facts[v]);
  }
  all_records_.keep_hits();
  if (!remote_cache_.exports()) return built;
  finished_ = FinishedBuild{std::move(joined.graph), std::move(joined.heads), std::move(outcome)};
  for (auto& image : built) {
    if (!remote_cache_.is_inline()) break;
    image.inline_cache = [this, chain = image.chain](const std::vector<base::Digest>& diff_ids) {
      return RemoteCache::inline_cache(*finished_, chain, diff_ids);
    };
  }
  return built;
}

namespace {

/// The outputs of a step up to the last one that another step uses; at least the first.
std::vector<solve::Edge> outputs_of(std::size_t vertex, const solve::Graph& graph) {
  int last = 0;
  for (const auto& other : graph.vertices) {
    for (const auto& input : other.inputs) {
      if (input.vertex == vertex) last = std::max(last, input.output);
    }
  }
  std::vector<solve::Edge> edges;
  for (int output = 0; output <= last; ++output) edges.push_back({.vertex = vertex, .output = output});
  return edges;
}

/// A RUN whose root filesystem is what the vertex made.
const llb::ExecOp* run_beside(const llb::Vertex& vertex, const llb::Graph& graph) {
  for (const auto& other : graph.vertices) {
    const auto* exec = std::get_if<llb::ExecOp>(&other.op.kind);
    for (const auto& mount : exec ? exec->mounts : std::vector<llb::Mount>()) {
      if (mount.dest != llb::kRootMount || mount.input == llb::kEmpty) continue;
      if (graph.vertices[other.inputs[static_cast<std::size_t>(mount.input)]].digest == vertex.digest) return exec;
    }
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<ops::EnteredStep> BuildSession::enter(const std::vector<dockerfile::PlatformImage>& images,
                                                      const base::Digest& digest, At at, const std::stop_token& stop) {
  stop_ = stop;
  remote_cache_.import_into(all_records_, mounts_, house_, events_.sink(), stop);
  for (const auto& image : images) {
    const llb::Graph graph = llb::parse(image.definition);
    const auto vertex = std::find_if(graph.vertices.begin(), graph.vertices.end(),
                                     [&](const llb::Vertex& other) { return other.digest == digest; });
    if (vertex == graph.vertices.end()) continue;
    events_.announce(graph);
    const ops::LoadedGraph loaded = ops::load(graph, services_, stop);
    const auto place = static_cast<std::size_t>(vertex - graph.vertices.begin());
    std::vector<solve::ResultPtr> made;
    if (at == At::end) {
      by_hand_.keep_failed();
      try {
        made = engine_.build(loaded.graph, outputs_of(place, loaded.graph), stop);
      } catch (const base::Error& error) {
        auto failed = by_hand_.take_failed();
        if (failed && failed->vertex == digest) return std::move(failed->step);
        throw;
      }
    }
    const auto inputs = engine_.build(loaded.graph, loaded.graph.vertices[place].inputs, stop);
    return ops::enter_step(*vertex, run_beside(*vertex, graph), services_, inputs, made, stop);
  }
  base::Error error(base::Code::not_found, "the step is no longer part of this build: its Dockerfile has changed");
  error.set_hint("build again, then enter the step");
  throw error;
}

void BuildSession::export_cache(const std::stop_token& stop) {
  if (!finished_) return;
  if (early_->is_busy()) {
    progress::Step step(events_.sink(), base::system_clock(), "waiting for a layer of the cache that is on its way");
    step.guard([&] { early_->finish(); });
    step.done();
  } else {
    early_->finish();
  }
  remote_cache_.export_all(*finished_, all_records_, house_, services_, events_.sink(), stop);
}

}  // namespace cli
