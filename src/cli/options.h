// SPDX-License-Identifier: Apache-2.0
#pragma once
// The command line as plain structs. parse.cc is the one file that knows the flag parser.
//
// `slipway build` takes docker buildx build's flags with the same meaning and defaults; flags of
// docker and buildah that change nothing here are accepted and listed in `notes`.
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cli {

/// One --policy: of docker buildx's policies in Rego, which are asked, and how.
struct PolicyChoice {
  std::vector<std::string> files;
  bool reset = false;
  bool disabled = false;
  bool strict = false;  ///< always so here: there is no daemon that might not ask
  bool has_strict = false;
  std::string log_level;  ///< "" = as it was
};

struct BuildOptions {
  std::string context;  ///< directory, URL, git reference or "-"
  std::string file;     ///< -f; "-" = standard input
  std::vector<std::string> tags;
  std::vector<std::string> targets;
  std::vector<std::string> build_args;
  std::vector<std::string> build_contexts;
  std::vector<std::string> secrets;
  std::vector<std::string> ssh;
  std::vector<std::string> labels;
  std::vector<std::string> annotations;
  std::vector<std::string> platforms;
  std::vector<std::string> add_hosts;
  std::vector<std::string> ulimits;
  std::vector<std::string> no_cache_filters;
  std::vector<std::string> outputs;
  std::vector<std::string> cache_from;
  std::vector<std::string> cache_to;
  std::vector<std::string> attests;
  std::vector<std::string> allow;
  std::vector<std::string> resources;
  std::string network = "default";
  bool proxy_network = false;  ///< steps reach the network through a recording proxy alone
  std::string shm_size;
  std::string cgroup_parent;
  std::string call = "build";
  std::string iidfile;
  std::string metadata_file;
  std::string progress = "auto";
  std::string sbom;
  std::string provenance;
  std::string squash;                  ///< "", final or all
  std::string layers;                  ///< "" or max:N
  std::vector<std::string> gates;      ///< rules that the image must keep
  std::string gate_report;             ///< file for what stood in its way
  bool sizes = false;                  ///< say where the image's bytes are
  std::string sign_key;                ///< private key: sign what is pushed
  std::string secret_leak = "warn";    ///< what a secret's value in a layer is: warn or error
  std::string on_failure;              ///< "" or shell: enter the step that failed
  std::vector<std::string> arguments;  ///< the command line as it was given
  std::string driver;                  ///< snapshot driver: "", overlay, fuse or native
  bool no_cache = false;
  bool pull = false;
  bool push = false;
  bool load = false;
  bool check = false;
  bool quiet = false;
  bool offline = false;
  std::vector<std::string> source_policies;  ///< files of rules about sources
  std::vector<PolicyChoice> policies;        ///< --policy, in order
  bool reversed_directories = false;         ///< of `reproduce`: steps see directories in another order
  std::string cache_max;                     ///< size that the store is kept within; "" = no limit
  std::string signature_policy;              ///< a policy.json that images are held to; "" = none
  bool locked = false;                       ///< only what the lock file pins
  bool no_lock = false;                      ///< as if there were no lock file
  int compatibility_version = 30;            ///< output/compatibility.h
  bool reproducible = false;  ///< fixed time, from git where there is none, in everything that is written
  bool paranoid = false;      ///< read every context file, whatever its times say
};

struct ImagesOptions {
  bool json = false;
  bool quiet = false;
};
struct InspectOptions {
  std::string image;
  bool raw_config = false;
  bool attestations = false;
};
struct HistoryOptions {
  std::string image;
  bool json = false;
  bool full = false;
};
struct ImportOptions {
  std::string tar;  ///< root filesystem archive, "-" = standard input
  std::string name;
  std::string platform;
  std::string message;
  std::vector<std::string> changes;  ///< Dockerfile lines: ENV, CMD, USER …
};
struct SaveOptions {
  std::vector<std::string> images;
  std::string output = "-";
  std::string format = "docker";
};
struct LoadOptions {
  std::string input = "-";
};
struct PushOptions {
  std::string image;
  std::string target;  ///< another name for the registry; "" = its own
};
struct LoginOptions {
  std::string registry;  ///< "" = docker.io
  std::string username;
  std::string password;
  bool password_stdin = false;
};
struct LogoutOptions {
  std::string registry;
};
struct PullOptions {
  std::string image;
  std::string platform;
};
struct TagOptions {
  std::string image;
  std::string name;
};
struct RemoveImageOptions {
  std::vector<std::string> images;
};
struct DiskUsageOptions {};
struct PruneOptions {
  bool all = false;
  std::string keep;                  ///< size of the cache that may stay; "" = only what nothing needs goes
  std::vector<std::string> filters;  ///< until=DURATION
};
struct EvictOptions {
  std::string cache_max;  ///< size; "" = as for build
  bool explain = false;   ///< say what goes and what stays, in order
  bool dry_run = false;
  bool json = false;
};
struct GraphOptions {
  BuildOptions build;
  std::string format = "text";
};
struct CheckOptions {
  BuildOptions build;  ///< what says how the Dockerfile is read
  std::string rules;   ///< names and groups, comma-separated; "" = BuildKit's
  std::string skip;
  std::string format = "text";
};
struct WhyOptions {
  std::string step;   ///< part of a step's title, or its line; "" = every step that ran
  std::string build;  ///< id of a past build or its beginning; "" = the last
  bool json = false;
};
struct BuildsOptions {
  bool json = false;
};
struct ShellOptions {
  std::string step;        ///< part of a step's title, or its line; "" = the step that failed
  std::string build;       ///< id of a past build or its beginning; "" = the last
  std::string at = "end";  ///< start or end of the step
  std::string command;     ///< for the step's shell; "" = the shell itself
  bool proceed = false;    ///< what the shell leaves is the step's outcome, and the build goes on from there
};
struct LockOptions {
  BuildOptions build;  ///< what says how the Dockerfile is read
  std::string update;  ///< "" = nothing known, "*" = everything, or parts of names, comma-separated: looked up again
  bool check = false;  ///< write nothing; exit code 1 when something would change
};
struct PolicyOptions {
  std::string action;                   ///< eval, test or json-schema
  std::string subject;                  ///< eval: a source; test: a file or directory
  std::string file = "Dockerfile";      ///< eval: whose policy; "-" = the policy is on standard input
  std::string filename = "Dockerfile";  ///< test: whose policy
  std::string run;                      ///< test: only those with this in their names
  std::string platform;
  std::vector<std::string> fields;  ///< eval --print: what to look up
  bool print = false;
  bool offline = false;
};
struct SizesOptions {
  std::string image;
  std::string platform;
  bool json = false;
  bool offline = false;
};
struct ReproduceOptions {
  BuildOptions build;                  ///< read for its mistakes only
  std::vector<std::string> arguments;  ///< for `build`
  std::string of;                      ///< an image to compare with in place of a first build
  bool as_is = false;                  ///< without --reproducible
  bool json = false;
};
struct SignOptions {
  std::string image;
  std::string key;  ///< file with a private key
};
struct VerifyOptions {
  std::string image;
  std::string key;            ///< file with a public key; or instead of it:
  std::string roots;          ///< certificates (PEM) that the signer's must lead to
  std::string intermediates;  ///< beside those that come with the signature
  std::string identity;       ///< whom the signer's certificate must name
  std::string issuer;         ///< who must have vouched for the identity; "" = not asked
  std::string log_key;        ///< a transparency log's public key; "" = no entry is asked for
};
struct GateOptions {
  BuildOptions build = {.context = "."};  ///< its gates and report
  std::string image;
  std::string platform;
};
struct SbomOptions {
  std::string image;
  std::string platform;
  std::string format = "table";  ///< table, spdx or cyclonedx
  std::string compare_with;      ///< another image: print what differs from it
  bool offline = false;
};
struct DoctorOptions {
  bool json = false;
  bool store = false;  ///< look at the store instead of the machine
};
struct VersionOptions {};
/// Nothing to do but print `text` and exit (help, or a mistake in the command line).
struct PrintAndExit {
  std::string text;
  int code = 0;
};

using Command =
    std::variant<PrintAndExit, BuildOptions, ImagesOptions, InspectOptions, HistoryOptions, ImportOptions, SaveOptions,
                 LoadOptions, PullOptions, PushOptions, LoginOptions, LogoutOptions, TagOptions, RemoveImageOptions,
                 DiskUsageOptions, PruneOptions, EvictOptions, GraphOptions, CheckOptions, WhyOptions, BuildsOptions,
                 ShellOptions, LockOptions, PolicyOptions, SizesOptions, ReproduceOptions, SignOptions, VerifyOptions,
                 GateOptions, SbomOptions, DoctorOptions, VersionOptions>;

struct Invocation {
  std::string root;  ///< --root; "" = the default for this user
  Command command;
  std::vector<std::string> notes;  ///< one line per accepted flag that changes nothing
};

/// Reads the command line (argv without the program's name). Never throws: mistakes come back as
/// PrintAndExit with code 2.
Invocation parse_command_line(const std::vector<std::string>& args);

}  // namespace cli
