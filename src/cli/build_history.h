// SPDX-License-Identifier: Apache-2.0
#pragma once
// Past builds: what each of their steps did and why it ran, for `slipway builds` and `slipway why`.
//
// A file of JSON a build, <store>/builds/<id>; the id begins with the time, so that names sort by age. The newest
// kMaxBuilds stay. Losing one loses an explanation, nothing else: nothing is synced. What a failed step wrote lies
// whole in <store>/logs/<id>/, and goes with its build.
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/time.h"
#include "ops/explain.h"

namespace cli {

struct PastStep {
  std::string name;
  std::string file;  ///< of its Dockerfile, "" = of none
  int line = 0;
  std::string outcome;  ///< ran, cached, failed, cancelled, not reached
  std::string error;
  base::Nanos took = 0;
  std::string log;     ///< file with the whole output of a failed step
  std::string vertex;  ///< digest in the build's graph
  std::string step;    ///< solve::Vertex::step of a step that was looked into
  std::optional<ops::Explanation> why;
};

struct PastBuild {
  std::string id;
  base::Nanos started = 0;
  base::Nanos ended = 0;
  std::string context;
  std::string file;
  std::vector<std::string> tags;
  std::vector<std::string> targets;
  std::vector<std::string> arguments;  ///< the command line (empty = not kept), and where it was given
  std::string directory;
  std::string outcome;  ///< done, failed, interrupted
  std::vector<PastStep> steps;
};

/// What the steps of a build write, each to a file of its own; only those of failed steps stay. Threads: any.
class StepLogs {
 public:
  explicit StepLogs(std::string directory) : directory_(std::move(directory)) {}
  ~StepLogs();
  StepLogs(const StepLogs&) = delete;
  StepLogs& operator=(const StepLogs&) = delete;

  /// Never throws: a log that cannot be written is a warning, once.
  void write(const base::Digest& vertex, std::string_view bytes);
  void ended_well(const base::Digest& vertex);
  /// The file of a step that wrote something and did not end well; "" for others.
  std::string path(const base::Digest& vertex) const;

 private:
  struct File {
    std::string path;
    base::Fd fd;
  };
  std::string directory_;
  mutable std::mutex mutex_;
  std::map<base::Digest, File> files_;
  int next_ = 1;
  bool warned_ = false;
};

class BuildHistory {
 public:
  static constexpr std::size_t kMaxBuilds = 200;

  explicit BuildHistory(std::string store_root) : root_(std::move(store_root)) {}

  /// A name for a build that starts now; where its steps' logs go.
  static std::string make_id(base::Nanos started);
  std::string log_directory(const std::string& id) const { return root_ + "/logs/" + id; }

  /// Writes the build down. Never throws: a history that cannot be written is a warning.
  void keep(const PastBuild& build);
  /// Ids, newest first.
  std::vector<std::string> ids() const;
  /// The build whose id begins so, "" = the newest. Throws when there is none, or several are.
  base::Json get(const std::string& id) const;
  /// get(), but null when there is none.
  base::Json find(const std::string& id) const;

  /// Whether a step (solve::Vertex::step) ran in a past build, and something was pruned since.
  bool was_pruned(const std::string& step);
  /// When something was pruned last.
  std::optional<base::Nanos> pruned() const;

 private:
  std::string directory() const { return root_ + "/builds"; }
  base::Json read(const std::string& id) const;
  void make_room() const;

  std::string root_;
  std::optional<std::set<std::string>> pruned_steps_;
};

/// Whether a person means this step of a past build: "12", "Dockerfile:12", or a part of its title.
bool is_meant(const base::Json& step, const std::string& wanted);
/// "Dockerfile:12", or "" for a step of no Dockerfile.
std::string place_of(const base::Json& step);

}  // namespace cli
