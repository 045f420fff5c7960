// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a step reads of an input, and the digest of exactly that.
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "ops/services.h"
#include "solve/op.h"

namespace ops {

/// One selected path of an input, with everything that decides which files below it count.
struct Selection {
  std::string path;  ///< may hold wildcards when `wildcard`
  bool wildcard = false;
  bool follow_links = false;
  std::vector<std::string> includes;
  std::vector<std::string> excludes;

  /// The tree at a path, whole.
  static Selection whole(std::string path) { return {.path = std::move(path), .follow_links = true}; }
  bool operator==(const Selection&) const = default;
};

base::Json to_json(const Selection& selection);
Selection selection_from_json(const base::Json& json);

/// Digest of the selected content of a result. A local directory is hashed here, frozen layers by
/// the helper; what was once computed for layers is kept in the store.
base::Digest digest_selections(const solve::Result& result, const std::vector<Selection>& selections,
                               const Services& services, const std::stop_token& stop);

/// What a step knows of a live directory at the moment it hashed it, to notice edits made before the
/// copy was done: a record must never name bytes that were not the ones that were hashed.
class ContextGuard {
 public:
  /// Before hashing. Frozen results need no guard.
  void remember(std::size_t input, const solve::Result& result, const std::vector<Selection>& selections,
                const std::stop_token& stop);
  /// After copying. Throws aborted when a remembered selection changed since.
  void verify(std::size_t input, const solve::Result& result, const std::vector<Selection>& selections,
              const std::stop_token& stop) const;

 private:
  std::map<std::size_t, base::Digest> seen_;
};

}  // namespace ops
