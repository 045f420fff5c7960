// SPDX-License-Identifier: Apache-2.0
#pragma once
// Plain text, line by line, in the layout of buildx's plain mode:
//
//     #5 [builder 2/4] RUN make
//     #5 0.123 cc -c a.c
//     #5 ...
//
//     #6 [stage-1 2/2] COPY . .
//     #6 DONE 0.0s
//
// One step is *current*: its lines are printed as they come, those of others wait until it ends, or
// until they have waited kPatience (or fill kBacklog bytes); then the current step is left with "...".
// Steps that ended are printed whole, in the order in which they ended.
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "progress/renderer.h"

namespace progress {

struct PlainOptions {
  std::string description;     ///< printed first as "#0 …"
  bool shorten_names = false;  ///< names beyond 72 characters are cut (PROGRESS_NO_TRUNC=0)
};

class PlainRenderer final : public Renderer {
 public:
  static constexpr base::Nanos kPatience = 5 * base::kSecond;
  static constexpr std::size_t kBacklog = 1024 * 1024;
  /// A line without an end is printed when nothing has come for this long (a prompt, a dot a minute).
  static constexpr base::Nanos kPartialWait = 2 * base::kSecond;
  static constexpr std::size_t kFailureLines = 10;

  PlainRenderer(Writer writer, PlainOptions options);
  void changed(const Event& event, const Change& change) override;
  void refresh(Model& model, base::Nanos now) override;
  void finish(Model& model, base::Nanos now) override;
  bool shows_failures() const override { return true; }

 private:
  /// What is known of a vertex and not printed yet.
  struct Pending {
    int index = 0;  // the number in "#5", given when it is first printed
    bool record = false;
    std::deque<LogLine> lines;
    std::size_t bytes = 0;
    std::set<std::string> statuses;
    std::size_t warnings_printed = 0;
    bool note_printed = false;
    std::optional<base::Nanos> waiting_since;
    std::uint64_t partial_bytes = 0;  // log bytes at the last look, to see whether an unfinished line still grows
    base::Nanos partial_since = 0;

    bool anything() const { return record || !lines.empty() || !statuses.empty(); }
  };
  struct LastStatus {
    std::int64_t current = 0;
    base::Nanos timestamp = 0;
  };

  void flush_stale_line(Model& model, VertexState& vertex, Pending& pending, base::Nanos now) const;
  void print(const VertexState& vertex);
  void print_header(const VertexState& vertex, Pending& pending);
  bool print_statuses(const VertexState& vertex, Pending& pending);
  bool status_is_news(const VertexState& vertex, const VertexStatus& status);
  void print_end(const VertexState& vertex, const Pending& pending);
  VertexState* next_running(Model& model, base::Nanos now);

  Writer writer_;
  PlainOptions options_;
  std::string out_;
  std::map<const VertexState*, Pending> pending_;
  std::map<std::pair<const VertexState*, std::string>, LastStatus> last_;
  const VertexState* current_ = nullptr;
  int next_index_ = 0;
};

/// " 1.2MB / 3.4MB", " 1.2MB", or "".
std::string transfer_text(const VertexStatus& status);

}  // namespace progress
