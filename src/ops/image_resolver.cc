// SPDX-License-Identifier: Apache-2.0
#include "ops/image_resolver.h"

#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "oci/layout.h"
#include "oci/stored_source.h"

namespace ops {
namespace {

constexpr std::string_view kDockerImage = "docker-image://";
constexpr std::string_view kOciLayout = "oci-layout://";

/// A source whose small documents are looked for in the content store first, and left there.
class CachedSource final : public oci::ImageSource {
 public:
  CachedSource(std::shared_ptr<oci::ImageSource> inner, store::ContentStore& content)
      : inner_(std::move(inner)), content_(content) {}

  oci::Descriptor resolve(std::string_view reference, const std::stop_token& stop) override {
    return inner_->resolve(reference, stop);
  }
  std::string fetch_manifest(const oci::Descriptor& descriptor, const std::stop_token& stop) override {
    return cached(descriptor, [&] { return inner_->fetch_manifest(descriptor, stop); });
  }
  std::string fetch_config(const oci::Descriptor& descriptor, const std::stop_token& stop) override {
    return cached(descriptor, [&] { return inner_->fetch_config(descriptor, stop); });
  }
  void fetch_blob(const oci::Descriptor& descriptor, store::ContentStore& content, const oci::FetchProgress& progress,
                  const std::stop_token& stop) override {
    inner_->fetch_blob(descriptor, content, progress, stop);
  }
  std::string describe() const override { return inner_->describe(); }

 private:
  std::string cached(const oci::Descriptor& descriptor, const auto& fetch) {
    if (content_.find(descriptor.digest)) return content_.read(descriptor.digest, oci::kMaxDocumentSize);
    std::string bytes = fetch();
    content_.put(bytes);
    return bytes;
  }

