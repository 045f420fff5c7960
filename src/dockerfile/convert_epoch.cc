// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/convert_epoch.h"

#include <algorithm>

#include "base/strings.h"
#include "base/time.h"
#include "base/unicode.h"
#include "dockerfile/convert_sources.h"
#include "dockerfile/git_ref.h"
#include "llb/attr.h"

namespace dockerfile {

namespace {

constexpr std::size_t kTarBlock = 512;

struct DatedSource {
  llb::State state;
  std::string log_name;
};

[[noreturn]] void invalid(std::string_view text) { base::fail(base::Code::invalid_argument, "{}", text); }

/// A stage that is nothing but one remote ADD, so that it can be dated without being built.
class SourceStage {
 public:
  SourceStage(const Stage& stage, const EpochInputs& inputs)
      : stage_(stage), inputs_(inputs), args_(inputs.global_args) {
    args_.erase("SOURCE_DATE_EPOCH");
  }

  llb::State source() {
    const auto base = base::with_context([&] { return expanded(stage_.base_name); },
                                         "failed to process source stage base name {}", base::quote(stage_.base_name));
    if (base != kScratch) invalid("SOURCE_DATE_EPOCH stage must use FROM scratch");
    std::optional<llb::State> found;
    for (const auto& command : stage_.commands) {
      if (const auto* arg = std::get_if<ArgCommand>(&command)) {
        take_args(*arg);
      } else if (const auto* add = std::get_if<AddCommand>(&command)) {
        if (found) invalid("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD");
        found = add_source(*add);
      } else {
        invalid("SOURCE_DATE_EPOCH stage does not meet source-only requirements: unsupported " + base_of(command).name +
                " instruction");
      }
    }
    if (!found) invalid("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD");
    return *found;
  }

 private:
  std::string expanded(const std::string& word) const { return inputs_.shell.expand(word, args_).text; }

  void take_args(const ArgCommand& command) {
    for (const auto& arg : command.args) {
      if (const auto given = inputs_.build_args.find(arg.key); given != inputs_.build_args.end()) {
        args_.set(arg.key, given->second);
      } else if (arg.value) {
        args_.set(arg.key, expanded(*arg.value));
      }
    }
  }

  llb::State add_source(const AddCommand& add) const {
    if (!add.sources.contents.empty() || add.sources.paths.size() != 1) {
      invalid("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD source");
    }
    const auto address = expanded(add.sources.paths.front());
    auto& builder = inputs_.client.builder();
    if (is_http_source(address)) {
      llb::HttpOptions options;
      if (!add.checksum.empty()) options.checksum = checked_digest(expanded(add.checksum));
      options.filename = url_file_name(address);
      return builder.http(address, std::move(options));
    }
    const auto parsed = parse_git_ref(address);
    if (parsed.error && parsed.is_git) throw base::Error(*parsed.error);
    if (!parsed.ref || parsed.ref->indistinguishable_from_local) {
      invalid("SOURCE_DATE_EPOCH stage source must be a single HTTP(S) or Git ADD");
    }
    const auto& ref = *parsed.ref;
    llb::GitOptions options;
    options.ref = ref.ref;
    options.keep_git_dir = add.keep_git_dir.value_or(false) || ref.keep_git_dir.value_or(false);
    options.checksum = add.checksum.empty() ? ref.checksum : expanded(add.checksum);
    options.subdir = ref.subdir;
    options.skip_submodules = ref.submodules == false;
    return builder.git(ref.remote, std::move(options));
  }

