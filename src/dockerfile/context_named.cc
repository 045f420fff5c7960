// SPDX-License-Identifier: Apache-2.0
// Named contexts: one function per kind of source.
#include "base/base64.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/context.h"
#include "dockerfile/ignore_file.h"
#include "llb/image_reference.h"

namespace dockerfile {

namespace {

std::string_view without_slashes(std::string_view rest) {
  if (rest.starts_with("//")) rest.remove_prefix(2);
  return rest;
}

}  // namespace

LoadedContext NamedContext::load() {
  const auto colon = input_.find(':');
  if (colon == std::string::npos) {
    base::fail(base::Code::invalid_argument, "invalid context specifier {} for {}", input_, full_name_);
  }
  auto kind = input_.substr(0, colon);
  const auto rest = std::string_view(input_).substr(colon + 1);
  if (kind.starts_with("git@")) kind = "git";  // user@host:path means SSH
  if (kind == "docker-image") return load_image(rest);
  if (kind == "oci-layout") return load_layout(rest);
  if (kind == "local") return load_local(std::string(rest));
  if (kind == "input") return load_input(std::string(rest));
  if (kind == "git" || kind == "http" || kind == "https") {
    if (auto state = git_context(client_->builder_, input_, {})) return {*state, {}};
    if (kind == "git") base::fail(base::Code::invalid_argument, "invalid git context {}", input_);
    llb::HttpOptions options;
    options.filename = "context";
    options.op.name("[context " + full_name_ + "] " + input_);
    return {client_->builder_.http(input_, std::move(options)), {}};
  }
  base::fail(base::Code::invalid_argument, "unsupported context source {} for {}", kind, full_name_);
}

LoadedContext NamedContext::load_image(std::string_view rest) {
  const auto reference = without_slashes(rest);
  auto& builder = client_->builder_;
  if (reference == kScratch) return {builder.scratch(), {}};
  const auto named = llb::ImageReference::parse(reference).with_default_tag();
  ResolveOptions ask;
  ask.log_name = base::format("[context {}] load metadata for {}", full_name_, reference);
  ask.platform = options_.platform;
  ask.resolve_mode = client_->config_.resolve_mode;
  const auto meta = client_->resolver_.resolve(named.text(), ask);
  auto image = ImageConfig::parse(meta.config);
  image.created.clear();
  llb::ImageOptions options;
  options.op.name("[context " + full_name_ + "] " + std::string(reference));
  options.op.platform = options_.platform;
  return {builder.image(meta.reference, std::move(options)).with_image_config(meta.config), std::move(image)};
}

LoadedContext NamedContext::load_layout(std::string_view rest) {
  const std::string text(without_slashes(rest));
  // A store is any name; only the digest says what is taken from it.
  const auto at = text.rfind('@');
  if (text.empty()) {
    base::fail(base::Code::invalid_argument, "could not parse oci-layout reference {}: invalid reference format",
               base::quote(text));
  }
  if (at == std::string::npos) {
    base::fail(base::Code::invalid_argument, "oci-layout reference {} has no digest", base::quote(text));
  }
  auto store = text.substr(0, at);
  if (const auto tag = store.rfind(':'); tag != std::string::npos && store.find('/', tag) == std::string::npos) {
    store.resize(tag);
  }
  auto shown = base::with_context([&] { return llb::ImageReference::parse(name_); },
                                  "could not parse oci-layout reference {}", base::quote(name_));
  shown.digest = text.substr(at + 1);
  ResolveOptions ask;
  ask.log_name = base::format("[context {}] load metadata for {}", full_name_, shown.text());
  ask.platform = options_.platform;
  ask.oci_session = client_->build_opts_.session_id;
  ask.oci_store = store;
  const auto meta = client_->resolver_.resolve_layout(shown.text(), ask);
  auto image =
      base::with_context([&] { return ImageConfig::parse(meta.config); }, "could not parse oci-layout image config");
  llb::OciLayoutOptions options;
  options.op.name("[context " + full_name_ + "] OCI load from client");
  options.op.platform = options_.platform;
  options.session_id = client_->build_opts_.session_id;
  options.store_id = store;
  auto state = client_->builder_.oci_layout(shown.text(), std::move(options));
  return {state.with_image_config(meta.config), std::move(image)};
}

LoadedContext NamedContext::load_local(const std::string& name) {
  constexpr std::string_view kIgnoreFile = ".dockerignore";
  const auto session = client_->session_of(name);
  llb::LocalOptions ignore;
  ignore.session_id = session;
  ignore.follow_paths = {std::string(kIgnoreFile)};
  ignore.shared_key_hint = "context:" + full_name_ + "-" + std::string(kIgnoreFile);
  ignore.differ = "none";
  ignore.op.name("[context " + full_name_ + "] load " + std::string(kIgnoreFile));
  auto& builder = client_->builder_;
  const auto ref = client_->solve(builder.local(name, std::move(ignore)).marshal());
  std::string text;
  try {
    text = ref->read_file(std::string(kIgnoreFile));
  } catch (const base::Error&) {
    text.clear();  // nothing is ignored
  }
  const auto excludes = base::with_context([&] { return read_ignore_file(text); }, "failed parsing {}", kIgnoreFile);
  const auto key = client_->option("sharedkey:localdir:" + full_name_);
  auto make = [&builder, name, session, excludes, key, full = full_name_, follow = options_.follow_paths] {
    llb::LocalOptions options;
    options.session_id = session;
    options.shared_key_hint = "context:" + full + "-" + key;
    options.exclude_patterns = excludes;
    if (follow) options.follow_paths = follow();
    options.op.name("[context " + full + "] load from client");
    return builder.local(name, std::move(options)).output();
  };
  return {builder.deferred(builder.make_deferred(std::move(make))), {}};
}

LoadedContext NamedContext::load_input(const std::string& name) {
  const auto inputs = client_->gateway_.inputs();
  const auto found = inputs.find(name);
  if (found == inputs.end()) {
    base::fail(base::Code::invalid_argument, "invalid input {} for {}", name, full_name_);
  }
  auto state = client_->builder_.definition(found->second);
  const auto metadata = client_->option("input-metadata:" + name);
  if (metadata.empty()) return {state, {}};
  const auto json =
      base::with_context([&] { return base::Json::parse(metadata); }, "failed to parse input metadata {}", metadata);
  const auto encoded = json["containerimage.config"].string_or("");
  if (encoded.empty()) return {state, {}};
  const auto config = base::base64_decode(encoded);
  if (!config) base::fail(base::Code::invalid_argument, "illegal base64 data");
  auto image = base::with_context([&] { return ImageConfig::parse(*config); }, "failed to parse image config for {}",
                                  full_name_);
  return {state.with_image_config(*config), std::move(image)};
}

}  // namespace dockerfile
