// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the sources of a build turned out to be: the commit of a repository, the digest of a download or an image.
// Written by the source ops and by whoever resolves an image for the frontend; read by provenance and lock files.
//
// Threads: any.
#include <compare>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/digest.h"

namespace ops {

class SourcePins {
 public:
  /// A source op of the graph: a commit, or "sha256:…".
  void found(const base::Digest& vertex, std::string pin) {
    const std::lock_guard lock(mutex_);
    pins_[vertex] = std::move(pin);
  }
  /// An image that the frontend asked for.
  struct AskedImage {
    std::string kind;      ///< docker-image or oci-layout
    std::string name;      ///< in full, as asked for
    std::string platform;  ///< "os/arch[/variant]"
    std::string digest;    ///< what it stood for
    auto operator<=>(const AskedImage&) const = default;
  };
  void asked(AskedImage image) {
    const std::lock_guard lock(mutex_);
    asked_.insert(std::move(image));
  }

  std::map<base::Digest, std::string> pins() const {
    const std::lock_guard lock(mutex_);
    return pins_;
  }
  std::set<AskedImage> asked_images() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<base::Digest, std::string> pins_;
  std::set<AskedImage> asked_;
};

}  // namespace ops
