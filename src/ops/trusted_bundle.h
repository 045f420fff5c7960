// SPDX-License-Identifier: Apache-2.0
#pragma once
// One more certificate in the bundles that a root filesystem's programs trust, for the time of one step.
//
//     TrustedBundle bundle(pem, directory);
//     bundle.add_to(spec, driver, …);        // before the root is mounted
//     … the step runs …
//     bundle.clean(spec.upper);              // after it
//
// The changed bundle is a layer of its own on top of the image's, below what the step writes: a step may replace or
// remove the file as it likes, and what it leaves alone is in no layer. Where the step writes into the file itself, the
// kernel copies it up with the certificate, which clean() takes out again. What a step copies elsewhere is its own
// doing. Used in the helper. Threads: one. Failure: base::Error.
#include <stop_token>
#include <string>
#include <vector>

#include "sandbox/container.h"
#include "snapshot/mount.h"

namespace ops {

class TrustedBundle {
 public:
  /// `directory`: an absent one, for the layer.
  TrustedBundle(std::string pem, std::string directory);

  /// Puts the changed bundle above the spec's lower layers. The native driver copies what it mounts, so there nothing
  /// is done; see mounts().
  void add_to(snapshot::MountSpec& spec, snapshot::Driver driver, const std::string& scratch,
              const std::stop_token& stop);
  /// What else is to be mounted in the step's root: the changed bundles where they are no layer.
  std::vector<sandbox::Mount> mounts(int root, snapshot::Driver driver);
  /// Takes the certificate out of what the step wrote.
  void clean(const std::string& upper) const;

 private:
  struct Found {
    std::string path;  ///< in the root, without symlinks
    std::string text;  ///< what is in it
  };
  std::vector<Found> find(int root) const;
  void write_layer(int root, const Found& found) const;

  std::string block_;
  std::string directory_;
  std::vector<std::string> paths_;
};

}  // namespace ops
