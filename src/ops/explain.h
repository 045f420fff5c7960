// SPDX-License-Identifier: Apache-2.0
#pragma once
// Why a step ran: the difference between its recipe and that of the nearest earlier record, in the words of the
// Dockerfile (files, arguments, lines, base images) instead of keys.
//
//     Explainer explainer(records, listings);
//     Explanation why = explainer.explain(vertex, decision, inputs);
//     why.note()      // "package-lock.json changed", for the line beside the step
//     why.causes      // all of it, the most telling first
//
// Digests of content are explained by the listings kept with them (listing.h); where one is lost, by the path that was
// selected. An input that is another record is followed until something tells the two apart.
//
// Threads: any. Failure: never; what cannot be explained is said to differ.
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "ops/listing.h"
#include "solve/cache_storage.h"
#include "solve/observer.h"

namespace ops {

enum class CauseKind : std::uint8_t {
  instruction,  ///< the step's own lines
  variable,     ///< an argument or environment variable
  file,         ///< something the step reads of the context or of another stage
  base,         ///< another image behind the same name
  source,       ///< another commit, or another file behind the same URL
  step,         ///< the step it stands on ran again or is another one
  option,       ///< anything else that counts: user, network, mounts, timestamps
};

std::string_view cause_name(CauseKind kind);

/// One difference. `before` and `now` are "" where there was or is nothing.
struct Cause {
  CauseKind kind = CauseKind::option;
  std::string subject;  ///< path, name of the variable, reference of the image, title of the step, name of the option
  std::string before;
  std::string now;
  std::string from;  ///< of a file: the step or context it is read from, "" = the build context
  int line = 0;      ///< where it stands in the Dockerfile; 0 = nowhere
  std::optional<ListedFile> file_before;
  std::optional<ListedFile> file_now;

  /// "package.json changed", "VERSION is new", "golang:1.22 changed".
  std::string text() const;
};

base::Json to_json(const Cause& cause);

struct Explanation {
  solve::RunReason reason = solve::RunReason::never_built;
  std::vector<Cause> causes;
  base::Nanos previous = 0;  ///< when the record it is compared with was made

  /// A few words to stand beside the step, "" where the step is simply new.
  std::string note() const;
};

/// An input of the step in this build.
struct ExplainedInput {
  std::string name;
  bool ran = false;  ///< in this build
};

class Explainer {
 public:
  /// Both outlive the object.
  Explainer(solve::CacheStorage& records, const Listings& listings) : records_(records), listings_(listings) {}

  /// `inputs` in the order of the vertex's; `first_line` is that of vertex.source in its Dockerfile, `dockerfile` the
  /// whole text or "".
  Explanation explain(const solve::Vertex& vertex, const solve::Decision& decision,
                      const std::vector<ExplainedInput>& inputs, int first_line = 0,
                      std::string_view dockerfile = "") const;

 private:
  solve::CacheStorage& records_;
  const Listings& listings_;
};

}  // namespace ops
