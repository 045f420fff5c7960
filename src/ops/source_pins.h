// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the sources of a build turned out to be: the commit of a repository, the digest of a download or an image.
// Written by the source ops and by whoever resolves an image for the frontend; read by provenance and lock files.
//
// Threads: any.
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
  /// The frontend asked for an image by this name.
  void asked(std::string image, std::string digest) {
    const std::lock_guard lock(mutex_);
    asked_[std::move(image)] = std::move(digest);
  }

  std::map<base::Digest, std::string> pins() const {
    const std::lock_guard lock(mutex_);
    return pins_;
  }
  /// Names in full, as asked for, with what they stood for.
  std::map<std::string, std::string> asked_images() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<base::Digest, std::string> pins_;
  std::map<std::string, std::string> asked_;
};

}  // namespace ops
