// SPDX-License-Identifier: Apache-2.0
// slipway reproduce: builds twice, the second time in another environment, and says what came out differently; with an
// image to compare with, the first build is that.
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "attest/reproduce.h"
#include "base/error.h"
#include "base/file.h"
#include "base/subprocess.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/house.h"
#include "cli/interrupt.h"
#include "cli/print_line.h"
#include "oci/reference.h"

namespace cli {
namespace {

constexpr std::size_t kShownFiles = 20;
/// Between the starts of the two builds: a clock that is read in seconds must have moved.
constexpr auto kApart = std::chrono::milliseconds(2100);

/// While it lives, this process and what it starts have one processor.
class OneProcessor {
 public:
  OneProcessor() {
    CPU_ZERO(&before_);
    known_ = ::sched_getaffinity(0, sizeof before_, &before_) == 0;
    if (!known_) return;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &before_)) continue;
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      ::sched_setaffinity(0, sizeof one, &one);
      break;
    }
  }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;
  ~OneProcessor() {
    if (known_) ::sched_setaffinity(0, sizeof before_, &before_);
  }

 private:
  cpu_set_t before_{};
  bool known_ = false;
};

/// While it lives, what this process starts gives new files no more rights than this.
class OtherUmask {
 public:
  OtherUmask() : before_(::umask(077)) {}
  OtherUmask(const OtherUmask&) = delete;
  OtherUmask& operator=(const OtherUmask&) = delete;
  ~OtherUmask() { ::umask(before_); }

 private:
  mode_t before_;
};

/// While it lives, the store is also to be had under another path.
class OtherPath {
 public:
  explicit OtherPath(const std::string& store) : path_(room_.path() + "/" + std::string(attest::kSecondStoreName)) {
    SLIP_SYSCALL(::symlink(std::filesystem::absolute(store).c_str(), path_.c_str()), "link {} to the store", path_);
  }
  const std::string& path() const { return path_; }

 private:
  base::TemporaryDirectory room_;
  std::string path_;
};

bool can_reverse_directories() { return base::find_program("disorderfs") && ::access("/dev/fuse", R_OK | W_OK) == 0; }

/// One build by a process of its own into a layout directory.
void run_build_into(const std::string& directory, const std::string& root, std::vector<std::string> arguments,
                    const std::string& input, std::string_view what, const std::stop_token& stop) {
  base::Command command;
  command.argv = {"/proc/self/exe", "--root", root, "build"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.argv.insert(command.argv.end(),
                      {"--progress=plain", "-o",
                       "type=oci,tar=false,compression=uncompressed,force-compression=true,dest=" + directory});
  const base::Output output = base::run_collect(std::move(command), input, stop);
  if (output.status.ok()) return;
  std::fputs(safe_lines(output.err).c_str(), stderr);
  base::fail(base::Code::failed_precondition, "{}, exit code {}", what, output.status.code);
}

/// The build in question, without the cache.
enum class Directories : std::uint8_t { as_they_are, reversed };
void build_into(const std::string& directory, std::string_view host_name, Directories order, const std::string& root,
                const ReproduceOptions& options, const std::stop_token& stop) {
  auto arguments = options.arguments;
  if (order == Directories::reversed) arguments.emplace_back("--reversed-directories");
  arguments.insert(arguments.end(),
                   {"--no-cache", "--build-arg", base::format("BUILDKIT_SANDBOX_HOSTNAME={}", host_name)});
  if (!options.as_is) arguments.emplace_back("--reproducible");
  run_build_into(directory, root, std::move(arguments), {}, "the build itself fails", stop);
}

/// The image to compare with, as a build that adds nothing to it.
void fetch_into(const std::string& directory, const std::string& root, const ReproduceOptions& options,
                const std::stop_token& stop) {
  std::vector<std::string> arguments = {"-"};
  for (const auto& platform : options.build.platforms) arguments.push_back("--platform=" + platform);
  if (options.build.offline) arguments.emplace_back("--offline");
  run_build_into(directory, root, std::move(arguments), "FROM " + oci::Reference::parse(options.of).str() + "\n",
                 base::format("{} is not to be had", options.of), stop);
}

struct BuiltLayer {
  std::string digest;
  std::string path;  ///< of its blob
  std::string step;
};

struct BuiltLayout {
  std::vector<BuiltLayer> layers;
  base::Json config;  ///< without what follows from the layers
};

/// When an image was made is no part of what it is.
void forget_times(base::Json& config) {
  config.erase("created");
  base::Json history = base::Json::array();
  for (base::Json entry : config["history"].items()) {
    entry.erase("created");
    history.push(std::move(entry));
  }
  config.set("history", std::move(history));
}

/// All images of a layout, one behind the other.
BuiltLayout read_layout(const std::string& directory, bool with_times) {
  const auto read = [&](const base::Json& descriptor) {
    return base::Json::parse(
        base::read_file(directory + "/blobs/sha256/" + descriptor["digest"].as_string().substr(7)));
  };
  BuiltLayout built;
  built.config = base::Json::array();
  std::vector<base::Json> open = {base::Json::parse(base::read_file(directory + "/index.json"))};
  while (!open.empty()) {
    const base::Json document = std::move(open.back());
    open.pop_back();
    for (const auto& entry : document["manifests"].items()) {
      if (entry["platform"]["os"].string_or("") != "unknown") open.push_back(read(entry));
    }
    if (!document.contains("layers")) continue;
    base::Json config = read(document["config"]);
    std::vector<std::string> steps;
    for (const auto& entry : config["history"].items()) {
      if (!entry["empty_layer"].bool_or(false)) steps.push_back(entry["created_by"].string_or(""));
    }
    const auto& layers = document["layers"].items();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string digest = layers[i]["digest"].as_string();
      built.layers.push_back(
          {digest, directory + "/blobs/sha256/" + digest.substr(7), i < steps.size() ? steps[i] : ""});
    }
    config.erase("rootfs");
    if (!with_times) forget_times(config);
    built.config.push(std::move(config));
  }
  return built;
}

