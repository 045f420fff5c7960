// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/context.h"

#include "base/path.h"
#include "base/strings.h"
#include "base/task.h"
#include "dockerfile/git_ref.h"
#include "dockerfile/go_values.h"
#include "dockerfile/ignore_file.h"
#include "llb/image_reference.h"

namespace dockerfile {

namespace {

constexpr std::string_view kDockerfile = "Dockerfile";
constexpr std::string_view kIgnoreFile = ".dockerignore";
constexpr std::string_view kImageScheme = "docker-image://";
constexpr std::string_view kHttpFilename = "context";
constexpr std::size_t kArchiveProbe = 1024;

bool is_http(std::string_view address) { return address.starts_with("http://") || address.starts_with("https://"); }

std::string lower_sibling(const std::string& filename) {
  return base::join_path(base::dir_name(filename), base::lower(kDockerfile));
}

/// The file's text, or nothing whatever the reason: for files that need not be there.
std::optional<std::string> read_if_possible(Ref& ref, const std::string& path) {
  try {
    return ref.read_file(path);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::string question_key(const std::string& scheme, const std::string& reference, const ResolveOptions& options) {
  auto key = scheme + reference + "\n" + options.log_name + "\n" + std::string(resolve_mode_name(options.resolve_mode));
  if (options.platform) key += "\n" + llb::format_platform_all(*options.platform);
  return key;
}

bool tar_header_checks(std::string_view block) {
  if (block.size() < 512) return false;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(block[i]);
  const auto field = base::trim(block.substr(148, 8), std::string_view(" \0", 2));
  return base::parse_int(field, 8) == sum;
}

}  // namespace

bool looks_like_archive(std::string_view head) {
  using namespace std::string_view_literals;
  for (const auto magic : {"BZh"sv, "\x1f\x8b\x08"sv,
                           "\xfd"
                           "7zXZ\0"sv}) {
    if (head.starts_with(magic)) return true;
  }
  return tar_header_checks(head);
}

// ---- metadata --------------------------------------------------------------------------------

MetaResolver::Image MetaResolver::ask_gateway(const std::string& scheme, const std::string& reference,
                                              const ResolveOptions& options, std::stop_token stop) {
  const auto meta = gateway_.resolve_source_metadata({scheme + reference, {}}, options, std::move(stop));
  if (!meta.image) base::fail(base::Code::internal, "no image metadata for {}", reference);
  Image image{reference, meta.image->digest, meta.image->config};
  if (!meta.op.identifier.empty() && meta.op.identifier != scheme + reference) {
    if (!meta.op.identifier.starts_with(scheme)) {
      base::fail(base::Code::failed_precondition, "{} was replaced by {}, which is no image", reference,
                 meta.op.identifier);
    }
    image.reference = meta.op.identifier.substr(scheme.size());
  }
  return image;
}

MetaResolver::Image MetaResolver::ask(const std::string& scheme, const std::string& reference,
                                      const ResolveOptions& options) {
  auto& answer = known_[question_key(scheme, reference, options)];
  if (answer.error) std::rethrow_exception(answer.error);
  if (answer.image.reference.empty()) answer.image = ask_gateway(scheme, reference, options, stop_);
  return answer.image;
}

void MetaResolver::prefetch(const std::vector<std::pair<std::string, ResolveOptions>>& questions,
                            std::size_t parallel) {
  std::map<std::string, const std::pair<std::string, ResolveOptions>*> open;
  for (const auto& question : questions) {
    auto key = question_key(std::string(kImageScheme), question.first, question.second);
    if (!known_.contains(key)) open.emplace(std::move(key), &question);
  }
  if (parallel < 2 || open.size() < 2) return;
  base::ThreadPool pool("lookups", std::min(parallel, open.size()));
  base::TaskGroup group(pool, stop_);
  for (const auto& [key, question] : open) {
    auto& answer = known_[key];  // map nodes stay where they are
    group.run([this, &answer, question = question](std::stop_token stop) {
      try {
        answer.image = ask_gateway(std::string(kImageScheme), question->first, question->second, std::move(stop));
      } catch (const base::Error&) {
        // Told when it is this image's turn: which failure is reported must not depend on the race.
        answer.error = std::current_exception();
      }
    });
  }
  group.wait();
}

MetaResolver::Image MetaResolver::resolve(const std::string& reference, const ResolveOptions& options) {
  return ask(std::string(kImageScheme), reference, options);
}

MetaResolver::Image MetaResolver::resolve_layout(const std::string& reference, const ResolveOptions& options) {
  return ask("oci-layout://", reference, options);
}

SourceMeta MetaResolver::resolve_source(const llb::SourceOp& source, const ResolveOptions& options) {
  return gateway_.resolve_source_metadata(source, options, stop_);
}

// ---- main context ----------------------------------------------------------------------------

struct ContextClient::Main {
  std::optional<llb::State> context;     ///< set if it is not a local directory
  std::optional<llb::State> dockerfile;  ///< set if the Dockerfile comes from there, too
  std::string context_local = "context";
  std::string dockerfile_local = "dockerfile";
  std::string filename{kDockerfile};
  bool force_local_dockerfile = false;
};

ContextClient::ContextClient(Gateway& gateway, llb::Builder& builder, FrontendOpts& opts, std::stop_token stop)
    : gateway_(gateway),
      builder_(builder),
      opts_(opts),
      stop_(stop),
      build_opts_(gateway.opts()),
      config_(FrontendConfig::parse(opts, build_opts_)),
      resolver_(gateway, stop) {}

std::string ContextClient::option(std::string_view name) const {
  const auto found = opts_.find(std::string(name));
  return found == opts_.end() ? "" : found->second;
}

const std::string& ContextClient::session_of(const std::string& local) const {
  const auto found = config_.local_sessions.find(local);
  return found == config_.local_sessions.end() ? build_opts_.session_id : found->second;
}

std::shared_ptr<Ref> ContextClient::solve(const llb::Definition& definition) {
  return gateway_.solve(definition, {}, stop_);
}

ContextClient::Main& ContextClient::main() {
  if (!main_) main_ = load_main();
  return *main_;
}

std::unique_ptr<ContextClient::Main> ContextClient::load_main() {
  auto main = std::make_unique<Main>();
  // The option names the local directory to send; what it holds may be an address instead.
  const auto key = opts_.find("contextkey");
  const auto address = option(key == opts_.end() ? "context" : key->second);
  if (const auto name = opts_.find("filename"); name != opts_.end()) main->filename = name->second;
  if (const auto name = opts_.find("dockerfilekey"); name != opts_.end()) {
    main->force_local_dockerfile = true;
    main->dockerfile_local = name->second;
  }
  if (!load_git(address, *main) && !load_http(address, *main)) load_inputs(*main);
  if (const auto subdir = opts_.find("contextsubdir"); main->context && subdir != opts_.end()) {
    llb::CopyStep copy{.source = *main->context, .src = subdir->second, .dest = "/"};
    copy.dir_contents_only = true;
    main->context = builder_.scratch().file({std::move(copy)}, {});
  }
  return main;
}

std::optional<llb::State> git_context(llb::Builder& builder, const std::string& address, llb::GitOptions options) {
  const auto parsed = parse_git_ref(address);
  if (parsed.error) {
    if (parsed.is_git) throw base::Error(*parsed.error);
    return std::nullopt;
  }
  const auto& ref = *parsed.ref;
  options.ref = ref.ref;
  options.op.name("[internal] load git source " + address);
  options.keep_git_dir = options.keep_git_dir || ref.keep_git_dir.value_or(false);
  options.subdir = ref.subdir;
  options.checksum = ref.checksum;
  options.skip_submodules = ref.submodules == false;
  if (!ref.mtime.empty()) options.mtime = ref.mtime;
  options.fetch_by_commit = ref.fetch_by_commit;
  return builder.git(ref.remote, std::move(options));
}

bool ContextClient::load_git(const std::string& address, Main& to) {
  llb::GitOptions options;
  options.keep_git_dir = parse_bool(option("build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR")).value_or(false);
  if (!option("build-arg:SOURCE_DATE_EPOCH").empty()) options.mtime = "commit";
  to.context = git_context(builder_, address, std::move(options));
  to.dockerfile = to.context;
  return to.context.has_value();
}

bool ContextClient::load_http(const std::string& address, Main& to) {
  if (!is_http(address)) return false;
  llb::HttpOptions options;
  options.filename = kHttpFilename;
  options.op.name("[internal] load remote build context");
  const auto download = builder_.http(address, std::move(options));
  const auto definition = download.marshal();
  const auto ref = base::with_context([&] { return solve(definition); }, "failed to resolve httpcontext");
  const auto head =
      base::with_context([&] { return ref->read_file(std::string(kHttpFilename), FileRange{0, kArchiveProbe}); },
                         "failed to read downloaded context");
  if (looks_like_archive(head)) {
    llb::CopyStep unpack{.source = download, .src = "/" + std::string(kHttpFilename), .dest = "/"};
    unpack.attempt_unpack = true;
    to.context = builder_.scratch().file({std::move(unpack)}, {});
  } else {
    to.filename = kHttpFilename;
    to.context = download;
  }
  to.dockerfile = to.context;
  return true;
}

void ContextClient::load_inputs(Main& to) {
  const auto inputs = gateway_.inputs();
  if (const auto found = inputs.find(to.dockerfile_local); !to.force_local_dockerfile && found != inputs.end()) {
    to.dockerfile = builder_.definition(found->second);
  }
  if (const auto found = inputs.find("context"); found != inputs.end()) {
    to.context = builder_.definition(found->second);
  }
}

llb::State ContextClient::main_context(const std::vector<std::string>& paths) {
  auto& from = main();
  if (from.context) return *from.context;
  llb::LocalOptions options;
  options.exclude_patterns =
      base::with_context([&] { return local_ignore_patterns(); }, "failed to read dockerignore patterns");
  options.session_id = session_of(from.context_local);
  options.shared_key_hint = from.context_local;
  options.follow_paths = paths;
  options.op.name("[internal] load build context");
  return builder_.local(from.context_local, std::move(options));
}

std::optional<llb::State> ContextClient::remote_context() { return main().context; }

std::shared_ptr<Ref> open_remote_context(Gateway& gateway, FrontendOpts opts, std::stop_token stop) {
  llb::Builder builder;
  ContextClient client(gateway, builder, opts, std::move(stop));
  const auto state = client.remote_context();
  return state ? client.solve(state->marshal()) : nullptr;
}

// ---- files read at once ----------------------------------------------------------------------

llb::State ContextClient::dockerfile_state(const Main& from) {
  if (!from.force_local_dockerfile && from.dockerfile) return *from.dockerfile;
  llb::LocalOptions options;
  options.follow_paths = {from.filename, from.filename + std::string(kIgnoreFile)};
  if (base::base_name(from.filename) == kDockerfile) options.follow_paths.push_back(lower_sibling(from.filename));
  options.session_id = session_of(from.dockerfile_local);
  options.shared_key_hint = from.dockerfile_local;
  options.differ = "none";
  options.op.name("[internal] load build definition from " + from.filename);
  return builder_.local(from.dockerfile_local, std::move(options));
}

DockerfileSource ContextClient::read_dockerfile() {
  auto& from = main();
  const auto definition = std::make_shared<const llb::Definition>(dockerfile_state(from).marshal());
  const auto ref = base::with_context([&] { return solve(*definition); }, "failed to resolve dockerfile");
  std::string text;
  try {
    text = ref->read_file(from.filename);
  } catch (base::Error& error) {
    std::optional<std::string> lower;
    if (base::base_name(from.filename) == kDockerfile) lower = read_if_possible(*ref, lower_sibling(from.filename));
    if (!lower) {
      error.add_frame("failed to read dockerfile");
      throw;
    }
    text = std::move(*lower);
  }
  if (auto ignore = read_if_possible(*ref, from.filename + std::string(kIgnoreFile))) {
    ignore_text_ = std::move(ignore);
    ignore_name_ = from.filename + std::string(kIgnoreFile);
  }
  auto map = std::make_shared<llb::SourceMap>();
  map->filename = from.filename;
  map->language = kDockerfile;
  map->data = std::make_shared<const std::string>(std::move(text));
  map->definition = definition;
  return {std::move(map), definition->head()};
}

std::vector<std::string> ContextClient::ignore_patterns() {
  if (main().context) return {};
  return local_ignore_patterns();
}

std::vector<std::string> ContextClient::local_ignore_patterns() {
  auto& from = main();
  if (!ignore_text_) {
    llb::LocalOptions options;
    options.session_id = session_of(from.context_local);
    options.follow_paths = {std::string(kIgnoreFile)};
    options.shared_key_hint = from.context_local + "-" + std::string(kIgnoreFile);
    options.differ = "none";
    options.op.name("[internal] load " + std::string(kIgnoreFile));
    const auto ref = solve(builder_.local(from.context_local, std::move(options)).marshal());
    ignore_text_ = read_if_possible(*ref, std::string(kIgnoreFile)).value_or("");
    ignore_name_ = kIgnoreFile;
  }
  return base::with_context([&] { return read_ignore_file(*ignore_text_); }, "failed parsing {}", ignore_name_);
}

std::optional<NamedContext> ContextClient::named_context(const std::string& name, const ContextOptions& options) {
  const auto reference =
      base::with_context([&] { return llb::ImageReference::parse(name); }, "invalid context name {}", name);
  auto familiar = reference.familiar();
  if (familiar.ends_with(":latest")) familiar.resize(familiar.size() - 7);
  const auto platform = llb::normalize(options.platform ? *options.platform : llb::host_platform());
  for (const auto& full : {familiar + "::" + llb::format_platform_all(platform), familiar}) {
    const auto found = opts_.find("context:" + full);
    if (found == opts_.end()) continue;
    NamedContext context;
    context.client_ = this;
    context.input_ = found->second;
    context.name_ = familiar;
    context.full_name_ = full;
    context.options_ = options;
    return context;
  }
  return std::nullopt;
}

}  // namespace dockerfile
