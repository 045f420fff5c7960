// SPDX-License-Identifier: Apache-2.0
#pragma once
// Steps whose only network is a proxy of the build's (--proxy-network), on the builder's side.
//
//     ProxyNetwork network({…});                        // one per build
//     auto step = network.begin(vertex, services, reach);
//     call("exec", params.set("proxy", step->params(fd)), {…, step->socket()});
//     auto seen = step->finish();                       // what was fetched, for the record
//
// The step stands in a network namespace with nothing but loopback (sandbox/network_namespace.h). The helper sends the
// socket that listens there; the proxy (proxy/server.h) runs in this process and reaches the network as this process
// does, but not the addresses that lead back to this machine, unless the step may have the host's network.
// Threads: any, one ProxiedStep belongs to one.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "base/fd.h"
#include "base/json.h"
#include "llb/op.h"
#include "oci/transport.h"
#include "sandbox/pass_fd.h"

#include "proxy/server.h"

namespace ops {

struct Services;

/// Whether a step's traffic goes through the proxy when the build has one.
inline bool is_proxied(const llb::ExecOp& exec) { return exec.network != llb::NetMode::none; }

class ProxiedStep;

class ProxyNetwork {
 public:
  struct Options {
    std::string spool;                  ///< an existing directory for what steps send
    oci::TlsSettings tls = {};          ///< whom to believe beside the system's authorities
    std::vector<std::string> policies;  ///< digests of what decides about requests: part of the steps' keys
    /// The way out, by how far it leads; libcurl's by default.
    std::function<std::unique_ptr<oci::HttpTransport>(oci::Reach)> transport = {};
  };
  explicit ProxyNetwork(Options options);

  std::unique_ptr<ProxiedStep> begin(const base::Digest& vertex, const llb::ExecOp& exec, const Services& services);

  /// Digests of what decides about requests, once it is all known: part of the steps' keys.
  void set_policies(std::vector<std::string> digests) { options_.policies = std::move(digests); }

  /// What the key of a proxied step has beside the step's own recipe.
  base::Json recipe() const;

 private:
  friend class ProxiedStep;
  Options options_;
  proxy::Authority authority_;
  std::unique_ptr<oci::HttpTransport> outside_;
  std::unique_ptr<oci::HttpTransport> anywhere_;  ///< for steps that may have the host's network
};

class ProxiedStep {
 public:
  ProxiedStep(const base::Digest& vertex, oci::HttpTransport& upstream, const ProxyNetwork& network,
              const Services& services);
  ~ProxiedStep();
  ProxiedStep(const ProxiedStep&) = delete;
  ProxiedStep& operator=(const ProxiedStep&) = delete;

  /// For the request's "proxy"; `fd`: the place of socket() among its descriptors.
  base::Json params(std::size_t fd) const;
  int socket() const { return pair_.theirs.get(); }

  /// When the step has ended: cuts off what is still going on, writes a summary to the step's log.
  proxy::Seen finish();
  /// What a policy refused, each once.
  const std::vector<std::string>& refusals() const { return refusals_; }

 private:
  proxy::Verdict judge(const std::string& method, const std::string& url) const;
  std::string hide_secrets(std::string text) const;
  void tell(const std::string& line) const;
  void summarise(const proxy::Seen& seen) const;
  void stop_serving();

  base::Digest vertex_;
  const Services& services_;
  std::string certificate_;
  proxy::Capture capture_;
  proxy::Desk desk_;
  sandbox::SocketPair pair_;
  std::unique_ptr<proxy::Server> server_;  ///< made by `waiting_`
  std::thread waiting_;
  std::vector<std::string> refusals_;
};

}  // namespace ops
