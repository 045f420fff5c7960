// SPDX-License-Identifier: Apache-2.0
#include "oci/mirrored_repository.h"

#include <atomic>
#include <deque>
#include <type_traits>

#include "base/error.h"
#include "base/log.h"

namespace oci {
namespace {

class MirroredRepository final : public Repository {
 public:
  MirroredRepository(std::vector<MirrorOf> mirrors, std::unique_ptr<Repository> own) : own_(std::move(own)) {
    for (auto& mirror : mirrors) mirrors_.emplace_back(std::move(mirror));
  }

  std::string describe() const override { return own_->describe(); }

  Descriptor resolve(std::string_view reference, const std::stop_token& stop) override {
    const bool by_digest = base::Digest::parse(reference).has_value();
    return first([&](Repository& repository) { return repository.resolve(reference, stop); }, by_digest);
  }
  std::string fetch_manifest(const Descriptor& descriptor, const std::stop_token& stop) override {
    return first([&](Repository& repository) { return repository.fetch_manifest(descriptor, stop); }, true);
  }
  std::string fetch_config(const Descriptor& descriptor, const std::stop_token& stop) override {
    return first([&](Repository& repository) { return repository.fetch_config(descriptor, stop); }, true);
  }
  void fetch_blob(const Descriptor& descriptor, store::ContentStore& content, const FetchProgress& progress,
                  const std::stop_token& stop) override {
    first([&](Repository& repository) { repository.fetch_blob(descriptor, content, progress, stop); }, true);
  }

  bool has_blob(const Descriptor& descriptor, const std::stop_token& stop) override {
    return own_->has_blob(descriptor, stop);
  }
  void push_blob(const Descriptor& descriptor, const store::ContentStore& content, std::string_view mount_from,
                 const FetchProgress& progress, const std::stop_token& stop) override {
    own_->push_blob(descriptor, content, mount_from, progress, stop);
  }
  void push_manifest(const Descriptor& descriptor, std::string_view bytes, std::string_view tag,
                     const std::stop_token& stop) override {
    own_->push_manifest(descriptor, bytes, tag, stop);
  }
  /// Signatures are written to the repository itself: mirrors may lack them.
  std::optional<std::string> referrers(const base::Digest& digest, const std::stop_token& stop) override {
    return own_->referrers(digest, stop);
  }

 private:
  struct Mirror {
    explicit Mirror(MirrorOf given) : is(std::move(given)) {}
    MirrorOf is;
    std::atomic<bool> gone = false;
  };

  template <typename Ask>
  std::invoke_result_t<Ask, Repository&> first(Ask&& ask, bool by_digest) {
    for (auto& mirror : mirrors_) {
      if (mirror.gone || !(by_digest ? mirror.is.answers_digests : mirror.is.answers_tags)) continue;
      try {
        return ask(*mirror.is.repository);
      } catch (const base::Error& error) {
        if (error.code() == base::Code::unavailable || error.code() == base::Code::deadline_exceeded) {
          if (!mirror.gone.exchange(true)) base::log_warn("mirror passed over: {}", error.text());
        } else {
          base::log_debug("mirror passed over: {}", error.text());
        }
      }
    }
    return ask(*own_);
  }

  std::deque<Mirror> mirrors_;
  std::unique_ptr<Repository> own_;
};

}  // namespace

std::unique_ptr<Repository> with_mirrors(std::vector<MirrorOf> mirrors, std::unique_ptr<Repository> own) {
  if (mirrors.empty()) return own;
  return std::make_unique<MirroredRepository>(std::move(mirrors), std::move(own));
}

}  // namespace oci
