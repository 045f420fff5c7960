// SPDX-License-Identifier: Apache-2.0
#pragma once
// The state of a build as its events have told it: what every renderer draws from.
//
// Vertices keep the order in which they started; those that are only known count in total().
// Steps of one progress group are one entry here. Belongs to one thread.
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "progress/error_report.h"
#include "progress/events.h"
#include "progress/log_lines.h"

namespace progress {

struct Interval {
  base::Nanos start = 0;
  std::optional<base::Nanos> stop;  ///< none: still running
  bool operator==(const Interval&) const = default;
};

/// Sorted by start, overlapping ones joined; one that runs takes all later ones.
std::vector<Interval> merge_intervals(std::vector<Interval> intervals);

/// "0.512", "12.34", "123.4": seconds as they stand in front of a log line.
std::string log_time(base::Nanos since_start);

/// One line of a log: "0.512 text".
using LogLine = std::string;

class VertexState {
 public:
  std::string id;  ///< digest or group id
  std::string name;
  bool cached = false;
  std::string error;
  std::string note;
  bool hidden = false;                 ///< a group of weak members only
  std::vector<VertexStatus> statuses;  ///< in order of appearance
  std::vector<VertexWarning> warnings;

  bool started() const { return !intervals_.empty(); }
  bool completed() const { return started() && intervals_.back().stop.has_value(); }
  bool running() const { return started() && !completed(); }
  bool cancelled() const { return is_cancellation(error); }
  bool failed() const { return !error.empty() && !cancelled(); }
  /// When it ended; only for completed vertices.
  base::Nanos completed_at() const { return intervals_.back().stop.value_or(0); }
  base::Nanos started_at() const { return intervals_.front().start; }
  /// Sum of the intervals, a running one up to `now`.
  base::Nanos elapsed(base::Nanos now) const;
  /// Log bytes seen so far; 0: it never wrote anything.
  std::uint64_t log_bytes() const { return log_bytes_; }
  /// The last complete lines, oldest first, bounded.
  const std::deque<LogLine>& log_tail() const { return tail_; }
  /// The last lines without times, the unfinished one included: what its terminal would show.
  std::vector<std::string> screen(std::size_t lines) const;
  const LogLines& partial_line() const { return lines_; }

 private:
  friend class Model;
  std::map<base::Nanos, Interval> seen_;  // by start time: the same interval is sent again when it ends
  std::vector<Interval> intervals_;
  std::map<base::Digest, Vertex> members_;  // of a group
  bool listed_ = false;                     // in Model::started()
  LogLines lines_;
  base::Nanos line_time_ = 0;  // when the unfinished line began
  std::deque<LogLine> tail_;
  std::size_t tail_bytes_ = 0;
  std::uint64_t log_bytes_ = 0;
};

/// What one event changed; `vertex` is null for events about unknown vertices.
struct Change {
  VertexState* vertex = nullptr;
  bool record = false;                ///< the vertex itself changed
  std::vector<LogLine> lines;         ///< log lines that it completed
  std::optional<std::string> status;  ///< id of the status that changed
};

class Model {
 public:
  Change apply(const Event& event);

  /// Vertices that have started, in that order, hidden ones left out.
  const std::vector<VertexState*>& started() const { return started_; }
  const VertexState* find(const base::Digest& digest) const;
  std::size_t total() const;
  std::size_t completed() const;
  /// When the first vertex started.
  std::optional<base::Nanos> start_time() const { return start_time_; }
  /// Ends a log line that has no newline; nothing when there is none.
  std::optional<LogLine> flush_line(VertexState& vertex);

  /// The step whose failure explains the build's: `digest` if it names a failed one, else the first
  /// that failed. `lines` of log at most.
  std::optional<FailedStep> failed_step(const std::string& digest, std::size_t lines) const;
  std::vector<FailedStep> failed_steps(std::size_t lines) const;
  /// All warnings, in the order in which they came.
  const std::vector<VertexWarning>& warnings() const { return warnings_; }

 private:
  Change apply_vertex(const Vertex& vertex);
  Change apply_status(const VertexStatus& status);
  Change apply_log(const VertexLog& log);
  Change apply_warning(const VertexWarning& warning);
  VertexState& state_of(const Vertex& vertex);
  void update_group(VertexState& state) const;
  void keep_line(VertexState& vertex, const LogLine& line) const;

  std::vector<std::unique_ptr<VertexState>> all_;
  std::map<base::Digest, VertexState*> by_digest_;
  std::map<std::string, VertexState*> groups_;
  std::vector<VertexState*> started_;
  std::vector<VertexWarning> warnings_;
  std::optional<base::Nanos> start_time_;
};

}  // namespace progress
