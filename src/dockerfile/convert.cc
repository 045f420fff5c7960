// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/convert.h"

#include <algorithm>

#include "base/strings.h"
#include "base/time.h"
#include "base/unicode.h"
#include "dockerfile/convert_epoch.h"
#include "dockerfile/convert_scan.h"
#include "dockerfile/convert_stages.h"
#include "dockerfile/directives.h"
#include "dockerfile/go_values.h"
#include "dockerfile/suggest.h"
#include "llb/image_reference.h"

namespace dockerfile {

namespace {

/// Names people may have meant when an image cannot be found.
std::vector<std::string> common_images() {
  std::vector<std::string> names;
  for (const std::string image : {"alpine", "busybox", "centos", "debian", "golang", "ubuntu", "fedora"}) {
    // The missing slash is BuildKit's; it decides what is near to what.
    for (const auto& name :
         {image, "docker.io/library" + image, image + ":latest", "docker.io/library" + image + ":latest"}) {
      names.push_back(name);
    }
  }
  return names;
}

LintConfig lint_config(const FrontendConfig& config, const std::string& text) {
  if (config.lint) return *config.lint;
  const auto directive = find_directive("check", text);
  return base::with_context([&] { return LintConfig::parse(directive ? directive->value : ""); },
                            "failed to parse check options");
}

std::optional<llb::ProxyEnv> proxy_of(const std::map<std::string, std::string>& args) {
  llb::ProxyEnv proxy;
  bool any = false;
  for (const auto& [name, value] : args) {
    std::string* to = base::equal_fold(name, "http_proxy")    ? &proxy.http_proxy
                      : base::equal_fold(name, "https_proxy") ? &proxy.https_proxy
                      : base::equal_fold(name, "ftp_proxy")   ? &proxy.ftp_proxy
                      : base::equal_fold(name, "no_proxy")    ? &proxy.no_proxy
                      : base::equal_fold(name, "all_proxy")   ? &proxy.all_proxy
                                                              : nullptr;
    if (to == nullptr) continue;
    *to = value;
    any = true;
  }
  if (!any) return std::nullopt;
  return proxy;
}

/// The stage or image a --mount names: known before variables are, which it must not contain.
std::string mount_from(const std::string& flag) {
  std::string from;
  for (const auto& field : parse_csv(flag)) {
    const auto equals = field.find('=');
    if (equals != std::string::npos && base::lower(field.substr(0, equals)) == "from") from = field.substr(equals + 1);
  }
  return from.empty() ? std::string(kScratch) : from;
}

Ranges whole(const Ranges& location) {
  if (location.empty()) return line_ranges(0, 0);
  int first = location.front().start.line;
  int last = 0;
  for (const auto& range : location) {
    first = std::min(first, range.start.line);
    last = std::max(last, range.end.line);
  }
  return line_ranges(first, last);
}

class Converter {
 public:
  explicit Converter(const ConvertOptions& options)
      : options_(options),
        client_(*options.client),
        config_(client_.config()),
        build_args_(config_.build_args),
        lint_(lint_config(config_, *options.source->data), options.lint),
        implicit_target_(!options.target_platform),
        target_platform_(options.target_platform.value_or(config_.build_platform)),
        file_(parse_dockerfile(*options.source->data)),
        shell_(static_cast<unsigned char>(file_.escape)) {}

  ConvertResult convert() {
    report_parse_warnings();
    program_ = parse_instructions(file_.statements, &lint_);
    if (program_.stages.empty()) base::fail(base::Code::invalid_argument, "dockerfile contains no stages to build");
    check_stage_names(program_.stages, lint_);
    check_casing(program_.stages, lint_);
    set_global_args();
    if (options_.practice) written_ = program_;
    make_stages();
    target_ = find_target();
    link_stages();
    resolve_stages();
    dispatch_stages();
    if (options_.practice) report_practice();
    return finish();
  }

 private:
  // ---- arguments -----------------------------------------------------------------------------

  void report_parse_warnings() {
    for (const auto& warning : file_.warnings) {
      if (warning.url != lint_rule("NoEmptyContinuation").url) continue;
      lint_.report("NoEmptyContinuation", "Empty continuation line", {warning.location});
    }
  }

