// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a step reads of an input, and the digest of exactly that.
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "ops/listing.h"
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

/// The store's listings of what content digests were made of.
Listings listings_of(const store::Store& store);

/// Digests of what a step reads of its inputs. Of a live directory it also keeps what it saw, to notice
/// edits made before the step was done: a record must never name bytes that were not the ones that were
/// hashed. One object per op; its calls do not overlap.
class ContentDigests {
 public:
  /// A local directory is looked at here, through the context index; frozen layers by the helper. Edits
  /// meanwhile make it look again, and in the end throw aborted.
  base::Digest digest(std::size_t input, const solve::Result& result, const std::vector<Selection>& selections,
                      const Services& services, const std::stop_token& stop);

  /// What BuildKit calls the same selection, see buildkit_content.h.
  static std::vector<base::Digest> common(const solve::Result& result, const std::vector<Selection>& selections,
                                          const Services& services, const std::stop_token& stop);

  /// After the last read of the input. Throws aborted when the selection of a live directory changed since
  /// digest().
  void verify(std::size_t input, const solve::Result& result, const std::vector<Selection>& selections,
              const Services& services, const std::stop_token& stop) const;

 private:
  struct Seen {
    base::Digest identity;
    std::optional<base::Digest> content;  ///< where stamps prove nothing: compared as well
  };
  std::map<std::size_t, Seen> seen_;
};

}  // namespace ops
