// SPDX-License-Identifier: Apache-2.0
// The exec form, next to the JSON reader of the house.
#include "dockerfile/json_form.h"

#include <algorithm>

#include "base/json.h"

#include "targets.h"

namespace fuzz {

void json_form(std::string_view input) {
  std::optional<std::vector<std::string>> words;
  const bool read = accepted([&] { words = dockerfile::parse_json_form(input); });
  if (input.starts_with("\xef\xbb\xbf")) return;  // a byte order mark is no part of JSON for Go
  base::Json json;
  if (!accepted([&] { json = base::Json::parse(input); }) || !json.is_array()) return;
  if (!std::ranges::all_of(json.items(), &base::Json::is_string)) return;
  require(read && words.has_value(), "an array of strings is an exec form");
  require(*words == json.string_items(), "both readers see the same strings");
}

}  // namespace fuzz
