// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <memory>

#include "base/error.h"
#include "base/format.h"
#include "base/strings.h"
#include "cli/options.h"
#include "output/compatibility.h"

namespace cli {
namespace {

constexpr const char* kAbout =
    "Builds container images from Dockerfiles: no daemon, stages in parallel, a cache that tells the truth.";

/// An option that may be repeated, each time with exactly one value (CLI11 would swallow what follows).
CLI::Option* repeated(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                      const std::string& help) {
  return app.add_option(names, values, help)->take_all()->allow_extra_args(false)->expected(1);
}

/// Flags of docker build and buildah that have no effect here: taken, and noted.
void add_ignored(CLI::App& app, std::vector<std::string>& notes) {
  const auto note = [&notes](const std::string& flag) {
    notes.push_back(flag + " has no effect here and was ignored");
  };
  for (const std::string name : {"--rm", "--force-rm", "--compress", "--disable-compression", "-D,--debug"}) {
    app.add_flag_function(name, [note, name](std::int64_t) { note(name); }, "accepted, no effect")->group("");
  }
  for (const char* flag : {"--builder", "--isolation", "--memory-swap", "--cpu-period", "--cpu-quota", "--cpu-shares",
                           "--cpuset-cpus", "--cpuset-mems", "--security-opt", "--format"}) {
    app.add_option_function<std::string>(
           flag, [note, flag](const std::string&) { note(flag); }, "accepted, no effect")
        ->group("");
  }
}

void add_policy_flag(CLI::App& app, BuildOptions& options) {
  repeated(app, "--source-policy,--source-policy-file", options.source_policies,
           "Rules about images, repositories and downloads, as JSON (docs/accounting.md)");
  app.add_option("--signature-policy", options.signature_policy,
                 "A policy.json (as podman's): which images may be used, and with whose signature");
}

/// As Go's strconv.ParseBool reads it.
bool read_bool(const std::string& field, std::string_view value) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (value == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (value == no) return false;
  }
  throw CLI::ValidationError("--policy", field + ": it takes true or false");
}

void read_policy_choice(const std::string& text, BuildOptions& options) {
  PolicyChoice choice;
  for (const auto& field : base::split_csv(text)) {
    const auto pair = base::cut(field, "=").value_or(std::pair<std::string_view, std::string_view>{field, ""});
    const std::string key = base::lower(base::trim(pair.first));
    const std::string value(pair.second);
    if (key == "filename" && !value.empty()) {
      choice.files.push_back(value);
    } else if (key == "reset") {
      choice.reset = read_bool(field, value);
    } else if (key == "disabled") {
      choice.disabled = read_bool(field, value);
    } else if (key == "strict") {
      choice.strict = read_bool(field, value);
      choice.has_strict = true;
    } else if (key == "log-level") {
      const auto levels = {"panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"};
      if (std::find(levels.begin(), levels.end(), base::lower(value)) == levels.end()) {
        throw CLI::ValidationError("--policy", field + ": it takes error, warn, info or debug");
      }
      choice.log_level = base::lower(value);
    } else {
      throw CLI::ValidationError("--policy", field + ": it takes filename=, reset=, disabled=, strict= and log-level=");
    }
  }
  const bool says_more = choice.reset || choice.has_strict || !choice.log_level.empty() || !choice.files.empty();
  const bool was_disabled = !options.policies.empty() && options.policies.back().disabled;
  if ((choice.disabled && (says_more || !options.policies.empty())) || was_disabled) {
    throw CLI::ValidationError("--policy", "disabled=true stands alone");
  }
  options.policies.push_back(std::move(choice));
}

void add_rego_flag(CLI::App& app, BuildOptions& options) {
  app.add_option_function<std::vector<std::string>>(
         "--policy",
         [&options](const std::vector<std::string>& texts) {
           for (const auto& text : texts) read_policy_choice(text, options);
         },
         "Policies in Rego beside Dockerfile.rego: filename=FILE[,…]; reset=true, disabled=true, log-level=LEVEL "
         "(docs/accounting.md)")
      ->take_all()
      ->allow_extra_args(false)
      ->expected(1);
}

void add_gate_flags(CLI::App& app, BuildOptions& options) {
  repeated(
      app, "--gate", options.gates,
      "What the image must be: non-root, max-size=SIZE, forbid-package=NAME, forbid-license=LICENCE, licensed, "
      "no-build-tools, no-setuid, no-secrets, pinned-bases, signed-bases=KEY, checked[=RULES] (docs/accounting.md)");
  app.add_option("--gate-report", options.gate_report, "File for what the gates found: .json or .sarif");
}

void add_output_flags(CLI::App& app, BuildOptions& options) {
  repeated(app, "-o,--output", options.outputs, "Destination: type=oci|docker|tar|local|cacheonly,dest=PATH,…");
  repeated(app, "-t,--tag", options.tags, "Name of the image; [NAME=STAGE] for several targets");
  app.add_flag("--push", options.push, "Push to the registry (-o type=registry)");
  app.add_flag("--load", options.load, "Keep the image in slipway's own store (as -t does)");
  app.add_option("--iidfile", options.iidfile, "Write the image id to this file");
  app.add_option("--metadata-file", options.metadata_file, "Write what was built, as JSON, to this file");
  app.add_flag("--sizes", options.sizes, "Say where the image's bytes are, and what stayed behind in other stages");
  app.add_flag("--reproducible", options.reproducible,
               "Times of files and of the image from SOURCE_DATE_EPOCH, else from the context's last commit");
  app.add_option_function<std::string>(
         "--compatibility-version",
         [&options](const std::string& text) {
           try {
             options.compatibility_version = output::parse_compatibility_version(text);
           } catch (const base::Error& error) {
             throw CLI::ValidationError("--compatibility-version", error.text());
           }
         },
         "Defaults of images as BuildKit had them: 10 (v0.13), 20 (v0.15) or 30 (docs/outputs.md)")
      ->default_str("30");
  app.add_flag("--squash{final}", options.squash,
               "Join layers: --squash=final those of this build, =all the base's too");
  // buildah's --layers without a value means what is always so here.
  app.add_flag("--layers{}", options.layers, "--layers=max:N: at most N layers in the image");
  repeated(app, "--annotation", options.annotations, "[TYPE:]KEY=VALUE for the manifest or index");
  repeated(app, "--label", options.labels, "KEY=VALUE for the image");
  add_rego_flag(app, options);
  add_gate_flags(app, options);
  app.add_option("--sign", options.sign_key, "Private key (PEM): sign what is pushed, as cosign does");
  repeated(app, "--attest", options.attests, "Attestation: type=sbom|provenance,…");
  app.add_option("--sbom", options.sbom, "Short for --attest=type=sbom")->expected(0, 1)->default_str("true");
  app.add_option("--provenance", options.provenance, "Short for --attest=type=provenance")
      ->expected(0, 1)
      ->default_str("true");
}

void add_input_flags(CLI::App& app, BuildOptions& options) {
  app.add_option("context", options.context, "Context: directory, URL, git repository, or - for standard input");
  app.add_option("-f,--file", options.file, "Dockerfile (default: Dockerfile in the context), - for standard input");
  repeated(app, "--build-arg", options.build_args, "NAME=VALUE for an ARG; NAME alone takes it from the environment");
  repeated(app, "--build-context", options.build_contexts,
           "NAME=SOURCE: directory, docker-image://…, oci-layout://DIR:TAG, git or https URL");
  repeated(app, "--target", options.targets, "Stage to build (default: the last)");
  repeated(app, "--platform", options.platforms, "OS/ARCH[/VARIANT], comma-separated");
  repeated(app, "--secret", options.secrets, "id=ID[,src=FILE|,env=NAME]");
  app.add_option("--secret-leak", options.secret_leak, "A secret's value in a layer: warn (default) or error")
      ->check(CLI::IsMember({"warn", "error"}));
  repeated(app, "--ssh", options.ssh, "ID[=SOCKET|KEY[,KEY]]");
}

void add_run_flags(CLI::App& app, BuildOptions& options) {
  app.add_option("--network", options.network, "Network of RUN: default, none or host");
  app.add_flag("--proxy-network", options.proxy_network,
               "RUN reaches the network through a proxy alone, which records what it fetches for the provenance");
  repeated(app, "--add-host", options.add_hosts, "HOST:IP for /etc/hosts in RUN");
  repeated(app, "--ulimit", options.ulimits, "NAME=SOFT[:HARD]");
  app.add_option("--shm-size", options.shm_size, "Size of /dev/shm");
  app.add_option("--cgroup-parent", options.cgroup_parent, "Parent cgroup of RUN");
  repeated(app, "--resource", options.resources, "Limit of a step: memory=…, cpu-shares=…");
  app.add_option("--on-failure", options.on_failure, "shell: enter the step that failed, as it stands")
      ->check(CLI::IsMember({"shell"}));
  repeated(app, "--allow", options.allow, "Entitlement: network.host, security.insecure");
}

void add_cache_flags(CLI::App& app, BuildOptions& options) {
  app.add_flag("--no-cache", options.no_cache, "Run every step again");
  repeated(app, "--no-cache-filter", options.no_cache_filters, "Stages that run again");
  repeated(app, "--cache-from", options.cache_from, "Cache to import");
  repeated(app, "--cache-to", options.cache_to, "Where to export the cache");
  app.add_flag("--pull", options.pull, "Always ask the registry for newer images");
  app.add_flag("--offline", options.offline, "Never touch the network");
  add_policy_flag(app, options);
  app.add_flag("--locked", options.locked, "Use nothing but what the lock file beside the Dockerfile pins");
  app.add_flag("--no-lock", options.no_lock, "Build as if there were no lock file");
  app.add_option("--cache-max", options.cache_max,
                 "Keep the store within this size, such as 20GB (also SLIPWAY_CACHE_MAX)");
  app.add_flag("--reversed-directories", options.reversed_directories, "What reproduce builds with")->group("");
  app.add_flag("--paranoid", options.paranoid, "Read every file of the context, whatever its times say");
}

void add_build_flags(CLI::App& app, BuildOptions& options, std::vector<std::string>& notes) {
  add_input_flags(app, options);
  add_output_flags(app, options);
  add_run_flags(app, options);
  add_cache_flags(app, options);
  app.add_option("--progress", options.progress, "auto, tty, plain, quiet, none or rawjson");
  app.add_flag("-q,--quiet", options.quiet, "Print nothing but the image id");
  app.add_option("--call", options.call,
                 "build, check, outline, targets or subrequests.describe; with ,format=json as JSON");
  app.add_flag("--check", options.check, "Check the Dockerfile without building (--call=check)");
  app.add_option("--snapshot-driver", options.driver, "overlay, fuse or native (default: what works here)");
  add_ignored(app, notes);
}

/// Declares one subcommand whose options live in `Options` and become the invocation's command.
template <typename Options>
void subcommand(CLI::App& app, Invocation& invocation, const std::string& name, const std::string& help,
                const std::function<void(CLI::App&, Options&)>& declare) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(name, help);
  declare(*command, *options);
  command->callback([&invocation, options] { invocation.command = *options; });
}