  void set_default_args(const std::string& target) {
    const auto& build = config_.build_platform;
    const auto& to = target_platform_;
    const std::pair<const char*, std::string> defaults[] = {
        {"BUILDPLATFORM", llb::format_platform(build)},
        {"BUILDOS", build.os},
        {"BUILDOSVERSION", build.os_version},
        {"BUILDARCH", build.architecture},
        {"BUILDVARIANT", build.variant},
        {"TARGETPLATFORM", llb::format_platform_all(to)},
        {"TARGETOS", to.os},
        {"TARGETOSVERSION", to.os_version},
        {"TARGETARCH", to.architecture},
        {"TARGETVARIANT", to.variant},
        {"TARGETSTAGE", target.empty() ? "default" : target},
    };
    for (const auto& [name, value] : defaults) {
      const auto given = build_args_.find(name);
      global_args_.set(name, given == build_args_.end() ? value : given->second);
    }
  }

  enum class UseOptions : bool { no, yes };

  void add_meta_args(ArgList& args, UseOptions use, StageParameters* parameters = nullptr) const {
    for (const auto& command : program_.meta_args) {
      for (const auto& arg : command.args) {
        std::optional<std::string> value;
        std::set<std::string> uses;
        const auto given = build_args_.find(arg.key);
        if (use == UseOptions::yes && given != build_args_.end()) {
          value = given->second;
        } else if (arg.value) {
          auto word = with_location(command.location, [&] { return shell_.expand(*arg.value, args); });
          uses = std::move(word.matched);
          value = std::move(word.text);
        }
        if (parameters != nullptr) note_meta_arg(*parameters, command, arg, value, std::move(uses));
        if (value) args.set(arg.key, std::move(*value));
      }
    }
  }

  static void note_meta_arg(StageParameters& parameters, const ArgCommand& command, const KeyOptionalValue& arg,
                            const std::optional<std::string>& value, std::set<std::string> uses) {
    // `ARG A=${A}x` stands on what the A before it stood on.
    if (uses.erase(arg.key) > 0) {
      if (const auto old = parameters.args.find(arg.key); old != parameters.args.end()) uses.merge(old->second.uses);
    }
    parameters.args[arg.key] = {arg.key, value.value_or(""), arg.doc_comment, command.location, std::move(uses)};
  }

  void set_global_args() {
    set_default_args(config_.target.empty() ? program_.stages.back().name : config_.target);
    check_default_bases();
    if (options_.with_outline) parameters_.emplace();
    add_meta_args(global_args_, UseOptions::yes, parameters_ ? &*parameters_ : nullptr);
    for (const auto& command : program_.meta_args) {
      for (const auto& arg : command.args) declared_args_.insert(arg.key);
    }
    set_epoch();
  }

  /// Would the bases be valid without any build argument?
  void check_default_bases() const {
    if (!lint_.enabled()) return;
    auto args = global_args_;
    try {
      add_meta_args(args, UseOptions::no);
    } catch (const base::Error&) {
      return;  // comes up again where it matters
    }
    for (const auto& stage : program_.stages) {
      std::string name;
      try {
        name = shell_.expand(stage.base_name, args).text;
      } catch (const base::Error&) {
        return;
      }
      try {
        llb::ImageReference::parse(name);
      } catch (const base::Error&) {
        lint_.report(
            "InvalidDefaultArgInFrom",
            base::format("Default value for ARG {} results in empty or invalid base image name", stage.base_name),
            stage.location);
      }
    }
  }

  void set_epoch() {
    constexpr const char* kName = "SOURCE_DATE_EPOCH";
    const auto given = build_args_.find(kName);
    const auto global = global_args_.get(kName);
    std::string value;
    if (given != build_args_.end()) {
      value = given->second;
    } else if (global && !global->empty()) {
      value = *global;
    } else {
      return;
    }
    epoch_ = resolve_epoch(value, {client_, program_.stages, build_args_, global_args_, shell_});
    const auto text = epoch_ ? std::to_string(epoch_->seconds) : "";
    if (given != build_args_.end()) {
      if (epoch_) {
        given->second = text;
      } else {
        build_args_.erase(given);
      }
    }
    if (!global) return;
    if (epoch_) {
      global_args_.set(kName, text);
    } else {
      global_args_.erase(kName);
    }
  }

