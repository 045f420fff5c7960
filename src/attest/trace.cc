// SPDX-License-Identifier: Apache-2.0
#include "attest/trace.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/task.h"
#include "layer/merged_view.h"
#include "layer/tree.h"

namespace attest {
namespace {

constexpr std::size_t kMaxLayerDatabase = 256U << 20;

std::string relative(std::string path) {
  path = base::clean_path(path);
  while (path.starts_with('/')) path.erase(0, 1);
  return path == "." ? "" : path;
}

std::string joined(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : name.empty() ? parent : parent + "/" + name;
}

/// The number of the uppermost layer that has the path; -1 when none has.
std::int64_t layer_with(const std::string& path, const std::vector<TracedLayer>& layers) {
  for (std::size_t i = layers.size(); i-- > 0;) {
    const auto status = base::lstat_if_exists(layers[i].directory + "/" + path);
    if (status && !layer::is_whiteout(*status)) return static_cast<std::int64_t>(i);
  }
  return -1;
}

/// Packages of a database that whole distributions share: each came with the first layer whose copy names it.
void place_by_database(Components& components, const std::string& path, const std::vector<TracedLayer>& layers) {
  std::set<std::string> known;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string file = layers[i].directory + "/" + path;
    const auto status = base::lstat_if_exists(file);
    if (!status || !S_ISREG(status->st_mode)) continue;
    const std::string text = base::read_file_if_exists(file, kMaxLayerDatabase).value_or("");
    Components here;
    std::map<std::string, std::string> files;
    if (path.starts_with("lib/apk")) {
      read_apk_installed(text, {}, here, files);
    } else {
      read_dpkg_status(text, {}, here);
    }
    std::set<std::string> names;
    for (const auto& component : here) names.insert(component.name + "@" + component.version);
    for (auto& component : components) {
      if (component.found_in != path || component.layer >= 0) continue;
      if (names.contains(component.name + "@" + component.version)) component.layer = static_cast<std::int64_t>(i);
    }
  }
}

void place(Components& components, const std::vector<TracedLayer>& layers) {
  std::set<std::string> databases;
  for (const auto& component : components) {
    if (component.type == "deb" || component.type == "apk") databases.insert(component.found_in);
  }
  for (const auto& path : databases) place_by_database(components, path, layers);
  for (auto& component : components) {
    if (component.layer < 0) component.layer = layer_with(component.found_in, layers);
    if (component.layer >= 0) component.step = layers[static_cast<std::size_t>(component.layer)].step;
  }
}

/// Whether two open regular files have the same bytes.
bool same_bytes(int a, int b, std::uint64_t size) {
  std::string left(std::size_t{1} << 16, '\0');
  std::string right = left;
  for (std::uint64_t at = 0; at < size;) {
    const std::size_t got = base::read_at(a, left.data(), left.size(), at);
    if (got == 0 || base::read_at(b, right.data(), got, at) != got || left.compare(0, got, right, 0, got) != 0)
      return false;
    at += got;
  }
  return true;
}

class CopyTracer {
 public:
  CopyTracer(const TracedCopy& copy, const TracedStage& stage, const Scan& scan)
      : destination_(relative(copy.destination)), source_(relative(copy.source)), stage_(stage), scan_(scan) {}

  /// The component of the stage that the image's file is a copy of a file of.
  std::optional<std::size_t> trace(const std::string& path, int file, const struct stat& status) const {
    for (const auto& origin : candidates(path)) {
      const auto owner = scan_.owner(origin);
      if (owner && is_copy_of(origin, file, status)) return owner;
    }
    return std::nullopt;
  }