void declare_image_commands(CLI::App& app, Invocation& invocation) {
  subcommand<ImagesOptions>(app, invocation, "images", "List images", [](CLI::App& c, ImagesOptions& o) {
    c.add_flag("--json", o.json, "One JSON object a line");
    c.add_flag("-q,--quiet", o.quiet, "Only the ids");
  });
  subcommand<InspectOptions>(
      app, invocation, "inspect", "Show an image's manifest and config", [](CLI::App& c, InspectOptions& o) {
        c.add_option("image", o.image, "Name or id")->required();
        c.add_flag("--config", o.raw_config, "Only the config, byte for byte");
        c.add_flag("--attestations", o.attestations, "The statements attached to it, one a line");
      });
  subcommand<HistoryOptions>(app, invocation, "history", "Show how an image was made",
                             [](CLI::App& c, HistoryOptions& o) {
                               c.add_option("image", o.image, "Name or id")->required();
                               c.add_flag("--json", o.json, "One JSON object a line");
                               c.add_flag("--no-trunc", o.full, "Whole lines");
                             });
  subcommand<ImportOptions>(
      app, invocation, "import", "Make an image of a root filesystem archive", [](CLI::App& c, ImportOptions& o) {
        c.add_option("tar", o.tar, "Archive (tar, also compressed), - for standard input")->required();
        c.add_option("name", o.name, "Name of the image")->required();
        c.add_option("--platform", o.platform, "OS/ARCH[/VARIANT] (default: this machine's)");
        c.add_option("-m,--message", o.message, "Comment in the history");
        repeated(c, "-c,--change", o.changes,
                 "Dockerfile instruction to apply: ENV, CMD, ENTRYPOINT, USER, WORKDIR, LABEL …");
      });
  subcommand<SaveOptions>(app, invocation, "save", "Write images to an archive", [](CLI::App& c, SaveOptions& o) {
    c.add_option("images", o.images, "Names or ids")->required();
    c.add_option("-o,--output", o.output, "File (default: standard output)");
    c.add_option("--format", o.format, "docker or oci")->check(CLI::IsMember({"docker", "oci"}));
  });
  subcommand<LoadOptions>(app, invocation, "load", "Read images from an archive", [](CLI::App& c, LoadOptions& o) {
    c.add_option("-i,--input", o.input, "File (default: standard input)");
  });
  subcommand<PullOptions>(app, invocation, "pull", "Fetch an image from a registry", [](CLI::App& c, PullOptions& o) {
    c.add_option("image", o.image, "Reference")->required();
    c.add_option("--platform", o.platform, "OS/ARCH[/VARIANT]");
  });
  subcommand<PushOptions>(app, invocation, "push", "Send an image to a registry", [](CLI::App& c, PushOptions& o) {
    c.add_option("image", o.image, "Name or id")->required();
    c.add_option("target", o.target, "Reference to push it as (default: its name)");
  });
  subcommand<LoginOptions>(
      app, invocation, "login", "Keep a user name and password for a registry, once it takes them",
      [](CLI::App& c, LoginOptions& o) {
        c.add_option("registry", o.registry, "Host, or host:port (default: docker.io)");
        c.add_option("-u,--username", o.username, "User name");
        auto* word = c.add_option("-p,--password", o.password,
                                  "Password: anybody on this machine can see it on the command line");
        c.add_flag("--password-stdin", o.password_stdin, "Read the password from standard input")->excludes(word);
      });
  subcommand<LogoutOptions>(app, invocation, "logout", "Forget the password for a registry",
                            [](CLI::App& c, LogoutOptions& o) {
                              c.add_option("registry", o.registry, "Host, or host:port (default: docker.io)");
                            });
  subcommand<TagOptions>(app, invocation, "tag", "Give an image another name", [](CLI::App& c, TagOptions& o) {
    c.add_option("image", o.image, "Name or id")->required();
    c.add_option("name", o.name, "New name")->required();
  });
  subcommand<RemoveImageOptions>(app, invocation, "rmi", "Remove images", [](CLI::App& c, RemoveImageOptions& o) {
    c.add_option("images", o.images, "Names or ids")->required();
  });
}

