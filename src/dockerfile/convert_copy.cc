// SPDX-License-Identifier: Apache-2.0
// COPY and ADD: files of the context, of stages, from URLs and git, and heredocs.
#include "base/path.h"
#include "base/random.h"
#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/convert_paths.h"
#include "dockerfile/convert_sources.h"
#include "dockerfile/convert_stages.h"
#include "dockerfile/git_ref.h"
#include "llb/caps.h"

namespace dockerfile {

namespace {

/// What COPY and ADD have in common.
struct CopyRequest {
  const CommandBase& command;
  const SourcesAndDest& sources;
  const std::vector<std::string>& excludes;
  const std::string& chown;
  const std::string& chmod;
  llb::State from;
  bool link = false;
  bool parents = false;
  bool is_add = false;
  bool from_context = false;
  std::optional<bool> keep_git_dir;
  std::string checksum;
  std::optional<bool> unpack;
};

bool has_wildcards(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '*' || path[i] == '?' || path[i] == '[') return true;
    if (path[i] == '\\') ++i;
  }
  return false;
}

class CopyConverter {
 public:
  CopyConverter(StageState& stage, CopyRequest request, const DispatchContext& context)
      : stage_(stage), request_(std::move(request)), context_(context) {
    os_ = stage.platform ? stage.platform->os : "";
  }

  void convert() {
    dest_ = absolute_dest();
    if (!request_.chown.empty()) owner_ = llb::FileOwner::parse(request_.chown);
    parse_mode();
    check_checksum();
    history_ = request_.is_add ? "ADD" : "COPY";
    if (request_.parents) history_ += " --parents";
    if (!request_.chown.empty()) history_ += " --chown=" + request_.chown;
    if (!request_.chmod.empty()) history_ += " --chmod=" + request_.chmod;
    const StateEnvironment env(stage_.state);
    text_ = shown_text(context_.shell, request_.command.code, env);
    name_ = step_name(stage_, text_, context_.config, platform(), env);
    for (const auto& path : request_.sources.paths) add_path(path);
    for (const auto& content : request_.sources.contents) add_content(content);
    history_ += " " + request_.sources.dest + " # buildkit";
    finish(env);
    stage_.image.add_history(std::move(history_), LayerKind::layer, context_.created());
  }

 private:
  llb::Platform platform() const { return stage_.platform ? *stage_.platform : context_.target_platform; }

  std::string absolute_dest() const {
    auto path = base::with_context([&] { return without_drive(request_.sources.dest, os_, TrailingSlash::keep); },
                                   "removing drive letter");
    if (is_absolute_on(path, os_)) return normalize_path("/", path, os_, TrailingSlash::keep);
    if (path.empty() || path == ".") path = "./";
    return normalize_path(stage_.state.dir(), path, os_, TrailingSlash::keep);
  }

  void parse_mode() {
    if (request_.chmod.empty()) return;
    const auto mode = parse_chmod(request_.chmod);
    if (mode.octal) {
      mode_ = static_cast<std::int32_t>(*mode.octal);
    } else {
      mode_text_ = request_.chmod;
    }
  }

  void check_checksum() const {
    if (request_.checksum.empty()) return;
    if (request_.sources.paths.size() != 1) {
      base::fail(base::Code::invalid_argument, "checksum can't be specified for multiple sources");
    }
    const auto& source = request_.sources.paths.front();
    if (!is_http_source(source) && !is_git_source(source)) {
      base::fail(base::Code::invalid_argument, "checksum requires HTTP(S) or Git sources");
    }
  }

  llb::CopyStep new_step(llb::State source, std::string src) const {
    llb::CopyStep step;
    step.source = std::move(source);
    step.src = std::move(src);
    step.dest = dest_;
    step.create_dest_path = true;
    step.mode = mode_;
    step.mode_str = mode_text_;
    step.owner = owner_;
    step.exclude_patterns = request_.excludes;
    return step;
  }

  void add_path(const std::string& path) {
    history_ += " " + path;
    const auto git = parse_git_ref(path);
    if (git.error && git.is_git) throw base::Error(*git.error);
    if (git.ref && !git.ref->indistinguishable_from_local) {
      add_git(*git.ref);
    } else if (is_http_source(path)) {
      add_url(path);
    } else {
      add_local(path);
    }
  }

  void add_git(const GitRef& ref) {
    if (!request_.is_add) base::fail(base::Code::invalid_argument, "source can't be a git ref for COPY");
    if (request_.keep_git_dir && ref.keep_git_dir && *request_.keep_git_dir != *ref.keep_git_dir) {
      base::fail(base::Code::invalid_argument, "inconsistent keep-git-dir configuration");
    }
    if (ref.keep_git_dir) request_.keep_git_dir = ref.keep_git_dir;
    if (!request_.checksum.empty() && !ref.checksum.empty() && request_.checksum != ref.checksum) {
      base::fail(base::Code::invalid_argument, "checksum mismatch {} != {}", base::quote(request_.checksum),
                 base::quote(ref.checksum));
    }
    if (!ref.checksum.empty()) request_.checksum = ref.checksum;
    llb::GitOptions options;
    options.op.name(name_);
    options.ref = ref.ref;
    options.keep_git_dir = request_.keep_git_dir.value_or(false);
    options.checksum = request_.checksum;
    options.subdir = ref.subdir;
    options.skip_submodules = ref.submodules == false;
    options.fetch_by_commit = ref.fetch_by_commit;
    steps_.push_back(new_step(context_.builder.git(ref.remote, std::move(options)), "/"));
  }