  // ---- stages --------------------------------------------------------------------------------

  void make_stages() {
    for (std::size_t i = 0; i < program_.stages.size(); ++i) make_stage(std::move(program_.stages[i]), i);
  }

  void make_stage(Stage from, std::size_t index) {
    auto* made = stages_.make();
    made->stage = std::move(from);
    made->parameters = parameters_;
    const auto& stage = made->stage;
    const auto lint = lint_.with_comments(stage.comments);
    auto word = with_location(stage.location, [&] { return shell_.expand(stage.base_name, global_args_); });
    report_unused_args(word.unmatched, stage, lint);
    if (word.text.empty()) fail_at(stage.location, "base name (" + stage.base_name + ") should not be blank");
    made->stage.base_name = word.text;
    bases_.push_back(word.text);
    made->name = stage.name;
    auto used = std::move(word.matched);
    if (!stage.platform.empty()) made->platform = stage_platform(stage, lint, used);
    if (!stage.name.empty()) {
      made->named_context = named_context(stage.name, *made, made->platform);
      if (made->named_context) {
        stages_.add(made);
        made->base = nullptr;
        return;
      }
    } else {
      made->name = "stage-" + std::to_string(index);
    }
    stages_.add(made);
    if (made->parameters) made->parameters->used_args.merge(used);
    made->command_total = made->stage.base_name != kScratch && made->base == nullptr ? 1 : 0;
    for (const auto& command : made->stage.commands) {
      if (std::holds_alternative<AddCommand>(command) || std::holds_alternative<CopyCommand>(command) ||
          std::holds_alternative<RunCommand>(command) || std::holds_alternative<WorkdirCommand>(command)) {
        ++made->command_total;
      }
    }
    made->ignore_cache = config_.is_no_cache(stage.name);
  }

  /// Adds the ARGs it is made of to `used`.
  llb::Platform stage_platform(const Stage& stage, const Lint& lint, std::set<std::string>& used) const {
    ExpandedWord word;
    with_location(stage.location, [&] {
      base::with_context([&] { word = shell_.expand(stage.platform, global_args_); },
                         "failed to process arguments for platform ");
    });
    report_unused_args(word.unmatched, stage, lint);
    report_platform(stage, word, lint);
    const auto suggested = [&](std::string text) {
      for (const auto& name : word.unmatched) {
        if (const auto match = suggest(name, global_args_.names())) return text + " (did you mean " + *match + "?)";
      }
      return text;
    };
    if (word.text.empty()) {
      fail_at(stage.location, suggested("empty platform value from expression " + stage.platform));
    }
    try {
      const auto platform = llb::parse_platform(word.text);
      used.merge(word.matched);
      return platform;
    } catch (const base::Error& error) {
      base::Error outer(error.code(), suggested(error.text()));
      outer.add_frame("failed to parse platform " + stage.platform);
      LocatedError located(std::move(outer), stage.location);
      located.add_location(stage.location);
      throw located;
    }
  }

  void report_unused_args(const std::set<std::string>& unmatched, const Stage& stage, const Lint& lint) const {
    if (!lint.enabled()) return;
    auto known = declared_args_;
    for (auto& name : global_args_.names()) known.insert(std::move(name));
    const std::vector<std::string> options(known.begin(), known.end());
    for (const auto& name : unmatched) {
      if (known.contains(name)) continue;
      auto text = "FROM argument '" + name + "' is not declared";
      if (const auto match = suggest(name, options)) text += " (did you mean " + *match + "?)";
      lint.report("UndefinedArgInFrom", text, stage.location);
    }
  }

  void report_platform(const Stage& stage, const ExpandedWord& word, const Lint& lint) const {
    if (word.unmatched.empty() && word.matched.size() == 1 && word.matched.contains("TARGETPLATFORM") &&
        word.text == global_args_.get("TARGETPLATFORM")) {
      lint.report("RedundantTargetPlatform",
                  base::format("Setting platform to predefined {} in FROM is redundant as this is the default behavior",
                               stage.platform),
                  stage.location);
    }
    if (!lint.enabled() || !word.matched.empty() || !word.unmatched.empty()) return;
    try {
      const auto platform = llb::parse_platform(word.text);
      if (stage.name.find(platform.os) != std::string::npos) return;
      if (stage.name.find(platform.architecture) != std::string::npos) return;
    } catch (const base::Error&) {
      return;
    }
    lint.report("FromPlatformFlagConstDisallowed",
                "FROM --platform flag should not use constant value " + base::quote(word.text), stage.location);
  }