void declare_verify(CLI::App& app, VerifyOptions& options) {
  app.add_option("image", options.image, "Reference")->required();
  auto* who = app.add_option_group("trust", "Who is trusted");
  auto* key = who->add_option("--key", options.key, "Public key (PEM)");
  auto* roots = who->add_option("--ca-roots", options.roots, "Certificates (PEM) that the signer's must lead to");
  who->require_option(1);
  const auto with_roots = [&](const char* flag, std::string& value, const char* help) {
    return app.add_option(flag, value, help)->needs(roots)->excludes(key);
  };
  with_roots("--ca-intermediates", options.intermediates, "Certificates between them (PEM)");
  auto* identity = with_roots("--certificate-identity", options.identity,
                              "Mail address, URI or DNS name in the signer's certificate");
  roots->needs(identity);
  with_roots("--certificate-oidc-issuer", options.issuer, "Who vouched for the identity, as Fulcio notes it");
  app.add_option("--log-key,--rekor-key", options.log_key,
                 "Public key (PEM) of a transparency log; signatures without its entry do not count");
}

void declare_store_commands(CLI::App& app, Invocation& invocation) {
  subcommand<DiskUsageOptions>(app, invocation, "du", "Show what the store holds", [](CLI::App&, DiskUsageOptions&) {});
  subcommand<PruneOptions>(
      app, invocation, "prune", "Remove what nothing needs; with --all the whole build cache",
      [](CLI::App& c, PruneOptions& o) {
        c.add_flag("-a,--all", o.all, "Every step, layer and blob that no image needs");
        c.add_option("--keep,--keep-storage,--max-used-space", o.keep, "Size of the cache that may stay, such as 5GB");
        repeated(c, "--filter", o.filters, "until=24h: only what was not used for that long");
        c.add_flag_function("-f,--force", [](std::int64_t) {}, "Accepted: there is no question to answer")->group("");
      });
  subcommand<EvictOptions>(app, invocation, "gc", "Keep the cache within a size: the cheapest to have again goes first",
                           [](CLI::App& c, EvictOptions& o) {
                             c.add_option("--cache-max", o.cache_max,
                                          "Size, such as 20GB (default: SLIPWAY_CACHE_MAX)");
                             c.add_flag("--explain", o.explain, "Say what goes and what stays, in order, and why");
                             c.add_flag("-n,--dry-run", o.dry_run, "Remove nothing");
                             c.add_flag("--json", o.json, "As JSON");
                           });
  subcommand<WhyOptions>(app, invocation, "why", "Say why the steps of a build ran", [](CLI::App& c, WhyOptions& o) {
    c.add_option("step", o.step,
                 "Part of a step's title, or its line in the Dockerfile (default: every step that ran)");
    c.add_option("--build", o.build, "Id of a past build, or its beginning (default: the last)");
    c.add_flag("--json", o.json, "As JSON");
  });
  subcommand<BuildsOptions>(app, invocation, "builds", "List past builds",
                            [](CLI::App& c, BuildsOptions& o) { c.add_flag("--json", o.json, "As JSON"); });
  subcommand<SizesOptions>(app, invocation, "sizes",
                           "Say where the bytes of an image are: layers, largest files, waste",
                           [](CLI::App& c, SizesOptions& o) {
                             c.add_option("image", o.image, "Name; pulled when it is not there")->required();
                             c.add_option("--platform", o.platform, "OS/ARCH[/VARIANT]");
                             c.add_flag("--json", o.json, "As JSON");
                             c.add_flag("--offline", o.offline, "Never touch the network");
                           });
  subcommand<ReproduceOptions>(app, invocation, "reproduce",
                               "Build twice, in different environments, and say what differs and why",
                               [&](CLI::App& c, ReproduceOptions& o) {
                                 add_build_flags(c, o.build, invocation.notes);
                                 c.add_option("--of", o.of, "Build once, and compare with this image");
                                 c.add_flag("--as-is", o.as_is, "Keep the times of files (without --reproducible)");
                                 c.add_flag("--json", o.json, "As JSON");
                               });
  subcommand<SignOptions>(
      app, invocation, "sign", "Sign an image in a registry, as cosign does", [](CLI::App& c, SignOptions& o) {
        c.add_option("image", o.image, "Reference")->required();
        c.add_option("--key", o.key, "Private key (PEM; passphrase in SLIPWAY_KEY_PASSPHRASE)")->required();
      });
  subcommand<VerifyOptions>(app, invocation, "verify",
                            "Say whether an image is signed by who is trusted; exit code 3 when not", declare_verify);
  subcommand<GateOptions>(app, invocation, "gate", "Say whether an image may pass; exit code 3 when not",
                          [](CLI::App& c, GateOptions& o) {
                            c.add_option("image", o.image, "Name; pulled when it is not there")->required();
                            add_gate_flags(c, o.build);
                            c.add_option("--platform", o.platform, "OS/ARCH[/VARIANT]");
                            c.add_flag("--offline", o.build.offline, "Never touch the network");
                          });
  subcommand<SbomOptions>(
      app, invocation, "sbom", "List the packages of an image, with their licences", [](CLI::App& c, SbomOptions& o) {
        c.add_option("image", o.image, "Name; pulled when it is not there")->required();
        c.add_option("--format", o.format, "table (default), spdx (2.3) or cyclonedx (1.5), as JSON")
            ->check(CLI::IsMember({"table", "spdx", "cyclonedx"}));
        c.add_option("--diff", o.compare_with, "Another image: say what is added, removed and changed since that one");
        c.add_option("--platform", o.platform, "OS/ARCH[/VARIANT]");
        c.add_flag("--offline", o.offline, "Never touch the network");
      });
  subcommand<ShellOptions>(
      app, invocation, "shell", "Enter a step of a past build: its filesystem, user, environment, mounts and secrets",
      [](CLI::App& c, ShellOptions& o) {
        c.add_option("step", o.step,
                     "Part of a step's title, or its line in the Dockerfile (default: the step that failed)");
        c.add_option("--build", o.build, "Id of a past build, or its beginning (default: the last)");
        c.add_option("--at", o.at, "start or end of the step (default: end; a step that failed runs again for it)")
            ->check(CLI::IsMember({"start", "end"}));
        c.add_option("-c,--command", o.command, "Run this in the step's shell instead of standing in it");
        c.add_flag("--continue", o.proceed,
                   "When the shell ends with 0, take what it left as the step's outcome and go on with the build");
      });
  subcommand<DoctorOptions>(app, invocation, "doctor", "Say what works on this machine and what opens the rest",
                            [](CLI::App& c, DoctorOptions& o) {
                              c.add_flag("--json", o.json, "As JSON");
                              c.add_flag("--store", o.store, "Look whether the store is whole (reads every blob)");
                            });
  subcommand<VersionOptions>(app, invocation, "version", "Print the version", [](CLI::App&, VersionOptions&) {});
}