  std::shared_ptr<oci::ImageSource> inner_;
  store::ContentStore& content_;
};

/// "STORE:TAG@DIGEST" in its parts; the store id may be a path of several elements.
struct LayoutName {
  std::string store_id;
  std::string tag;
  std::string digest;
};

LayoutName parse_layout_name(std::string_view text) {
  LayoutName name;
  if (const auto parts = base::cut(text, "@")) {
    name.digest = std::string(parts->second);
    text = parts->first;
  }
  const auto colon = text.rfind(':');
  if (colon != text.npos && text.find('/', colon) == text.npos) {
    name.tag = std::string(text.substr(colon + 1));
    text = text.substr(0, colon);
  }
  name.store_id = std::string(text);
  return name;
}

bool is_unreachable(const base::Error& error) {
  return error.code() == base::Code::unavailable || error.code() == base::Code::deadline_exceeded;
}

}  // namespace

void require_checksum(const ResolvedBase& base, const std::string& wanted) {
  if (wanted.empty()) return;
  const auto checksum =
      base::with_context([&] { return base::Digest::parse_or_throw(wanted); }, "image.checksum of {}", base.name);
  const base::Digest& digest = base.image.root.digest;
  if (digest == checksum) return;
  base::fail(base::Code::failed_precondition, "image digest {} for {} does not match expected checksum {}",
             digest.str(), base.name, wanted);
}

std::shared_ptr<const ResolvedBase> ImageResolver::resolve(const ImageRequest& request, const std::stop_token& stop) {
  const std::string key =
      base::format("{} {} {} {}", request.identifier, static_cast<int>(request.pull), request.store_id,
                   request.platform ? oci::format_platform_all(*request.platform) : "");
  {
    const auto known = resolved_.lock();
    if (const auto found = known->find(key); found != known->end()) return found->second;
  }
  auto result = resolve_now(request, stop);
  return resolved_.lock()->emplace(key, std::move(result)).first->second;
}

std::shared_ptr<const ResolvedBase> ImageResolver::resolve_now(const ImageRequest& request,
                                                               const std::stop_token& stop) {
  if (request.identifier.starts_with(kOciLayout)) return resolve_layout(request, stop);
  return resolve_name(request, stop);
}

std::shared_ptr<const ResolvedBase> ImageResolver::resolve_layout(const ImageRequest& request,
                                                                  const std::stop_token& stop) {
  const std::string_view text = std::string_view(request.identifier).substr(kOciLayout.size());
  const LayoutName name = parse_layout_name(text);
  const std::string store_id = request.store_id.empty() ? name.store_id : request.store_id;
  const auto directory = parts_.locals.layout(store_id);
  if (!directory) base::fail(base::Code::not_found, "no OCI layout was given for {}", request.identifier);
  auto layout = std::make_shared<oci::Layout>(*directory);
  const auto root = layout->resolve(name.digest.empty() ? name.tag : name.digest, stop);
  if (parts_.admission != nullptr) parts_.admission->admit_layout(*directory, name.tag);
  return finish(layout, root, request, std::string(text), stop);
}

std::shared_ptr<const ResolvedBase> ImageResolver::resolve_name(const ImageRequest& request,
                                                                const std::stop_token& stop) {
  std::string_view text = request.identifier;
  if (text.starts_with(kDockerImage)) text.remove_prefix(kDockerImage.size());
  const oci::Reference reference = oci::Reference::parse(text).tagged();
  const std::string name = reference.str();
  const bool always = request.pull == PullPolicy::always && parts_.pull != PullPolicy::never;
  const Root root = root_of(reference, always, stop);
  auto resolved = finish(root.source, root.answer.root, request, name, stop);
  resolved->made_here = root.made_here;
  if (root.made_here) return resolved;
  if (parts_.admission != nullptr && !is_made_here(reference)) {
    parts_.admission->admit(reference, resolved->image, stop);
  }
  // Only what could be read is worth remembering.
  if (root.answer.from_registry && reference.digest.empty()) parts_.known.remember(name, root.answer.root);
  return resolved;
}

ImageResolver::Root ImageResolver::root_of(const oci::Reference& reference, bool always, const std::stop_token& stop) {
  const std::string key = reference.str() + (always ? " always" : "");
  {
    const auto known = roots_.lock();
    if (const auto found = known->find(key); found != known->end()) return found->second;
  }
  Root root = find_root(reference, always, stop);
  return roots_.lock()->emplace(key, std::move(root)).first->second;
}

ImageResolver::Root ImageResolver::find_root(const oci::Reference& reference, bool always,
                                             const std::stop_token& stop) {
  if (!always && reference.digest.empty()) {
    if (const auto root = parts_.known.made_here(reference.str())) {
      return {std::make_shared<oci::StoredSource>(parts_.content), {*root}, true};
    }
  }
  Root root;
  root.source = parts_.registry.repository(reference);
  const auto stored = reference.digest.empty() ? std::nullopt : parts_.content.find(reference.digest);
  if (stored) {
    root.answer.root.digest = reference.digest;
    root.answer.root.size = stored->size;
    const std::string raw = parts_.content.read(reference.digest, oci::kMaxDocumentSize);
    root.answer.root.media_type = base::Json::parse(raw)["mediaType"].string_or("");
  } else {
    root.answer = ask_registry(reference, *root.source, stop);
  }
  return root;
}

bool ImageResolver::is_made_here(oci::Reference reference) {
  const base::Digest digest = std::exchange(reference.digest, {});
  const auto root = digest.empty() ? std::nullopt : parts_.known.made_here(reference.tagged().str());
  return root && root->digest == digest;
}

ImageResolver::Answer ImageResolver::ask_registry(const oci::Reference& reference, oci::ImageSource& source,
                                                  const std::stop_token& stop) {
  const std::string name = reference.str();
  if (parts_.pull == PullPolicy::never) {
    if (const auto last = parts_.known.last_seen(name)) return {*last};
    base::Error error(base::Code::not_found, base::format("{} is not in the store and the build is offline", name));
    error.set_hint(base::format("run 'slipway pull {}' while online", reference.familiar()));
    throw error;
  }
  try {
    return {source.resolve(reference.object(), stop), true};
  } catch (const base::Error& error) {
    const auto last = is_unreachable(error) ? parts_.known.last_seen(name) : std::nullopt;
    if (!last) throw;
    parts_.warn(base::format("{} could not be asked for ({}); building with {}, which it was before", name,
                             error.text(), last->digest.str()));
    return {*last};
  }
}

std::shared_ptr<ResolvedBase> ImageResolver::finish(std::shared_ptr<oci::ImageSource> source,
                                                    const oci::Descriptor& root, const ImageRequest& request,
                                                    std::string name, const std::stop_token& stop) {
  auto resolved = std::make_shared<ResolvedBase>();
  resolved->source = std::make_shared<CachedSource>(std::move(source), parts_.content);
  resolved->name = std::move(name);
  const auto matcher = oci::PlatformMatcher::runs_on(request.platform ? *request.platform : oci::host_platform());
  resolved->image = oci::resolve_image(*resolved->source, root, matcher, stop);
  return resolved;
}

}  // namespace ops