/// A layer's blob, opened anew.
class LayerFile final : public layer::Source {
 public:
  explicit LayerFile(const std::string& path) : file_(base::open_file(path, O_RDONLY)), source_(file_.get()) {}
  std::size_t read(std::span<std::byte> buffer) override { return source_.read(buffer); }

 private:
  base::Fd file_;
  layer::FdSource source_;
};

attest::OpenLayer opener(const std::string& path) {
  return [path] { return std::make_unique<LayerFile>(path); };
}

struct LayerDifference {
  std::size_t layer;
  std::string step;
  std::vector<attest::Difference> files;
};

std::vector<LayerDifference> compare(const BuiltLayout& first, const BuiltLayout& second) {
  if (first.layers.size() != second.layers.size()) {
    base::Error error(base::Code::failed_precondition, base::format("the first has {} layers, the second {}",
                                                                    first.layers.size(), second.layers.size()));
    error.set_hint("they are not of one Dockerfile, or not built with the same flags");
    throw error;
  }
  std::vector<LayerDifference> differences;
  for (std::size_t i = 0; i < first.layers.size(); ++i) {
    if (first.layers[i].digest == second.layers[i].digest) continue;
    differences.push_back({i + 1, first.layers[i].step,
                           attest::compare_layers(opener(first.layers[i].path), opener(second.layers[i].path))});
  }
  return differences;
}

base::Json json_of(const std::vector<LayerDifference>& differences, std::size_t layers, bool same_config) {
  base::Json list = base::Json::array();
  for (const auto& layer : differences) {
    base::Json files = base::Json::array();
    for (const auto& file : layer.files) {
      base::Json entry = base::Json::object().set("path", file.path).set("what", file.what);
      if (file.offset) entry.set("offset", static_cast<std::int64_t>(*file.offset));
      files.push(std::move(entry.set_nonempty("cause", file.cause).set_nonempty("remedy", file.remedy)));
    }
    base::Json entry =
        base::Json::object().set("layer", static_cast<std::int64_t>(layer.layer)).set("step", layer.step);
    list.push(std::move(entry.set("files", std::move(files))));
  }
  base::Json json = base::Json::object();
  json.set("reproducible", differences.empty() && same_config).set("layers", static_cast<std::int64_t>(layers));
  return json.set("same_config", same_config).set("differences", std::move(list));
}

void print(const LayerDifference& layer) {
  print_line(base::format("layer {} differs: {}", layer.layer, layer.step));
  for (std::size_t i = 0; i < std::min(layer.files.size(), kShownFiles); ++i) {
    const auto& file = layer.files[i];
    const std::string where = file.offset ? base::format(" from byte {}", *file.offset) : "";
    print_line(base::format("  /{}: {}{}{}", file.path, file.what, where, file.cause.empty() ? "" : ": " + file.cause));
    if (!file.remedy.empty()) print_line("      " + file.remedy);
  }
  if (layer.files.size() > kShownFiles)
    print_line(base::format("  … and {} more (--json has all)", layer.files.size() - kShownFiles));
}

}  // namespace

int run_reproduce(const std::string& root, const ReproduceOptions& options) {
  const Interrupt interrupt;
  const std::string store = state_directory(root);
  base::make_directories(store);
  const base::TemporaryDirectory room("reproduce-", store);
  const auto started = std::chrono::steady_clock::now();
  if (options.of.empty()) {
    build_into(room.path() + "/first", attest::kFirstHostName, Directories::as_they_are, store, options,
               interrupt.token());
    std::this_thread::sleep_until(started + kApart);
  } else {
    fetch_into(room.path() + "/first", store, options, interrupt.token());
  }
  const auto order = can_reverse_directories() ? Directories::reversed : Directories::as_they_are;
  {
    const OneProcessor alone;
    const OtherUmask other;
    const OtherPath elsewhere(store);
    build_into(room.path() + "/second", attest::kSecondHostName, order, elsewhere.path(), options, interrupt.token());
  }
  if (order == Directories::as_they_are) {
    std::fputs(
        "note: directories had the same order in both builds; with disorderfs installed, and /dev/fuse, they have "
        "not\n",
        stderr);
  }
  const auto first = read_layout(room.path() + "/first", options.of.empty());
  const auto second = read_layout(room.path() + "/second", options.of.empty());
  const auto differences = compare(first, second);
  const bool same_config = first.config == second.config;
  if (options.json) {
    std::printf("%s\n", json_of(differences, first.layers.size(), same_config).dump(2).c_str());
  } else {
    for (const auto& layer : differences) print(layer);
    if (!differences.empty() && !options.of.empty()) {
      print_line("files that two builds of this source have alike (see without --of) are of another source there");
    }
    if (!same_config) print_line("the image's config differs: its environment, labels or history");
    if (differences.empty() && same_config) {
      print_line(
          base::format("reproducible: {} layers and the config are the same, byte for byte", first.layers.size()));
    }
  }
  return differences.empty() && same_config ? 0 : kFindings;
}

}  // namespace cli
