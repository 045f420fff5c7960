// SPDX-License-Identifier: Apache-2.0
#pragma once
// Build: one call of Engine::build(), as a state machine that can be driven by hand.
//
//     Build build(services, graph, targets, stop);
//     while (!build.step()) build.wait();
//     auto results = build.finish();
//
// Every vertex that a target needs has a State. Two things make it move: what is *demanded* of it
// (nothing, its record, its results) and what it waits for. advance() moves one vertex as far as it
// goes and never recurses into another: whatever changes for others goes onto the worklist.
//
//   phase      waits for                                     leaves to
//   mapping    cache_map(), the inputs' definition keys      idle
//   idle       a demand                                      recorded (definition key hits), inputs
//   inputs     records of all inputs                         recorded (identity key hits), digests
//   digests    content digests                               recorded (content key hits), claim
//   sharing    the vertex that holds the same key            recorded, claim
//   loading    results of all inputs                         locking, inputs (a record changed meanwhile)
//   locking    the locks                                     recorded (another process was faster), running
//   running    run(), a comparison with an earlier run       done
//   recorded   a demand for the results                      done, inputs (what was made is gone)
//   done       nothing: record and results are there
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "solve/engine.h"
#include "solve/inbox.h"

namespace solve {

class Build {
 public:
  /// `graph` and the services outlive the object. Starts nothing before step().
  Build(const Services& services, const Graph& graph, std::vector<Edge> targets, const std::stop_token& stop);
  ~Build();
  Build(const Build&) = delete;
  Build& operator=(const Build&) = delete;

  /// Handles everything that has arrived, without blocking; true once the build is over.
  bool step();
  /// Blocks until step() has something to do.
  void wait() { inbox_->wait(); }
  /// After the end: the results of the targets. Throws what the build ended in.
  std::vector<ResultPtr> finish();
  /// After finish(): the records and results behind Engine::Outcome.
  std::vector<std::optional<Record>> records();
  std::vector<std::vector<ResultPtr>> vertex_results() const;
  std::vector<std::optional<CommonKey>> common() const;
  std::vector<base::Json> facts(const std::vector<std::optional<Record>>& records) const;

 private:
  enum class Phase : std::uint8_t {
    unneeded,
    mapping,
    idle,
    inputs,
    digests,
    claim,
    sharing,
    loading,
    locking,
    running,
    recorded,
    done
  };
  enum class Demand : std::uint8_t { none, record, result };
  using HeldLocks = std::vector<std::unique_ptr<Lock>>;

  struct State {
    Phase phase = Phase::unneeded;
    Demand demand = Demand::none;
    std::vector<std::size_t> users;  ///< vertices with an edge to this one, then those that share its run
    std::optional<CacheMap> map;
    bool defined = false;       ///< `definition` and `below_forced` are final
    bool below_forced = false;  ///< it or an ancestor ignores the cache
    bool transient = false;     ///< its record's id means nothing to another build
    bool started = false;
    base::Nanos began = 0;  ///< when its run began
    bool reported = false;  ///< the observer has heard how it ended
    std::optional<CacheKey> definition;
    std::optional<CacheKey> identity;  ///< none below a transient input
    std::optional<CacheKey> resolved;
    std::vector<base::Digest> keyed_on;  ///< the inputs' record ids behind `identity` and `resolved`
    std::vector<std::optional<base::Digest>> contents;
    std::vector<std::vector<base::Digest>> common_contents;
    std::vector<base::Digest> common_ids;  ///< what consumers' common keys call its outcome
    bool digesting = false;
    std::optional<Record> record;
    std::optional<Record> gone;      ///< a record that was found but whose result is lost
    std::optional<Record> previous;  ///< the record that the step's run was explained with
    std::optional<std::vector<ResultPtr>> results;
    std::shared_ptr<HeldLocks> held;
  };

  /// How work on a worker ended: a value, an error, or neither (cancelled).
  template <typename T>
  struct Attempt {
    std::optional<T> value;
    std::optional<base::Error> error;
  };
  using DigestName = std::tuple<base::Digest, int, std::string>;  ///< record id, output, selector
  struct DigestJob {
    std::optional<ContentName> value;
    std::vector<std::pair<std::size_t, std::size_t>> waiters;  ///< vertex, input
  };

