// SPDX-License-Identifier: Apache-2.0
#include "images/verify.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/task.h"

namespace images {
namespace {

constexpr const char* kRebuild = "'slipway prune --all' removes it; what is needed is built or pulled again";

class Verifier {
 public:
  Verifier(store::Store& store, const ImageStore& images, const snapshot::Snapshotter& snapshots,
           const std::stop_token& stop)
      : store_(store), images_(images), snapshots_(snapshots), stop_(stop) {}

  StoreReport run() {
    check_database(store_.meta());
    check_database(store_.names());
    check_layers();
    check_keys();
    check_blobs();
    check_images();
    return std::move(report_);
  }

 private:
  void damage(std::string text, std::string fix) {
    report_.problems.push_back({StoreProblem::Kind::damage, std::move(text), std::move(fix)});
  }
  void garbage(std::string text) {
    report_.problems.push_back({StoreProblem::Kind::garbage, std::move(text), "the next 'slipway prune' removes it"});
  }

  void check_database(store::Database& database) {
    auto session = database.use();
    auto row = session.prepare("PRAGMA integrity_check(5)");
    while (row.step()) {
      if (row.text(0) != "ok") damage(base::format("{}: {}", database.path(), row.text(0)), kRebuild);
    }
  }

  std::uint64_t number_of(std::string_view sql) {
    auto session = store_.meta().use();
    auto row = session.prepare(sql);
    return row.step() ? static_cast<std::uint64_t>(row.number(0)) : 0;
  }

  void check_layers() {
    std::set<std::string> known;
    for (const auto& id : snapshots_.list()) {
      ++report_.layers;
      known.insert(id);
      if (!base::exists(store_.snapshots_dir() + "/" + id + "/fs")) {
        damage(base::format("layer {} is recorded and its directory is gone", id), kRebuild);
      }
    }
    if (!base::exists(store_.snapshots_dir())) return;
    std::uint64_t left = 0;
    for (const auto& name : base::list_directory(store_.snapshots_dir())) left += known.contains(name) ? 0 : 1;
    if (left > 0) garbage(base::format("{} unfinished layer directories", left));
  }

  void check_keys() {
    report_.records = number_of("SELECT count(*) FROM records");
    const auto lost = number_of("SELECT count(*) FROM keys WHERE record NOT IN (SELECT id FROM records)");
    if (lost > 0) garbage(base::format("{} keys of steps that are not remembered", lost));
  }

  void check_blobs() {
    std::vector<char> buffer(std::size_t{1} << 20);
    for (const auto& blob : store_.content().list()) {
      base::throw_if_stopped(stop_);
      ++report_.blobs;
      report_.blob_bytes += blob.size;
      const base::Fd file = store_.content().open(blob.digest);
      base::Sha256 hash;
      for (;;) {
        const std::size_t got = base::read_up_to(file.get(), buffer.data(), buffer.size());
        hash.update(std::string_view(buffer.data(), got));
        if (got < buffer.size()) break;
      }
      if (hash.finish() != blob.digest) {
        damage(base::format("blob {} has other bytes than its name says", blob.digest.str()),
               "remove the file below blobs/sha256; pull or build what needs it again");
      }
    }
  }

  void check_images() {
    for (const auto& image : images_.list()) {
      for (const auto& digest : images_.blobs_of(image)) {
        if (store_.content().find(digest)) continue;
        damage(base::format("image {} lacks the blob {}", image.name, digest.str()), "pull or build it again");
      }
    }
  }

  store::Store& store_;
  const ImageStore& images_;
  const snapshot::Snapshotter& snapshots_;
  std::stop_token stop_;
  StoreReport report_;
};

}  // namespace

bool StoreReport::is_whole() const {
  return std::none_of(problems.begin(), problems.end(),
                      [](const auto& problem) { return problem.kind == StoreProblem::Kind::damage; });
}

StoreReport verify_store(store::Store& store, const ImageStore& images, const snapshot::Snapshotter& snapshots,
                         const std::stop_token& stop) {
  return Verifier(store, images, snapshots, stop).run();
}

}  // namespace images