void declare(CLI::App& app, Invocation& invocation) {
  app.require_subcommand(1);
  app.add_option("--root", invocation.root, "State directory (default: /var/lib/slipway, or below $XDG_DATA_HOME)");
  subcommand<BuildOptions>(app, invocation, "build", "Build an image from a Dockerfile",
                           [&](CLI::App& c, BuildOptions& o) {
                             add_build_flags(c, o, invocation.notes);
                             c.alias("b");
                           });
  subcommand<GraphOptions>(app, invocation, "graph", "Show the build graph without building",
                           [&](CLI::App& c, GraphOptions& o) {
                             add_build_flags(c, o.build, invocation.notes);
                             c.add_option("--as", o.format, "text or dot")->check(CLI::IsMember({"text", "dot"}));
                           });
  subcommand<CheckOptions>(
      app, invocation, "check", "Check a Dockerfile without building it (docs/checks has the rules)",
      [](CLI::App& c, CheckOptions& o) {
        add_input_flags(c, o.build);
        c.add_option("--rules", o.rules,
                     "Rules by name, or buildkit, practice, all; comma-separated (default: buildkit)");
        c.add_option("--skip", o.skip, "Rules to leave out, comma-separated");
        c.add_option("--format", o.format, "text, json or sarif")->check(CLI::IsMember({"text", "json", "sarif"}));
        c.add_flag("--offline", o.build.offline, "Never touch the network");
      });
  subcommand<LockOptions>(
      app, invocation, "lock", "Write down what images, repositories and downloads of a Dockerfile stand for",
      [](CLI::App& c, LockOptions& o) {
        add_input_flags(c, o.build);
        add_policy_flag(c, o.build);
        c.add_flag("--update{*}", o.update,
                   "Look everything up again; --update=NAME[,NAME]: what has this in its name");
        c.add_flag("--check", o.check, "Write nothing; exit with 1 when the file is not up to date");
        c.add_flag("--offline", o.build.offline, "Never touch the network");
      });
  subcommand<PolicyOptions>(app, invocation, "policy", "Try a policy in Rego without a build (docs/accounting.md)",
                            [](CLI::App& c, PolicyOptions& o) {
                              c.add_option("action", o.action, "eval SOURCE, test PATH or json-schema")
                                  ->required()
                                  ->check(CLI::IsMember({"eval", "test", "json-schema"}));
                              c.add_option("subject", o.subject,
                                           "docker-image://…, URL, repository or path; for test: *_test.rego");
                              c.add_option("-f,--file", o.file, "eval: FILE.rego is asked; -: standard input");
                              c.add_flag("--print", o.print, "eval: print the input instead");
                              repeated(c, "--fields", o.fields, "eval --print: fields to look up, comma-separated");
                              c.add_option("--platform", o.platform, "eval: of an image");
                              c.add_option("--filename", o.filename, "test: FILE.rego is tested");
                              c.add_option("--run", o.run, "test: only tests with this in their names");
                              c.add_flag("--offline", o.offline, "Never touch the network");
                            });
  declare_image_commands(app, invocation);
  declare_store_commands(app, invocation);
}

}  // namespace

Invocation parse_command_line(const std::vector<std::string>& args) {
  Invocation invocation;
  CLI::App app(kAbout, "slipway");
  declare(app, invocation);
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    invocation.command = PrintAndExit{chosen.empty() ? app.help() : chosen.front()->help(), 0};
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    const std::string help = chosen.empty() ? "slipway" : "slipway " + chosen.front()->get_name();
    invocation.command = PrintAndExit{base::format("slipway: {}\nsee '{} --help'\n", error.what(), help), 2};
  }
  if (auto* build = std::get_if<BuildOptions>(&invocation.command)) build->arguments = args;
  if (auto* reproduce = std::get_if<ReproduceOptions>(&invocation.command)) {
    const auto command = std::find(args.begin(), args.end(), "reproduce");
    for (auto arg = command + 1; arg < args.end(); ++arg) {
      if (*arg == "--of" && arg + 1 < args.end())
        ++arg;
      else if (*arg != "--as-is" && *arg != "--json" && !arg->starts_with("--of="))
        reproduce->arguments.push_back(*arg);
    }
  }
  return invocation;
}

}  // namespace cli
