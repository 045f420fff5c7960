// SPDX-License-Identifier: Apache-2.0
// slipway lock: writes down what the names in a Dockerfile stand for now.
#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "cli/attached.h"
#include "cli/build_session.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/print_line.h"
#include "cli/source_locks.h"
#include "ops/git_source.h"
#include "ops/http_source.h"
#include "progress/display.h"
#include "progress/error_report.h"

namespace cli {
namespace {

/// What every stage of the Dockerfile stands on.
class SourceCollector {
 public:
  SourceCollector(BuildSession& session, const std::stop_token& stop)
      : session_(session),
        stop_(stop),
        now_(base::format_rfc3339(base::system_clock().now() / base::kSecond * base::kSecond)) {}

  std::vector<attest::LockEntry> collect() {
    for (const auto& stage : session_.stage_names(stop_)) {
      for (const auto& image : session_.plan(stage, stop_).images) add_sources(llb::parse(image.definition));
    }
    for (const auto& image : session_.services().pins.asked_images()) {
      const auto reference = oci::Reference::parse_if_valid(image.name);
      if (!reference || !reference->digest.empty() || image.kind != "docker-image") continue;
      add({"image", reference->tagged().str(), image.platform, image.digest, now_});
    }
    return std::move(entries_);
  }

 private:
  void add(attest::LockEntry entry) {
    const bool known = std::any_of(entries_.begin(), entries_.end(),
                                   [&](const attest::LockEntry& other) { return other.key() == entry.key(); });
    if (!known) entries_.push_back(std::move(entry));
  }

  void add_sources(const llb::Graph& graph) {
    for (const auto& vertex : graph.vertices) {
      if (!std::holds_alternative<llb::SourceOp>(vertex.op.kind)) continue;
      auto source = std::get<llb::SourceOp>(vertex.op.kind);
      session_.services().policy.apply(source, {vertex.op.platform, stop_});
      if (source.scheme() == "git") {
        const auto git = ops::GitSource::of(source);
        if (ops::is_commit_id(git.ref)) continue;  // pinned by the Dockerfile itself
        const auto locked = ops::locked(git, session_.services().lock);
        const auto revision = ops::resolve_git(locked, ops::git_cache(session_.services().store), stop_);
        add({"git", ops::lock_name(git), "", revision.commit, now_});
      } else if (source.scheme() == "http" || source.scheme() == "https") {
        if (!source.attr("http.checksum").empty()) continue;
        const auto fetched = ops::fetch_http(source, session_.services(), vertex.digest, stop_);
        add({"http", source.identifier, "", fetched.blob.digest.str(), now_});
      }
    }
  }

  BuildSession& session_;
  std::stop_token stop_;
  std::string now_;
  std::vector<attest::LockEntry> entries_;
};

/// "debian", "docker.io/library/debian:bookworm", part of a URL: what --update names.
bool is_named(const attest::LockEntry& entry, const std::string& name) {
  return entry.name.find(name) != std::string::npos;
}

std::vector<std::string> update_names(const LockOptions& options) {
  return options.update.empty() || options.update == "*" ? std::vector<std::string>()
                                                         : base::split(options.update, ',');
}

/// The entries that are not to be looked up again.
attest::LockFile kept_entries(const attest::LockFile& lock, const LockOptions& options) {
  const auto names = update_names(options);
  attest::LockFile kept;
  for (const auto& entry : lock.entries) {
    const bool update = options.update == "*" || std::any_of(names.begin(), names.end(),
                                                             [&](const auto& name) { return is_named(entry, name); });
    if (!update) kept.entries.push_back(entry);
  }
  return kept;
}

void check_update_names(const attest::LockFile& lock, const LockOptions& options) {
  for (const auto& name : update_names(options)) {
    const bool known =
        std::any_of(lock.entries.begin(), lock.entries.end(), [&](const auto& entry) { return is_named(entry, name); });
    if (known) continue;
    base::Error error(base::Code::not_found, base::format("nothing in the lock file is named {}", name));
    error.set_hint("--update alone looks everything up again; names are matched in part");
    throw error;
  }
}

void print_change(const attest::LockChange& change) {
  const auto& [before, entry] = change;
  const std::string name = entry.kind + " " + entry.name + (entry.platform.empty() ? "" : " " + entry.platform);
  if (entry.pin.empty()) {
    print_line("- " + name);
  } else if (before.empty()) {
    print_line("+ " + name + " " + entry.pin);
  } else {
    print_line("~ " + name + "\n    " + before + "\n -> " + entry.pin);
  }
}

/// Of two images that a name stood for: when they were made, and which packages changed where both have a bill.
class ImageMoves {
 public:
  ImageMoves(House& house, const std::stop_token& stop) : house_(house), stop_(stop) {}