 private:
  /// Where the file may have come from, by the rules of COPY: a directory's contents, a file under its own name or
  /// another, a match of a pattern.
  std::vector<std::string> candidates(const std::string& path) const {
    std::string below = path;
    if (!destination_.empty()) {
      if (path == destination_) return {source_};
      if (!path.starts_with(destination_ + "/")) return {};
      below = path.substr(destination_.size() + 1);
    }
    std::vector<std::string> found = {joined(source_, below), source_};
    // A pattern ("/usr/lib/libz*"): its fixed beginning, and what was matched under it.
    const auto star = source_.find_first_of("*?[");
    if (star != std::string::npos) {
      const auto slash = source_.rfind('/', star);
      found.push_back(joined(slash == std::string::npos ? "" : source_.substr(0, slash), below));
    }
    // --parents keeps the way to the file.
    found.push_back(below);
    return found;
  }

  bool is_copy_of(const std::string& origin, int file, const struct stat& status) const {
    try {
      const auto original = base::open_in_root_if_exists(stage_.root, origin, O_RDONLY | O_NONBLOCK);
      if (!original) return false;
      struct stat other{};
      if (::fstat(original->get(), &other) != 0 || !S_ISREG(other.st_mode) || other.st_size != status.st_size)
        return false;
      return same_bytes(original->get(), file, static_cast<std::uint64_t>(status.st_size));
    } catch (const base::Error&) {
      return false;
    }
  }

  std::string destination_;
  std::string source_;
  const TracedStage& stage_;
  const Scan& scan_;
};

/// Components of stages that the image's files were copied from; `used` gets "stage number, component".
Components trace_copies(const std::vector<TracedLayer>& layers, const std::vector<TracedStage>& stages,
                        const std::vector<TracedCopy>& copies, const std::vector<Scan>& scans,
                        std::set<std::pair<std::size_t, std::size_t>>& used, const std::stop_token& stop) {
  std::map<std::string, Component> found;
  for (const auto& copy : copies) {
    const CopyTracer tracer(copy, stages[copy.stage], scans[copy.stage]);
    const base::Fd directory = base::open_directory(layers[copy.layer].directory);
    layer::walk_tree(directory.get(), {.stop = stop}, [&](const layer::TreeEntry& entry) {
      if (!entry.is_file()) return layer::Visit::go_on;
      const base::Fd file = entry.open();
      const auto owner = tracer.trace(entry.path(), file.get(), entry.stat());
      if (!owner) return layer::Visit::go_on;
      used.insert({copy.stage, *owner});
      const Component& original = scans[copy.stage].components[*owner];
      Component& component = found.emplace(original.key(), original).first->second;
      component.stage = stages[copy.stage].name;
      component.layer = static_cast<std::int64_t>(copy.layer);
      component.step = layers[copy.layer].step;
      component.copied.push_back(entry.path());
      return layer::Visit::go_on;
    });
  }
  Components list;
  for (auto& [key, component] : found) list.push_back(std::move(component));
  return list;
}

}  // namespace

Components trace_components(int root, const std::vector<TracedLayer>& layers, const std::vector<TracedStage>& stages,
                            const std::vector<TracedCopy>& copies, const std::string& scratch,
                            const std::stop_token& stop) {
  Components all = scan_packages(root, TreeKind::filesystem, scratch, stop).components;
  place(all, layers);
  std::set<std::string> own;
  for (const auto& component : all) own.insert(component.purl());
  std::vector<Scan> scans;
  for (const auto& stage : stages) scans.push_back(scan_packages(stage.root, stage.kind, scratch, stop));
  std::set<std::pair<std::size_t, std::size_t>> used;
  for (auto& component : trace_copies(layers, stages, copies, scans, used, stop)) {
    if (own.insert(component.purl()).second) all.push_back(std::move(component));
  }
  std::set<std::string> build;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (!stages[i].listed) continue;
    for (auto& component : scans[i].components) {
      if (own.contains(component.purl())) continue;
      component.scope = Scope::build;
      component.stage = stages[i].name;
      if (build.insert(component.key()).second) all.push_back(std::move(component));
    }
  }
  return all;
}

}  // namespace attest