  std::optional<NamedContext> named_context(const std::string& name, StageState& stage,
                                            const std::optional<llb::Platform>& platform) {
    if (base::equal_fold(name, "scratch") || base::equal_fold(name, "context")) return std::nullopt;
    ContextOptions options;
    options.platform = platform ? platform : options_.target_platform;
    options.follow_paths = [&stage] { return stage.used_paths(); };
    return client_.named_context(name, options);
  }

  StageState* find_target() const {
    if (config_.target.empty()) return stages_.all.back();
    if (auto* found = stages_.find(config_.target)) return found;
    base::fail(base::Code::not_found, "{}",
               with_suggestion(base::format("target stage {} could not be found", base::quote(config_.target)),
                               config_.target, stages_.names()));
  }

  // ---- dependencies --------------------------------------------------------------------------

  StageCommand bind(Command command) {
    StageCommand bound{std::move(command), {}, false};
    if (const auto* copy = std::get_if<CopyCommand>(&bound.command); copy != nullptr && !copy->from.empty()) {
      bound.sources.push_back(copy_source(*copy));
    }
    if (const auto* run = std::get_if<RunCommand>(&bound.command)) {
      for (const auto& flag : run->mount_flags) {
        const auto from = mount_from(flag);
        auto* source = stages_.find(from);
        bound.sources.push_back(source != nullptr ? source : make_image_stage(from, {}));
      }
    }
    return bound;
  }

  StageState* copy_source(const CopyCommand& copy) {
    if (shell_.expand(copy.from, EnvironmentList()).text != copy.from) {
      base::fail(base::Code::invalid_argument,
                 "variable expansion is not supported for --from, define a new stage with FROM using ARG from global "
                 "scope as a workaround");
    }
    auto digits = std::string_view(copy.from);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    if (const auto index = base::parse_int(digits)) return stages_.at(*index);
    auto* source = stages_.find(copy.from);
    return source != nullptr ? source : make_image_stage(copy.from, copy.location);
  }

  StageState* make_image_stage(const std::string& name, const Ranges& location) {
    auto* stage = stages_.make();
    stage->stage.base_name = name;
    stage->stage.location = location;
    stage->unregistered = true;
    return stage;
  }

  void add_dependencies(StageState& stage, const StageCommand& command) {
    for (auto* source : command.sources) {
      stage.depend_on(source, base_of(command.command).location);
      if (source->unregistered) stages_.add(source);
    }
  }

  void link_stages() {
    const auto count = stages_.all.size();
    for (std::size_t i = 0; i < count; ++i) {
      auto& stage = *stages_.all[i];
      for (auto& command : stage.stage.commands) {
        stage.commands.push_back(bind(std::move(command)));
        add_dependencies(stage, stage.commands.back());
      }
      stage.stage.commands.clear();
    }
    refuse_cycles();
    if (stages_.all.size() == 1) stages_.all.front()->name.clear();
  }

  void refuse_cycles() const {
    std::set<const StageState*> visited;
    std::set<const StageState*> path;
    std::vector<Ranges> places;
    // Depth is bounded by the number of stages, which a file's commands are counted in.
    const auto visit = [&](const auto& self, const StageState* stage) -> bool {
      if (!visited.insert(stage).second) return false;
      path.insert(stage);
      for (const auto& [other, where] : stage->dependencies) {
        places.push_back(where);
        if (path.contains(other) || self(self, other)) return true;
        places.pop_back();
      }
      path.erase(stage);
      return false;
    };
    for (const auto* stage : stages_.all) {
      if (!visit(visit, stage)) continue;
      LocatedError error(
          base::Error(base::Code::invalid_argument, "circular dependency detected on stage: " + stage->name),
          places.front());
      for (std::size_t i = 1; i < places.size(); ++i) error.add_location(places[i]);
      throw error;
    }
  }

