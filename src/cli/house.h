// SPDX-License-Identifier: Apache-2.0
#pragma once
// The house: every long-lived object of one command, built in order. This list is the architecture.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "images/image_store.h"
#include "oci/credentials.h"
#include "oci/http_client.h"
#include "oci/registry.h"
#include "ops/worker.h"
#include "snapshot/snapshotter.h"
#include "snapshot/stored_records.h"
#include "store/store.h"

namespace cli {

/// How a command uses the store: builds share it, prune has it alone.
enum class StoreAccess : std::uint8_t { shared, exclusive };

class House {
 public:
  struct Options {
    /// "", "overlay", "fuse" or "native"; "" = what this store was made with, or what works here.
    std::string driver;
    /// A registry will be asked soon: what that needs is loaded while the rest is set up.
    bool network_soon = false;
    /// The helper will mount through FUSE, whatever the driver is.
    bool fuse = false;
    /// Gets one line about how much privilege there is, where it is not root's; from the thread that first needs the
    /// helper.
    std::function<void(const std::string& line)> notice;
  };

  House(const std::string& root, StoreAccess access);
  House(const std::string& root, StoreAccess access, const Options& options);
  ~House();

  store::Store& store() { return *store_; }
  snapshot::Snapshotter& snapshots() { return *snapshots_; }
  ops::Worker& worker() { return *worker_; }
  images::ImageStore& images() { return *images_; }
  oci::HttpClient& http() { return *http_; }
  oci::Registry& registry() { return *registry_; }

  /// Calls `use` with whether no other process uses the store just then; if so, none does until it returns.
  void when_alone(const std::function<void(bool alone)>& use);

  /// Removes trees with files of mapped owners: through the helper where we are not root, else nothing.
  std::function<void(const std::string& path)> tree_remover();

 private:
  snapshot::Driver choose_driver(const std::string& wanted);
  std::unique_ptr<sandbox::Helper> start_helper();

  std::function<void(const std::string&)> notice_;
  bool fuse_;
  std::unique_ptr<oci::HttpTransport> transport_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<base::FileLock> use_;
  std::unique_ptr<ops::Worker> worker_;
  std::unique_ptr<snapshot::StoredLayerRecords> layer_records_;
  std::unique_ptr<snapshot::Snapshotter> snapshots_;
  std::unique_ptr<images::ImageStore> images_;
  std::unique_ptr<oci::HttpClient> http_;
  std::unique_ptr<oci::FileCredentials> credentials_;
  std::unique_ptr<oci::Registry> registry_;
};

/// --root, or /var/lib/slipway for root, $XDG_DATA_HOME/slipway (~/.local/share/slipway) otherwise.
std::string state_directory(const std::string& option);

}  // namespace cli