  void add_url(const std::string& url) {
    if (!request_.is_add) base::fail(base::Code::invalid_argument, "source can't be a URL for COPY");
    llb::HttpOptions options;
    options.filename = url_file_name(url);
    options.checksum = request_.checksum.empty() ? "" : checked_digest(request_.checksum);
    options.op.name(name_);
    options.op.metadata.description["com.docker.dockerfile.v1.command"] = "";
    const auto file = options.filename;
    // What comes over the network is only unpacked on demand.
    auto step = new_step(context_.builder.http(url, std::move(options)), file);
    step.attempt_unpack = request_.unpack.value_or(false);
    steps_.push_back(std::move(step));
  }

  void add_local(std::string path) {
    if (request_.from_context) {
      check_copy_source(path, request_.is_add ? "Add" : "Copy", request_.command.location, context_, *context_.lint);
    }
    std::vector<std::string> includes;
    std::vector<std::string> required;
    if (request_.parents) {
      auto pattern = path;
      // "a/./b" keeps only what is behind the pivot.
      if (const auto pivot = path.find("/./"); pivot != std::string::npos) {
        pattern = path.substr(pivot + 3);
        path.resize(pivot);
      } else {
        path = "/";
      }
      pattern = normal(pattern);
      includes.push_back(pattern.starts_with('/') ? pattern.substr(1) : pattern);
      if (!has_wildcards(path) && !has_wildcards(pattern)) required.push_back(normal(join_files(path, pattern)));
    }
    auto step = new_step(request_.from, normal(path));
    step.follow_symlinks = true;
    step.dir_contents_only = true;
    step.include_patterns = std::move(includes);
    step.required_paths = std::move(required);
    step.attempt_unpack = request_.unpack.value_or(request_.is_add);
    step.allow_wildcard = true;
    step.allow_empty_wildcard = true;
    steps_.push_back(std::move(step));
  }

  std::string normal(const std::string& path) const {
    return base::with_context([&] { return normalize_path("/", path, os_, TrailingSlash::drop); },
                              "removing drive letter");
  }

  /// filepath.Join: an empty element does not count.
  static std::string join_files(const std::string& directory, const std::string& name) {
    return directory.empty() ? base::clean_path(name) : base::join_path(directory, name);
  }

  void add_content(const SourceContent& content) {
    history_ += " <<" + content.path;
    const auto file = base::with_context([&] { return without_drive(content.path, os_, TrailingSlash::drop); },
                                         "removing drive letter");
    steps_.push_back(new_step(inline_file(stage_, context_, file, 0644, content.data), with_slashes(file, os_)));
  }

  void finish(const StateEnvironment& env) {
    llb::OpOptions op;
    op.name(name_);
    op.locations = context_.at(request_.command.location);
    op.metadata.ignore_cache = stage_.ignore_cache;
    if (!context_.can(llb::cap::kMergeOp) || !request_.link || !request_.chmod.empty()) {
      stage_.state = stage_.state.file(std::move(steps_), std::move(op));
      return;
    }
    // A linked copy is a layer of its own, laid over the stage: both ops are one step to people.
    const auto group = base::random_id();
    auto copy_op = op;
    copy_op.platform = stage_.platform;
    copy_op.metadata.progress_group = llb::ProgressGroup{group, name_, true};
    --stage_.command_index;
    op.metadata.progress_group = llb::ProgressGroup{group, name_, false};
    op.name(step_name(stage_, "LINK " + text_, context_.config, platform(), env));
    const auto copied = context_.builder.scratch().file(std::move(steps_), std::move(copy_op));
    stage_.state = stage_.state.with_output(context_.builder.merge({stage_.state, copied}, std::move(op)).output());
  }

  StageState& stage_;
  CopyRequest request_;
  const DispatchContext& context_;
  std::string os_;
  std::string dest_;
  std::optional<llb::ChownOpt> owner_;
  std::optional<std::int32_t> mode_;
  std::string mode_text_;
  std::string history_;
  std::string text_;
  std::string name_;
  std::vector<llb::FileStep> steps_;
};

}  // namespace

void dispatch_copy(StageState& stage, const StageCommand& command, CopyCommand& copy, const DispatchContext& context) {
  auto* source = command.sources.empty() ? nullptr : command.sources.front();
  if (source != nullptr && !source->dispatched) {
    base::fail(base::Code::invalid_argument,
               "cannot copy from stage {}, it needs to be defined before current stage {}", base::quote(copy.from),
               base::quote(stage.name));
  }
  CopyRequest request{.command = copy,
                      .sources = copy.sources,
                      .excludes = copy.excludes,
                      .chown = copy.chown,
                      .chmod = copy.chmod,
                      .from = source == nullptr ? context.build_context : source->state,
                      .link = copy.link,
                      .parents = copy.parents,
                      .from_context = source == nullptr};
  CopyConverter(stage, std::move(request), context).convert();
  for (const auto& path : copy.sources.paths) {
    (source == nullptr ? stage.context_paths : *source->paths).insert(base::join_path("/", path));
  }
}

void dispatch_add(StageState& stage, AddCommand& add, const DispatchContext& context) {
  CopyRequest request{.command = add,
                      .sources = add.sources,
                      .excludes = add.excludes,
                      .chown = add.chown,
                      .chmod = add.chmod,
                      .from = context.build_context,
                      .link = add.link,
                      .is_add = true,
                      .from_context = true,
                      .keep_git_dir = add.keep_git_dir,
                      .checksum = add.checksum,
                      .unpack = add.unpack};
  CopyConverter(stage, std::move(request), context).convert();
  for (const auto& path : add.sources.paths) {
    if (path.starts_with("http://") || path.starts_with("https://")) continue;
    stage.context_paths.insert(base::join_path("/", path));
  }
}

}  // namespace dockerfile
