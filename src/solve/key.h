// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cache keys, and the canonical encoding they are digests of.
//
// A step has up to three keys, cheapest first:
//
//   definition  H(op, for each input: its definition key, output, selector)
//               known before anything is solved; a hit means that the inputs are never looked at.
//               None when the step or an ancestor is unique; not looked up below a forced step.
//   identity    H(op, for each input: its record's id, output, selector)
//               known once the inputs have records (which need not be loaded).
//   content     as identity, but an input keyed by content counts with its content digest alone,
//               so that an equal result that came another way hits.
//
// The encoding is of our own: every field with its length in front, a name of the kind of key at
// the beginning, never a hash of re-serialised protobuf.
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "solve/op.h"

namespace solve {

/// Under which a record is found.
struct CacheKey {
  base::Digest digest;
  auto operator<=>(const CacheKey&) const = default;
};

/// A digest over fields that cannot run into each other.
class KeyHasher {
 public:
  /// `domain` keeps keys of different kinds apart.
  explicit KeyHasher(std::string_view domain);
  KeyHasher& add(std::string_view field);
  KeyHasher& add(std::int64_t field);
  KeyHasher& add(const base::Digest& field);
  base::Digest finish();

 private:
  void add_length(std::uint64_t length);

  base::Sha256 hash_;
  std::string waiting_;  ///< short fields, hashed together
};

/// The digest of a recipe; its members count in the order in which they stand.
base::Digest recipe_digest(const base::Json& recipe);

/// How one input entered a key. Exactly one of the two digests is set.
struct KeyedInput {
  base::Digest identity;  ///< definition key or record id of the input
  base::Digest content;   ///< content digest of the selection
  int output = 0;
  std::string selector;
};

enum class KeyKind : std::uint8_t { definition, resolved };

/// The key of a step. Identity and content keys are both `resolved`: without inputs keyed by
/// content they are the same key.
CacheKey make_key(KeyKind kind, const base::Digest& op, const std::vector<KeyedInput>& inputs);

/// The readable form of a resolved key: {"op": …, "inputs": [{"record"|"content": …, "output", "selector"}]}.
base::Json key_recipe(const base::Json& op_recipe, const std::vector<KeyedInput>& inputs);

/// Where two recipes differ; `before` or `now` is null where a member is missing.
struct Difference {
  std::string path;  ///< "op.args.2", "inputs.1.content"
  base::Json before;
  base::Json now;
};

/// The differences between two recipes, in document order, at most `limit`.
std::vector<Difference> diff_recipes(const base::Json& before, const base::Json& now, std::size_t limit = 16);

}  // namespace solve

template <>
struct std::hash<solve::CacheKey> {
  std::size_t operator()(const solve::CacheKey& key) const noexcept { return std::hash<base::Digest>()(key.digest); }
};