  const Stage& stage_;
  const EpochInputs& inputs_;
  ArgList args_;
};

DatedSource find_source(const std::string& value, const EpochInputs& inputs) {
  if (value == "context") {
    return {inputs.client.main_context({}), "[internal] resolve main build context metadata"};
  }
  if (auto context = inputs.client.named_context(value, {})) {
    return {context->load().state, "[internal] resolve SOURCE_DATE_EPOCH named context " + value};
  }
  for (const auto& stage : inputs.stages) {
    if (!base::equal_fold(stage.name, value)) continue;
    auto state = with_location(stage.location, [&] { return SourceStage(stage, inputs).source(); });
    return {std::move(state), "[internal] resolve SOURCE_DATE_EPOCH source stage " + stage.name};
  }
  invalid("invalid SOURCE_DATE_EPOCH: " + value);
}

/// The one source op of a definition; nothing when there is none or several.
std::optional<llb::SourceOp> only_source(const llb::Definition& definition) {
  std::optional<llb::SourceOp> found;
  for (const auto& bytes : definition.ops) {
    auto op = llb::unmarshal(bytes);
    auto* source = std::get_if<llb::SourceOp>(&op.kind);
    if (source == nullptr) continue;
    if (found) return std::nullopt;
    found = std::move(*source);
  }
  return found;
}

std::optional<Epoch> date_of(const DatedSource& from, ContextClient& client) {
  const auto source = only_source(from.state.marshal());
  if (!source) return std::nullopt;
  ResolveOptions ask;
  ask.log_name = from.log_name;
  ask.return_git_object = source->scheme() == "git";
  const auto meta = client.resolver().resolve_source(*source, ask);
  if (meta.git && !meta.git->commit_object.empty()) return commit_time(meta.git->commit_object);
  if (meta.http && meta.http->last_modified) return Epoch::from_seconds(*meta.http->last_modified);
  const auto filename = source->attr(llb::attr::kHttpFilename);
  if (!source->scheme().starts_with("http") || filename.empty()) return std::nullopt;
  const auto download = client.builder().source(source->identifier, source->attrs, {});
  return latest_in_tar(client.solve(download.marshal())->read_file(filename));
}

std::int64_t octal_field(std::string_view field) {
  return base::parse_int(base::trim(field, std::string_view(" \0", 2)), 8).value_or(-1);
}

}  // namespace

std::optional<Epoch> resolve_epoch(const std::string& value, const EpochInputs& inputs) {
  if (value.empty()) return std::nullopt;
  const auto digits = std::string_view(value).substr(value.starts_with('+') ? 1 : 0);
  if (const auto seconds = base::parse_int(digits)) return Epoch::from_seconds(*seconds);
  return date_of(find_source(value, inputs), inputs.client);
}

Epoch commit_time(std::string_view object) {
  // "committer NAME <MAIL> SECONDS ZONE" in the header, which ends at the first empty line.
  for (const auto& line : base::split(object.substr(0, object.find("\n\n")), '\n')) {
    if (!line.starts_with("committer ")) continue;
    const auto end = line.rfind('>');
    if (end == std::string::npos) break;
    const auto words = base::split(base::trim(std::string_view(line).substr(end + 1)), ' ');
    const auto seconds = base::parse_int(words.front());
    if (!seconds || words.size() != 2 || words[1].size() != 5) break;
    const auto& zone = words[1];
    const auto hours = base::parse_int(zone.substr(1, 2));
    const auto minutes = base::parse_int(zone.substr(3, 2));
    if (!hours || !minutes) break;
    const auto offset = (*hours * 3600 + *minutes * 60) * (zone.front() == '-' ? -1 : 1);
    auto epoch = Epoch::from_seconds(*seconds);
    if (offset != 0) {
      epoch.text = Epoch::from_seconds(*seconds + offset).text;
      epoch.text.back() = zone.front();
      epoch.text += zone.substr(1, 2) + ":" + zone.substr(3, 2);
    }
    return epoch;
  }
  base::fail(base::Code::invalid_argument, "reading the commit's date: no committer line with a time");
}

std::optional<Epoch> latest_in_tar(std::string_view tar) {
  if (!looks_like_archive(tar)) return std::nullopt;
  std::optional<std::int64_t> latest;
  for (std::size_t at = 0; at + kTarBlock <= tar.size();) {
    const auto header = tar.substr(at, kTarBlock);
    if (header.find_first_not_of('\0') == std::string_view::npos) break;
    const auto size = octal_field(header.substr(124, 12));
    const auto time = octal_field(header.substr(136, 12));
    if (size < 0 || static_cast<std::uint64_t>(size) > tar.size()) return std::nullopt;
    if (header[156] == '0' || header[156] == '\0') latest = std::max(latest.value_or(time), time);
    at += kTarBlock + (static_cast<std::size_t>(size) + kTarBlock - 1) / kTarBlock * kTarBlock;
  }
  if (!latest) return std::nullopt;
  return Epoch::from_seconds(*latest);
}

}  // namespace dockerfile
