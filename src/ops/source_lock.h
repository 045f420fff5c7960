// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a lock file pins, as sources ask for it: an image to a digest, a repository to a commit, a download to a digest.
//
// Threads: read-only once the build runs. Failure: failed_precondition for a source that is in no lock where all must
// be.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ops {

class SourceLock {
 public:
  /// strict: what is neither locked nor pinned by the Dockerfile itself is an error (--locked).
  enum class Mode : std::uint8_t { use, strict };

  SourceLock() = default;
  /// `file` is for messages; `digest` ("sha256:…") is its text's.
  SourceLock(std::string file, Mode mode, std::string digest)
      : file_(std::move(file)), mode_(mode), digest_(std::move(digest)) {}

  /// Of the file that the build is held to; "" = none.
  const std::string& digest() const { return digest_; }

  void add(std::string_view kind, std::string_view name, std::string_view platform, std::string pin) {
    pins_[key(kind, name, platform)] = std::move(pin);
  }

  /// "sha256:…" for an image of that full name ("docker.io/library/debian:bookworm") and platform.
  std::optional<std::string> image(std::string_view name, std::string_view platform) const {
    return find("image", name, platform);
  }
  /// Whether it is there, whatever the mode.
  bool has_image(std::string_view name, std::string_view platform) const {
    return pins_.contains(key("image", name, platform));
  }
  /// A commit, for "URL#REF".
  std::optional<std::string> git(std::string_view name) const { return find("git", name, ""); }
  /// "sha256:…"
  std::optional<std::string> http(std::string_view url) const { return find("http", url, ""); }

 private:
  static std::string key(std::string_view kind, std::string_view name, std::string_view platform) {
    return std::string(kind) + " " + std::string(name) + " " + std::string(platform);
  }
  /// Nothing where the source may go without a lock.
  std::optional<std::string> find(std::string_view kind, std::string_view name, std::string_view platform) const;

  std::string file_;
  Mode mode_ = Mode::use;
  std::string digest_;
  std::map<std::string, std::string> pins_;
};

}  // namespace ops
