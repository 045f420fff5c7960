// SPDX-License-Identifier: Apache-2.0
#pragma once
// What ops work with, built once by the CLI (or the daemon) and passed to every op by reference.
#include <map>
#include <set>
#include <string>

#include "ops/by_hand.h"
#include "ops/cache_mounts.h"
#include "ops/context_index.h"
#include "ops/events.h"
#include "ops/image_resolver.h"
#include "ops/local_source.h"
#include "ops/secrets.h"
#include "ops/source_lock.h"
#include "ops/source_pins.h"
#include "ops/source_policy.h"
#include "ops/ssh_forward.h"
#include "ops/worker.h"
#include "snapshot/snapshotter.h"
#include "store/store.h"

namespace oci {
class HttpClient;
}

namespace ops {

class ProxyNetwork;

/// What the user said about this build as a whole.
struct BuildSettings {
  std::set<std::string> entitlements;           ///< "network.host", "security.insecure"
  std::map<std::string, SecretSource> secrets;  ///< by id
  SecretLeak secret_leak = SecretLeak::warn;
  std::map<std::string, SshSource> ssh;  ///< by id
  bool offline = false;
  bool writable_git_files = false;    ///< files of git sources that are no programs may be written by all
  bool reversed_directories = false;  ///< steps see the entries of directories in reverse order
  std::string project;                ///< tells the steps of one Dockerfile from another's: its context and file
};

struct Services {
  store::Store& store;
  snapshot::Snapshotter& snapshots;
  Worker& worker;
  ImageResolver& images;
  oci::HttpClient& http;
  const LocalSources& locals;
  ContextIndex& contexts;
  SshForwards& ssh;
  Secrets& secrets;
  ByHand& by_hand;
  SourcePins& pins;
  const SourcePolicy& policy;
  const SourceLock& lock;
  Events& events;
  const BuildSettings& settings;
  CacheMountSource* cache_mounts = nullptr;  ///< nullptr: new ones are empty
  ProxyNetwork* proxy = nullptr;             ///< nullptr: steps reach the network by themselves
};

}  // namespace ops