  void print(const attest::LockChange& change) {
    try {
      const Known before = look_at(change.entry, change.before);
      const Known now = look_at(change.entry, change.entry.pin);
      print_line("    created " + before.created + " -> " + now.created);
      if (!before.components || !now.components) return;
      const auto changes = attest::compare_bills(*before.components, *now.components);
      for (const auto& package : changes) print_line("    " + attest::format_change(package));
      if (changes.empty()) print_line("    the same packages");
    } catch (const base::Error& error) {
      print_line("    what changed in it is not known: " + error.text());
    }
  }

 private:
  struct Known {
    std::string created;
    std::optional<attest::Components> components;
  };

  Known look_at(const attest::LockEntry& entry, const std::string& pin) {
    auto reference = oci::Reference::parse(entry.name);
    reference.digest = base::Digest::parse_or_throw(pin);
    const auto repository = house_.registry().repository(reference);
    const auto root = repository->resolve(pin, stop_);
    const auto platform = oci::parse_platform(entry.platform);
    const auto image = oci::resolve_image(*repository, root, oci::PlatformMatcher::runs_on(platform), stop_);
    Known known;
    known.created = image.config.created.empty() ? "at no known time" : image.config.created;
    known.components =
        billed_components(attached_statements(*repository, root, image.manifest_descriptor.digest, stop_));
    return known;
  }

  House& house_;
  std::stop_token stop_;
};

}  // namespace

int run_lock(const std::string& root, const LockOptions& options) {
  const Interrupt interrupt;
  const auto display = progress::start_display({});
  try {
    BuildOptions build = options.build;
    build.no_lock = true;  // put in place below, without what is to be looked up again
    BuildSession session(root, build, *display);
    const std::string path = session.lock_path();
    if (path.empty()) {
      base::fail(base::Code::invalid_argument,
                 "a lock file lies beside a Dockerfile of this machine, and there is none");
    }
    attest::LockFile before;
    if (const auto text = read_lock(path)) before = attest::parse_lock(*text, path);
    check_update_names(before, options);
    session.use_lock(to_source_lock(kept_entries(before, options), path, ops::SourceLock::Mode::use, ""));
    const auto now = attest::merge_locks(before, SourceCollector(session, interrupt.token()).collect());
    display->finish();
    const auto changes = attest::compare_locks(before, now);
    ImageMoves moves(session.house(), interrupt.token());
    for (const auto& change : changes) {
      print_change(change);
      const bool moved = !change.before.empty() && !change.entry.pin.empty();
      if (change.entry.kind == "image" && moved && !options.build.offline) moves.print(change);
    }
    if (options.check) return changes.empty() ? 0 : kFindings;
    if (!changes.empty() || !base::exists(path))
      base::write_file_atomic(path, attest::format_lock(now), base::Durable::yes);
    return 0;
  } catch (const base::Error& error) {
    display->finish();
    std::fputs(display->error_report(error).c_str(), stderr);
    return error.is_refusal() ? kGateRefused : kFailed;
  }
}

}  // namespace cli