  std::set<const StageState*> reachable() const {
    std::set<const StageState*> found;
    std::vector<const StageState*> open{target_};
    while (!open.empty()) {
      const auto* stage = open.back();
      open.pop_back();
      if (!found.insert(stage).second) continue;
      if (stage->base != nullptr) open.push_back(stage->base);
      for (const auto& [other, where] : stage->dependencies) open.push_back(other);
    }
    return found;
  }

  // ---- base images ---------------------------------------------------------------------------

  void resolve_stages() {
    for (bool again = true; again;) {
      again = false;
      reachable_ = reachable();
      resolve_bases();
      for (std::size_t i = 0; i < stages_.all.size(); ++i) {
        auto& stage = *stages_.all[i];
        if (reachable_.contains(&stage) && take_triggers(stage)) again = true;
      }
    }
  }

  /// Refuses what cannot be an image before anything is asked of a registry. BuildKit looks at all
  /// names at once and happens to begin with the last.
  void check_base_names() const {
    std::vector<const StageState*> open;
    for (const auto* stage : stages_.all) {
      const bool scratch = stage->stage.base_name == kScratch && !stage->named_context;
      if (stage->base == nullptr && !stage->dispatched && !stage->resolved && !scratch) open.push_back(stage);
    }
    if (!open.empty()) std::rotate(open.begin(), open.end() - 1, open.end());
    for (const auto* stage : open) {
      with_location(stage->stage.location, [&] { parse_base_name(stage->stage.base_name); });
    }
  }

  static llb::ImageReference parse_base_name(const std::string& name) {
    return base::with_context([&] { return llb::ImageReference::parse(name); }, "failed to parse stage name {}",
                              base::quote(name));
  }

  bool is_needed(const StageState& stage) const {
    return options_.stages == ConvertOptions::Stages::all || reachable_.contains(&stage);
  }

  ResolveOptions base_question(const std::string& reference, const llb::Platform& platform) const {
    std::string prefix = "[";
    if (config_.multi_platform) prefix += llb::format_platform_all(platform) + " ";
    ResolveOptions ask;
    ask.log_name = prefix + "internal] load metadata for " + reference;
    ask.platform = platform;
    ask.resolve_mode = config_.resolve_mode;
    return ask;
  }

  /// Registries take their time: all images are asked for at once.
  void prefetch_bases() {
    const auto parallel = client_.build_opts().parallel_lookups;
    if (parallel < 2) return;
    std::vector<std::pair<std::string, ResolveOptions>> questions;
    for (auto* stage : stages_.all) {
      if (stage->base != nullptr || stage->dispatched || stage->resolved || stage->named_context) continue;
      if (stage->stage.base_name == kScratch || !is_needed(*stage)) continue;
      const auto name = parse_base_name(stage->stage.base_name).with_default_tag().text();
      const auto platform = stage->platform.value_or(target_platform_);
      if (!named_context(name, *stage, platform)) questions.emplace_back(name, base_question(name, platform));
    }
    client_.resolver().prefetch(questions, parallel);
  }

  void resolve_bases() {
    check_base_names();
    prefetch_bases();
    const auto count = stages_.all.size();
    for (std::size_t i = 0; i < count; ++i) {
      auto& stage = *stages_.all[i];
      if (stage.base != nullptr || stage.dispatched || stage.resolved) continue;
      const bool needed = is_needed(stage);
      stage.resolved = needed;
      if (stage.stage.base_name == kScratch && !stage.named_context) {
        stage.state = client_.builder().scratch();
        stage.image = ImageConfig::empty(target_platform_);
        stage.platform = target_platform_;
        stage.dispatched = stage.dispatched || stage.unregistered;
        continue;
      }
      with_location(stage.stage.location, [&] { resolve_base(stage, needed); });
      stage.dispatched = stage.dispatched || stage.unregistered;
    }
  }

