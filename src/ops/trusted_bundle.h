// SPDX-License-Identifier: Apache-2.0
#pragma once
// One more certificate in the bundles that a root filesystem's programs trust, for the time of one step.
//
//     TrustedBundle bundle(pem, directory);
//     bundle.add_to(spec, driver, …);        // before the root is mounted
//     … the step runs …
//     auto left = bundle.clean(spec.upper, stop);  // after it
//
// The changed bundle is a layer of its own on top of the image's, below what the step writes: a step may replace or
// remove the file as it likes, and what it leaves alone is in no layer. Where the step writes into the file itself,
// moves, links or copies it, the certificate is in what it wrote, and clean() takes it out again. It says where the
// certificate is in another form, in an archive say: that is not changed behind the step's back.
// Used in the helper. Threads: one. Failure: base::Error.
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
  /// Takes the certificate out of what the step wrote, and names the files that it stays in. Throws out_of_range when a
  /// bundle is too long to be one, since it is changed in memory.
  std::vector<std::string> clean(const std::string& upper, const std::stop_token& stop) const;

 private:
  struct Found {
    std::string path;  ///< in the root, without symlinks
    std::string text;  ///< what is in it
  };
  std::vector<Found> find(int root) const;
  void write_layer(int root, const Found& found) const;
  bool clean_file(int root, const std::string& path, bool is_bundle) const;

  std::string pem_;
  std::string block_;  ///< the same between two comments
  std::string directory_;
  std::vector<std::string> paths_;
};

}  // namespace ops
