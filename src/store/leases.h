// SPDX-License-Identifier: Apache-2.0
#pragma once
// Leases: what this process uses, so that a gc in another process leaves it alone.
//
// A process that uses the store has a file leases/<random>, locked by flock for as long as the
// process lives, with a line for each blob and layer it holds. A gc reads the files of the living
// and removes those of the dead. Taking a lease and collecting exclude each other (leases/.gate):
// after hold_*() returns, what exists stays; so hold first, then look whether it is still there.
//
//     leases.hold_blob(digest);
//     if (content has digest) use it;
//
// ContentStore and LayerTable do this themselves.
// Threads: any. Failure: base::Error.
#include <set>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/fd.h"
#include "base/sync.h"

namespace store {

class Leases {
 public:
  /// `directory` exists. No file is made before the first hold.
  explicit Leases(std::string directory);
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;
  ~Leases();

  void hold_blob(const base::Digest& digest);
  void hold_layer(std::string_view id);
  /// Name of this process in the store; as a directory below tmp/ it is removed once we are dead.
  std::string owner();

  /// Everything held by living processes other than this object's, under the closed gate.
  struct Held {
    std::set<std::string> blobs;   ///< digests as text
    std::set<std::string> layers;  ///< layer ids
    std::set<std::string> owners;  ///< names of the living, this process included
  };

  /// The gate, closed: while it lives nobody can take a lease. Keep it short.
  class Gate {
   public:
    /// Our own leases count only for `with_own`.
    const Held& held() const { return held_; }

   private:
    friend class Leases;
    base::Fd fd_;
    Held held_;
  };
  enum class Own : std::uint8_t { count, ignore };
  Gate close_gate(Own own = Own::count);

 private:
  struct Mine {
    std::string name;
    base::Fd file;
    base::Fd gate;
    std::set<std::string, std::less<>> lines;
  };
  void hold(std::string line);
  void open_file(Mine& mine);

  std::string directory_;
  base::Sync<Mine> mine_;
};

}  // namespace store
