// SPDX-License-Identifier: Apache-2.0
#include "ops/proxied_step.h"

#include "base/error.h"
#include "base/log.h"
#include "base/strings.h"
#include "ops/services.h"

#include "proxy/address.h"

namespace ops {
namespace {

/// The log of a step that fetches thousands of files is not to be lost in them.
constexpr std::size_t kMaxSummary = 200;
/// A server that thinks for long is not yet one that stalls.
constexpr long kStallTimeoutS = 600;

std::unique_ptr<oci::HttpTransport> new_transport(oci::Reach reach) {
  oci::CurlOptions options;
  options.user_agent = "";  // the step's own
  options.stall_timeout_s = kStallTimeoutS;
  options.reach = reach;
  // An address is judged where it is connected to; through a further proxy that would be the proxy's.
  options.proxies = oci::CurlOptions::Proxies::none;
  options.path_as_is = true;
  return oci::make_curl_transport(options);
}

}  // namespace

ProxyNetwork::ProxyNetwork(Options options) : options_(std::move(options)) {
  const auto make = options_.transport ? options_.transport : new_transport;
  outside_ = make(oci::Reach::outside);
  anywhere_ = make(oci::Reach::anywhere);
}

base::Json ProxyNetwork::recipe() const {
  return base::Json::object().set_nonempty("policies", base::Json::strings(options_.policies)).set("version", 2);
}

std::unique_ptr<ProxiedStep> ProxyNetwork::begin(const base::Digest& vertex, const llb::ExecOp& exec,
                                                 const Services& services) {
  auto& upstream = exec.network == llb::NetMode::host ? *anywhere_ : *outside_;
  return std::make_unique<ProxiedStep>(vertex, upstream, *this, services);
}

ProxiedStep::ProxiedStep(const base::Digest& vertex, oci::HttpTransport& upstream, const ProxyNetwork& network,
                         const Services& services)
    : vertex_(vertex),
      services_(services),
      certificate_(network.authority_.certificate()),
      desk_{.authority = network.authority_,
            .upstream = upstream,
            .tls = network.options_.tls,
            .spool = network.options_.spool,
            .judge = [this](const std::string& method, const std::string& url) { return judge(method, url); },
            .tell = [this](const std::string& line) { tell(line); },
            .capture = capture_},
      pair_(sandbox::make_socket_pair()) {
  waiting_ = std::thread([this] {
    base::Fd listener = sandbox::receive_fd(pair_.ours.get());
    if (!listener) return;
    try {
      server_ = std::make_unique<proxy::Server>(std::move(listener), desk_);
    } catch (const std::exception& error) {
      tell(base::format("proxy: cannot serve: {}", error.what()));
    }
  });
}

ProxiedStep::~ProxiedStep() { stop_serving(); }

base::Json ProxiedStep::params(std::size_t fd) const {
  return base::Json::object().set("fd", static_cast<std::int64_t>(fd)).set("certificate", certificate_);
}

void ProxiedStep::stop_serving() {
  pair_.theirs.reset();  // no socket will come any more
  if (waiting_.joinable()) waiting_.join();
  server_.reset();
}

proxy::Seen ProxiedStep::finish() {
  stop_serving();
  proxy::Seen seen = capture_.seen();
  for (auto& request : seen.requests) {
    request.method = hide_secrets(std::move(request.method));
    request.url = hide_secrets(std::move(request.url));
    request.location = hide_secrets(std::move(request.location));
  }
  refusals_ = capture_.refusals();
  summarise(seen);
  return seen;
}

proxy::Verdict ProxiedStep::judge(const std::string& method, const std::string& url) const {
  if (services_.settings.offline) return {.unavailable = "the build is offline"};
  llb::SourceOp source;
  source.identifier = url;
  const auto refuse = [&](std::string text) {
    if (const auto parts = proxy::normal_url(url)) text = base::replace_all(text, url, proxy::shown_url(*parts));
    return proxy::Verdict{.refusal = hide_secrets(std::move(text))};
  };
  try {
    services_.policy.apply(source, {.platform = {}, .stop = {}, .by_name_alone = true});
  } catch (const base::Error& error) {
    return refuse(error.text());
  }
  if (!source.attrs.empty()) {
    return refuse(base::format("a source policy gives {} attributes, which what a step fetches cannot have", url));
  }
  if (source.identifier == url) return {};
  if (method != "GET") {
    return refuse(base::format("a source policy takes {} from elsewhere, which can be done for GET alone", url));
  }
  return {.instead = source.identifier};
}

std::string ProxiedStep::hide_secrets(std::string text) const {
  return without_secrets_in_urls(std::move(text), services_.secrets.needles());
}

void ProxiedStep::tell(const std::string& line) const { services_.events.log(vertex_, 2, hide_secrets(line) + "\n"); }

void ProxiedStep::summarise(const proxy::Seen& seen) const {
  if (seen.requests.empty()) return;
  std::string text = "proxy network requests:\n";
  std::size_t listed = 0;
  for (const auto& request : seen.requests) {
    if (listed++ == kMaxSummary) break;
    text += base::format("- {} {} -> {}\n", request.method, request.url, request.status);
  }
  if (seen.requests.size() > kMaxSummary) {
    text += base::format("- and {} more\n", seen.requests.size() - kMaxSummary);
  }
  services_.events.log(vertex_, 2, text);
}

}  // namespace ops