  void resolve_base(StageState& stage, bool needed) {
    const auto written = stage.stage.base_name;
    auto reference = parse_base_name(written);
    auto platform = stage.platform.value_or(target_platform_);
    reference = reference.with_default_tag();
    stage.stage.base_name = reference.text();
    bool scratch = false;
    if (needed) {
      if (stage.named_context) return use_context(stage);
      if (auto context = named_context(stage.stage.base_name, stage, platform)) {
        return use_context_as_base(stage, *context, platform);
      }
      load_base(stage, written, platform);
      scratch = is_empty_image(stage.image);
    }
    if (scratch) {
      stage.state = client_.builder().scratch();
    } else {
      stage.state = base_state(stage, platform);
      if (needed) report_base_platform(stage, written, platform);
    }
    stage.platform = platform;
  }

  /// A stage whose name was given to a context: nothing of it is built.
  static void use_context(StageState& stage) {
    auto loaded = stage.named_context->load();
    stage.from_context = true;
    stage.dispatched = true;
    stage.state = loaded.state;
    if (!loaded.image) return;
    stage.image = std::move(*loaded.image);
    stage.image.created.clear();
    if (!stage.image.platform.architecture.empty() && !stage.image.platform.os.empty()) {
      stage.platform = stage.image.platform;
    }
  }

  static void use_context_as_base(StageState& stage, NamedContext& context, const llb::Platform& platform) {
    auto loaded = context.load();
    stage.from_context = true;
    if (!loaded.image) loaded.image = ImageConfig::empty(platform);
    stage.base_image = std::make_shared<const ImageConfig>(*loaded.image);
    stage.image = std::move(*loaded.image);
    stage.image.created.clear();
    stage.state = loaded.state.with_platform(platform);
    stage.platform = platform;
  }

  void load_base(StageState& stage, const std::string& written, llb::Platform& platform) {
    MetaResolver::Image meta;
    try {
      meta = client_.resolver().resolve(stage.stage.base_name, base_question(stage.stage.base_name, platform));
    } catch (base::Error& error) {
      if (error.is_refusal()) throw;
      auto options = stages_.names();
      for (auto& name : common_images()) options.push_back(std::move(name));
      throw base::Error(error.code(), with_suggestion(written + ": " + error.text(), written, options));
    }
    auto reference = base::with_context([&] { return llb::ImageReference::parse(meta.reference); },
                                        "failed to parse ref {}", base::quote(meta.reference));
    stage.image = base::with_context([&] { return ImageConfig::parse(meta.config); }, "failed to parse image config");
    stage.base_image = std::make_shared<const ImageConfig>(stage.image);
    stage.image.created.clear();
    if (!stage.platform && implicit_target_) platform = adapted(platform, stage.image.platform);
    if (!meta.digest.empty()) reference.digest = meta.digest;
    stage.stage.base_name = reference.text();
  }

  /// Nobody asked for a platform: take the image's, if it can run here.
  llb::Platform adapted(const llb::Platform& wanted, const llb::Platform& image) const {
    const auto same = [&](const llb::Platform& platform) {
      return platform.os == image.os && platform.architecture == image.architecture;
    };
    if (same(wanted)) return wanted;
    return same(config_.build_platform) ? config_.build_platform : wanted;
  }

  static bool is_empty_image(const ImageConfig& image) {
    if (image.diff_ids && !image.diff_ids->empty()) return false;
    return std::all_of(image.history.begin(), image.history.end(),
                       [](const HistoryEntry& entry) { return entry.empty_layer; });
  }

  llb::State base_state(StageState& stage, const llb::Platform& platform) {
    llb::ImageOptions options;
    options.resolve_mode = resolve_mode_name(config_.resolve_mode);
    options.op.metadata.description["com.docker.dockerfile.v1.command"] = stage.stage.code;
    options.op.platform = platform;
    options.op.name(step_name(stage, "FROM " + stage.stage.base_name, config_, platform, EnvironmentList()));
    options.op.locations = {{options_.source, stage.stage.location}};
    return client_.builder().image(stage.stage.base_name, std::move(options));
  }

  void report_base_platform(const StageState& stage, const std::string& written, const llb::Platform& wanted) const {
    const auto& image = stage.image.platform;
    if (wanted.os == image.os && wanted.architecture == image.architecture) return;
    lint_.report("InvalidBaseImagePlatform",
                 base::format("Base image {} was pulled with platform {}, expected {} for current build", written,
                              base::quote(llb::format_platform_all(llb::normalize(image))),
                              base::quote(llb::format_platform_all(llb::normalize(wanted)))),
                 stage.stage.location);
  }

