// SPDX-License-Identifier: Apache-2.0
#include "solve/op.h"

#include <utility>

#include "base/error.h"
#include "solve/key.h"

namespace solve {

CacheMap CacheMap::of(base::Json recipe, std::vector<InputKey> inputs) {
  CacheMap map;
  map.digest = recipe_digest(recipe);
  map.recipe = std::move(recipe);
  map.inputs = std::move(inputs);
  return map;
}

base::Digest Op::content_digest(std::size_t input, const Result&, std::stop_token) {
  base::fail(base::Code::internal, "input {} has no content digest", input);
}

bool Op::same_outcome(const std::vector<ResultPtr>&, const std::vector<ResultPtr>&, std::stop_token) { return false; }

std::optional<base::Digest> Op::result_digest(const std::vector<ResultPtr>&) { return std::nullopt; }

std::vector<base::Digest> Op::common_content(std::size_t, const Result&, std::stop_token) { return {}; }

}  // namespace solve