  // build.cc: the loop, the ends.
  void find_needed();
  void run_worklist();
  void wake(std::size_t v);
  void wake_users(std::size_t v);
  void demand(std::size_t v, Demand what);
  void advance(std::size_t v);
  bool satisfied() const;
  bool over() const { return stopping_ || satisfied(); }
  void stop_everything();
  void cancel();
  void fail(std::size_t v, base::Error error);
  void report_start(std::size_t v, base::Nanos at);
  void report_end(std::size_t v, base::Nanos at, Outcome outcome);
  void report_cancelled(std::size_t v);
  void report_covered();
  ResultPtr output_of(const Edge& edge) const;
  std::optional<Record> known_record(std::size_t v, const std::vector<std::optional<Record>>& below);
  template <typename T, typename Work, typename Done>
  void post(Pool pool, std::size_t v, Work work, Done done);
  template <typename T, typename Done>
  void ended(std::size_t v, Attempt<T>& attempt, base::Nanos at, const Done& done);

  // build_keys.cc: the three keys and their look-ups. Each returns whether the vertex moved on.
  void ask_map(std::size_t v);
  void mapped(std::size_t v, CacheMap map);
  bool define(std::size_t v);
  bool look_up_definition(std::size_t v);
  bool key_by_identity(std::size_t v);
  bool key_by_content(std::size_t v);
  /// An input got another record since `keyed_on`: loading found its result gone, and the rerun made something else.
  bool inputs_changed(std::size_t v) const;
  void ask_digests(std::size_t v);
  void digested(const DigestName& name, const ContentName& value);
  bool hit(std::size_t v, const CacheKey& key, std::vector<CacheKey> aliases);
  bool wants_common(std::size_t v, std::size_t input) const;
  std::vector<CacheKey> common_keys(std::size_t v) const;
  void name_in_common(std::size_t v);
  bool has_results(const Record& record) const;
  bool common_hit(std::size_t v);
  bool adopt(std::size_t v, const Record& record);
  bool load(std::size_t v, const Record& record);
  std::vector<KeyedInput> keyed_inputs(std::size_t v, bool by_content) const;
  std::vector<CacheKey> known_keys(std::size_t v) const;

  // build_run.cc: sharing, locks, the run, its record.
  bool claim(std::size_t v);
  bool follow_claim(std::size_t v);
  void release_claim(std::size_t v);
  bool take_inputs(std::size_t v);
  void take_locks(std::size_t v);
  void locked(std::size_t v);
  void start_run(std::size_t v);
  void ran(std::size_t v, std::vector<ResultPtr> results, base::Nanos at);
  /// The results of the step's previous run, where what it made may be compared with them.
  std::optional<std::vector<ResultPtr>> comparable(std::size_t v) const;
  void record_run(std::size_t v, std::vector<ResultPtr> results, base::Nanos at, bool same);
  Decision decide(std::size_t v);
  /// The earlier record that is likest to the step: it said the same, stood in its place, or did the same.
  std::optional<Record> nearest_record(std::size_t v) const;
  /// `same`: the results are those of the previous record.
  Record make_record(std::size_t v, const std::vector<ResultPtr>& results, bool same);

  const Vertex& vertex(std::size_t v) const { return graph_.vertices[v]; }

  Services services_;
  const Graph& graph_;
  std::vector<Edge> targets_;
  std::shared_ptr<Inbox> inbox_;
  std::stop_source stop_;
  std::vector<State> states_;
  std::deque<std::size_t> worklist_;
  std::vector<char> queued_;
  std::unordered_map<CacheKey, std::size_t> claims_;  ///< who runs, or ran, a resolved key in this build
  std::map<DigestName, DigestJob> digests_;
  std::size_t outstanding_ = 0;  ///< tasks posted whose message has not been handled
  bool stopping_ = false;
  bool cancelled_ = false;
  bool covered_reported_ = false;
  std::optional<base::Error> failure_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;  ///< last: gone before what it touches
};

}  // namespace solve