  /// ONBUILD triggers of the base become the stage's first commands. True if they need more stages.
  bool take_triggers(StageState& stage) {
    stage.inherit();
    auto triggers = stage.image.onbuild;
    if (stage.base != nullptr && !stage.onbuild_taken) {
      for (const auto& command : stage.base->commands) {
        if (const auto* onbuild = std::get_if<OnbuildCommand>(&command.command)) {
          triggers.push_back(onbuild->expression);
        }
      }
      stage.onbuild_taken = true;
    }
    if (triggers.empty()) return false;
    stage.image.onbuild.clear();
    try {
      return add_triggers(stage, triggers);
    } catch (LocatedError& error) {
      error.set_location(stage.stage.location);
      throw;
    } catch (base::Error& error) {
      throw LocatedError(std::move(error), stage.stage.location);
    }
  }

  bool add_triggers(StageState& stage, const std::vector<std::string>& triggers) {
    bool more = false;
    std::vector<StageCommand> commands;
    for (const auto& trigger : triggers) {
      auto file = parse_dockerfile(trigger);
      if (file.statements.size() != 1) {
        base::fail(base::Code::invalid_argument, "onbuild trigger should be a single expression");
      }
      auto& statement = file.statements.front();
      const auto place = whole(stage.stage.location);
      statement.start_line = place.front().start.line;
      statement.end_line = place.back().end.line;
      commands.push_back(bind(parse_command(statement)));
      commands.back().is_onbuild = true;
      more = more || !commands.back().sources.empty();
      add_dependencies(stage, commands.back());
    }
    stage.command_total += static_cast<int>(commands.size());
    for (auto& command : stage.commands) commands.push_back(std::move(command));
    stage.commands = std::move(commands);
    return more;
  }

  // ---- commands ------------------------------------------------------------------------------

  void dispatch_stages() {
    context_output_ = client_.builder().make_deferred();
    const auto patterns = client_.ignore_patterns();
    std::optional<PatternMatcher> ignore;
    if (!patterns.empty()) ignore.emplace(patterns);
    const DispatchContext context{.config = config_,
                                  .build_args = build_args_,
                                  .caps = client_.build_opts().llb_caps,
                                  .builder = client_.builder(),
                                  .source = options_.source,
                                  .global_args = global_args_,
                                  .shell = shell_,
                                  .escape = static_cast<unsigned char>(file_.escape),
                                  .epoch = epoch_,
                                  .target_platform = target_platform_,
                                  .build_context = client_.builder().deferred(context_output_),
                                  .proxy = proxy_of(build_args_),
                                  .ignore = ignore ? &*ignore : nullptr,
                                  .ignore_patterns = patterns,
                                  .lint = &lint_};
    for (auto* stage : stages_.all) {
      const bool needed =
          options_.stages == ConvertOptions::Stages::all || (reachable_.contains(stage) && !stage->dispatched);
      if (needed) dispatch_stage(*stage, context);
    }
    target_->paths->insert("/");
  }

  void dispatch_stage(StageState& stage, const DispatchContext& context) {
    stage.inherit();
    stage.dispatched = true;
    if (!stage.platform) stage.platform.emplace();
    if (!stage.image.env.has("PATH") && stage.platform->os != "windows") {
      stage.image.env.set("PATH", std::string(default_path_env(stage.platform->os)));
    }
    for (const auto& entry : stage.image.env.entries()) {
      const auto equals = std::min(entry.find('='), entry.size());
      stage.state = stage.state.with_env(std::string_view(entry).substr(0, equals),
                                         std::string_view(entry).substr(std::min(equals + 1, entry.size())));
    }
    if (!config_.hostname.empty()) stage.state = stage.state.with_hostname(config_.hostname);
    with_location(stage.stage.location, [&] { inherit_workdir(stage); });
    stage.state = stage.state.with_network(config_.network);
    for (auto& command : stage.commands) {
      with_location(base_of(command.command).location, [&] { dispatch(stage, command, context); });
    }
    context_paths_.insert(stage.context_paths.begin(), stage.context_paths.end());
  }

  // ---- practice ------------------------------------------------------------------------------

