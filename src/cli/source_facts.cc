// SPDX-License-Identifier: Apache-2.0
#include "cli/source_facts.h"

#include "attest/rego_input.h"
#include "base/error.h"
#include "cli/attached.h"
#include "llb/attr.h"
#include "ops/http_signature.h"
#include "ops/http_source.h"

namespace cli {

std::optional<std::string> locked_image(const ops::SourceLock& lock, std::string_view scheme, const std::string& name,
                                        const std::string& platform) {
  if (scheme != "docker-image") return std::nullopt;
  const auto reference = oci::Reference::parse_if_valid(name);
  if (!reference || !reference->digest.empty()) return std::nullopt;
  return lock.image(reference->tagged().str(), platform);
}

std::shared_ptr<const ops::ResolvedBase> LiveFacts::resolve(const llb::SourceOp& source, const llb::Platform& platform,
                                                            const std::stop_token& stop) const {
  ops::ImageRequest request;
  request.identifier = source.identifier;
  const std::string name(attest::source_name(source));
  if (const auto pin = locked_image(parts_.services.lock, source.scheme(), name, llb::format_platform(platform))) {
    request.identifier += "@" + *pin;
  }
  request.platform =
      oci::Platform{.os = platform.os, .architecture = platform.architecture, .variant = platform.variant};
  if (parts_.pull || source.attr(llb::attr::kImageResolveMode) == "pull") request.pull = ops::PullPolicy::always;
  return parts_.services.images.resolve(request, stop);
}

attest::ImageFacts LiveFacts::image(const llb::SourceOp& source, const llb::Platform& platform,
                                    const std::stop_token& stop) {
  const auto base = resolve(source, platform, stop);
  return {base->image.root.digest.str(), base->image.config.raw};
}

std::vector<std::string> LiveFacts::statements(const llb::SourceOp& source, const llb::Platform& platform,
                                               const std::stop_token& stop) {
  const auto base = resolve(source, platform, stop);
  if (base->made_here) return {};
  if (parts_.services.settings.offline) {
    base::fail(base::Code::failed_precondition, "what is attached to {} is in the registry, and the build is offline",
               source.identifier);
  }
  const auto reference = oci::Reference::parse(attest::source_name(source)).tagged();
  return attached_statements(*parts_.registry.repository(reference), base->image.root,
                             base->image.manifest_descriptor.digest, stop);
}

std::string LiveFacts::http_digest(const llb::SourceOp& source, const std::stop_token& stop) {
  {
    const auto known = digests_.lock();
    if (const auto found = known->find(source.identifier); found != known->end()) return found->second;
  }
  const auto fetched = ops::fetch_http(source, parts_.services, {}, stop);
  return digests_.lock()->emplace(source.identifier, fetched.blob.digest.str()).first->second;
}

bool LiveFacts::is_signed(const base::Digest& file, std::string_view signature, std::string_view keys,
                          const std::stop_token& stop) {
  const ops::HttpSignatureRule rule{std::string(keys), std::string(signature)};
  try {
    ops::HttpSignature(rule, parts_.services.store.root(), stop).check(parts_.services.store.content().open(file));
    return true;
  } catch (const base::Error& error) {
    if (error.is_refusal()) return false;
    throw;
  }
}

ops::GitSource LiveFacts::git_source(const llb::SourceOp& source) const {
  if (parts_.services.settings.offline) {
    base::fail(base::Code::failed_precondition, "{} cannot be asked: the build is offline", source.identifier);
  }
  return ops::locked(ops::GitSource::of(source), parts_.services.lock);
}

attest::GitFacts LiveFacts::git(const llb::SourceOp& source, Objects objects, const std::stop_token& stop) {
  const auto git = git_source(source);
  const std::string cache = ops::git_cache(parts_.services.store);
  attest::GitFacts facts;
  facts.revision = ops::resolve_git(git, cache, stop);
  if (objects == Objects::yes) {
    facts.commit = ops::read_git_object(git, facts.revision, cache, stop);
    facts.tag = ops::read_git_tag(git, facts.revision, cache, stop);
  }
  return facts;
}

bool LiveFacts::is_signed(const llb::SourceOp& source, const ops::GitRevision& revision, Signed what,
                          std::string_view keys, const std::stop_token& stop) {
  auto git = git_source(source);
  git.judged_commit = revision.commit;
  git.signature = ops::GitSignatureRule{.keys = std::string(keys),
                                        .require_signed_tag = what == Signed::tag,
                                        .ignore_signed_tag = what == Signed::commit};
  try {
    ops::resolve_git(git, ops::git_cache(parts_.services.store), stop);
    return true;
  } catch (const base::Error& error) {
    if (error.is_refusal()) return false;
    throw;
  }
}

}  // namespace cli
