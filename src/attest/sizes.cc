// SPDX-License-Identifier: Apache-2.0
#include "attest/sizes.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/task.h"
#include "layer/merged_view.h"
#include "layer/tree.h"

namespace attest {
namespace {

/// Smaller files are not looked for twice: what they cost is less than the looking.
constexpr std::uint64_t kWorthComparing = 4096;

void keep_largest(std::vector<SizedFile>& files) {
  std::sort(files.begin(), files.end(), [](const SizedFile& a, const SizedFile& b) {
    return a.size != b.size ? a.size > b.size : a.path < b.path;
  });
  if (files.size() > SizeReport::kListed) files.resize(SizeReport::kListed);
}

base::Digest digest_of(const std::string& path) {
  const base::Fd file = base::open_file(path, O_RDONLY | O_NOFOLLOW);
  base::Sha256 hash;
  std::string piece(std::size_t{1} << 18, '\0');
  for (std::uint64_t at = 0;;) {
    const std::size_t got = base::read_at(file.get(), piece.data(), piece.size(), at);
    if (got == 0) return hash.finish();
    hash.update(std::string_view(piece).substr(0, got));
    at += got;
  }
}

/// Layers put on each other one by one.
class Stack {
 public:
  explicit Stack(const std::stop_token& stop) : stop_(stop) {}

  void add(const std::string& directory) {
    const std::size_t number = report_.layers.size();
    directories_.push_back(directory);
    std::uint64_t size = 0;
    const base::Fd root = base::open_directory(directory);
    layer::walk_tree(root.get(), {.stop = stop_}, [&](const layer::TreeEntry& entry) {
      hide(entry);
      if (entry.is_file()) {
        const bool first = entry.first_link() == nullptr;
        const auto bytes = static_cast<std::uint64_t>(entry.stat().st_size);
        if (first) size += bytes;
        visible_[entry.path()] = {entry.path(), first ? bytes : 0, number, ""};
      }
      return layer::Visit::go_on;
    });
    report_.layers.push_back(size);
  }

  SizeReport finish() {
    for (const auto& [path, file] : visible_) {
      if (file.size > 0) report_.largest.push_back(file);
    }
    find_twice();
    keep_largest(report_.largest);
    keep_largest(report_.wasted_files);
    keep_largest(report_.twice_files);
    return std::move(report_);
  }

 private:
  /// What an entry of a layer covers up of those below.
  void hide(const layer::TreeEntry& entry) {
    const bool whiteout = layer::is_whiteout(entry.stat());
    const bool covers_tree = whiteout || !entry.is_directory() || layer::is_opaque(entry.directory(), entry.name());
    if (!entry.is_directory()) waste(visible_.find(entry.path()));
    if (!covers_tree) return;
    const std::string prefix = entry.path() + "/";
    for (auto at = visible_.lower_bound(prefix); at != visible_.end() && at->first.starts_with(prefix);) {
      // An opaque directory's own files come later in the walk, so all that is here now lies below.
      waste(at++);
    }
  }

  void waste(std::map<std::string, SizedFile>::iterator at) {
    if (at == visible_.end()) return;
    report_.wasted += at->second.size;
    if (at->second.size > 0) report_.wasted_files.push_back(at->second);
    visible_.erase(at);
  }

  void find_twice() {
    std::map<std::uint64_t, std::vector<const SizedFile*>> by_size;
    for (const auto& [path, file] : visible_) {
      if (file.size >= kWorthComparing) by_size[file.size].push_back(&file);
    }
    for (const auto& [size, files] : by_size) {
      if (files.size() < 2) continue;
      base::throw_if_stopped(stop_);
      std::map<base::Digest, const SizedFile*> known;
      for (const auto* file : files) {
        const auto [first, is_new] = known.emplace(digest_of(directories_[file->layer] + "/" + file->path), file);
        if (is_new) continue;
        report_.twice += size;
        report_.twice_files.push_back({file->path, size, file->layer, first->second->path});
      }
    }
  }

  const std::stop_token& stop_;
  std::vector<std::string> directories_;
  std::map<std::string, SizedFile> visible_;
  SizeReport report_;
};

base::Json files_json(const std::vector<SizedFile>& files) {
  base::Json list = base::Json::array();
  for (const auto& file : files) {
    base::Json entry = base::Json::object().set("path", file.path).set("size", file.size);
    list.push(std::move(entry.set("layer", static_cast<std::int64_t>(file.layer)).set_nonempty("other", file.other)));
  }
  return list;
}

std::vector<SizedFile> files_from(const base::Json& json) {
  std::vector<SizedFile> files;
  for (const auto& file : json.items()) {
    files.push_back({file["path"].as_string(), static_cast<std::uint64_t>(file["size"].as_int()),
                     static_cast<std::size_t>(file["layer"].as_int()), file["other"].string_or("")});
  }
  return files;
}

}  // namespace

std::uint64_t SizeReport::total() const { return std::accumulate(layers.begin(), layers.end(), std::uint64_t{0}); }

SizeReport measure(const std::vector<std::string>& layer_directories, const std::stop_token& stop) {
  Stack stack(stop);
  for (const auto& directory : layer_directories) stack.add(directory);
  return stack.finish();
}

base::Json to_json(const SizeReport& report) {
  base::Json layers = base::Json::array();
  for (const auto size : report.layers) layers.push(static_cast<std::int64_t>(size));
  base::Json json = base::Json::object();
  json.set("total", report.total())
      .set("layers", std::move(layers))
      .set("wasted", report.wasted)
      .set("twice", report.twice);
  json.set("largest", files_json(report.largest)).set("wasted_files", files_json(report.wasted_files));
  return json.set("twice_files", files_json(report.twice_files));
}

SizeReport size_report_from_json(const base::Json& json) {
  SizeReport report;
  for (const auto& size : json["layers"].items()) report.layers.push_back(static_cast<std::uint64_t>(size.as_int()));
  report.wasted = static_cast<std::uint64_t>(json["wasted"].int_or(0));
  report.twice = static_cast<std::uint64_t>(json["twice"].int_or(0));
  report.largest = files_from(json["largest"]);
  report.wasted_files = files_from(json["wasted_files"]);
  report.twice_files = files_from(json["twice_files"]);
  return report;
}

SizeReport measure_chain(const snapshot::Chain& chain, const ops::Services& services, const std::stop_token& stop) {
  const auto params =
      base::Json::object().set("directories", base::Json::strings(services.snapshots.layer_directories(chain)));
  const auto reply = services.worker.call("sizes", params, {}, stop);
  return size_report_from_json(reply.result);
}

base::Json sizes_method(const ops::MethodCall& call) {
  return to_json(measure(call.params["directories"].string_items(), call.stop));
}

}  // namespace attest