  void report_practice() const {
    PracticeFacts facts;
    for (std::size_t i = 0; i < bases_.size(); ++i) {
      const auto& stage = *stages_.all[i];
      if (&stage == target_) facts.target = i;
      facts.bases.push_back(stage.from_context ? "" : bases_[i]);
      facts.resolved.push_back(stage.resolved && !stage.from_context ? stage.stage.base_name : "");
    }
    // Users are another matter on Windows; an image given as a context is its maker's business.
    if (!target_->from_context && target_->image.platform.os != "windows") facts.user = target_->image.user;
    check_practice(written_, facts, [&](const PracticeFinding& finding) {
      if (!lint_.with_comments(finding.comments).skips(finding.rule->name)) options_.practice(finding);
    });
  }

  // ---- result --------------------------------------------------------------------------------

  void set_image_platform() {
    auto& image = target_->image;
    if (!implicit_target_) {
      const auto& to = target_platform_;
      const bool same = to.os == image.platform.os && to.architecture == image.platform.architecture;
      image.platform.os = to.os;
      image.platform.architecture = to.architecture;
      if (!to.variant.empty() || !same) image.platform.variant = to.variant;
      if (!to.os_version.empty() || !same) image.platform.os_version = to.os_version;
      if (!to.os_features.empty()) image.platform.os_features = to.os_features;
    }
    image.platform = llb::normalize(image.platform);
  }

  /// What the SBOM is told to look at besides the target: of stages that are built, as a scan never is a reason to
  /// build one.
  void add_scan_trees(ConvertResult& result) const {
    result.ignore_cache = target_->ignore_cache;
    const auto of_this_file = [](const StageState& stage) { return !stage.unregistered && !stage.named_context; };
    if (!of_this_file(*target_)) return;
    if (const auto wish = scan_wish(kScanContext, *target_, global_args_)) {
      result.scan_trees["context"] = {client_.builder().deferred(context_output_), true, *wish};
    }
    for (const auto* stage : stages_.all) {
      if (stage == target_ || !of_this_file(*stage) || !reachable_.contains(stage)) continue;
      const auto wish = scan_wish(kScanStage, *stage, global_args_);
      if (!wish) continue;
      result.scan_trees[stage->name] = {stage->state, false, *wish};
      result.ignore_cache = result.ignore_cache || (*wish && stage->ignore_cache);
    }
  }

  ConvertResult finish() {
    for (const auto& [name, value] : config_.labels) target_->image.labels[name] = value;
    lint_.throw_if_violated();
    context_output_->set(client_.main_context(follow_paths_of(context_paths_)).output());
    set_image_platform();
    ConvertResult result;
    result.state = target_->state;
    result.marshal = {target_platform_, &client_.build_opts().llb_caps};
    result.image = std::move(target_->image);
    result.base_image = target_->base_image;
    result.epoch = epoch_;
    add_scan_trees(result);
    if (options_.with_outline) result.outline = outline_of(*target_);
    // What named contexts still have to ask of the stages is asked while marshalling.
    result.keep = std::make_shared<StageTable>(std::move(stages_));
    return result;
  }

  const ConvertOptions& options_;
  ContextClient& client_;
  const FrontendConfig& config_;
  std::map<std::string, std::string> build_args_;
  Lint lint_;
  bool implicit_target_;
  llb::Platform target_platform_;
  ParsedFile file_;
  ShellWords shell_;
  Program program_;
  Program written_;  ///< as parsed, for the practice rules
  std::vector<std::string> bases_;
  ArgList global_args_;
  std::set<std::string> declared_args_;
  std::optional<StageParameters> parameters_;  ///< global ARGs, when an outline is wanted
  std::optional<Epoch> epoch_;
  StageTable stages_;
  StageState* target_ = nullptr;
  std::set<const StageState*> reachable_;
  llb::Deferred* context_output_ = nullptr;
  PathSet context_paths_;
};

}  // namespace

Epoch Epoch::from_seconds(std::int64_t seconds) { return {seconds, base::format_rfc3339(seconds * base::kSecond)}; }

ConvertResult convert(const ConvertOptions& options) {
  if (options.source->data->empty()) base::fail(base::Code::invalid_argument, "the Dockerfile cannot be empty");
  return Converter(options).convert();
}

}  // namespace dockerfile
