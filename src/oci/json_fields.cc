// SPDX-License-Identifier: Apache-2.0
#include "oci/json_fields.h"

#include "base/error.h"

namespace oci {

Fields::Fields(const base::Json& json, std::string_view what) : json_(json), what_(what) {
  if (!json.is_object()) base::fail(base::Code::invalid_argument, "a {} is not a JSON object", what);
}

void Fields::wrong(std::string_view name, std::string_view want) const {
  base::fail(base::Code::invalid_argument, "member \"{}\" of a {} is not {}", name, what_, want);
}

std::string Fields::text(std::string_view name) const {
  const base::Json& value = json_[name];
  if (value.is_null()) return "";
  if (!value.is_string()) wrong(name, "text");
  return value.as_string();
}

base::Digest Fields::digest(std::string_view name) const {
  const base::Json& value = json_[name];
  if (!value.is_string()) wrong(name, "a digest");
  const auto digest = base::Digest::parse(value.as_string());
  if (digest) return *digest;
  base::fail(base::Code::invalid_argument, "member \"{}\" of a {} is no sha256 digest: \"{}\"", name, what_,
             value.as_string().substr(0, 100));
}

bool Fields::flag(std::string_view name) const {
  const base::Json& value = json_[name];
  if (value.is_null()) return false;
  if (!value.is_bool()) wrong(name, "true or false");
  return value.as_bool();
}

std::vector<std::string> Fields::texts(std::string_view name) const {
  std::vector<std::string> result;
  for (const base::Json& item : list(name, 10'000)) {
    if (!item.is_string()) wrong(name, "a list of texts");
    result.push_back(item.as_string());
  }
  return result;
}

std::map<std::string, std::string> Fields::text_map(std::string_view name) const {
  const base::Json& value = json_[name];
  if (!value.is_null() && !value.is_object()) wrong(name, "an object of texts");
  std::map<std::string, std::string> result;
  for (const auto& [key, item] : value.members()) {
    if (!item.is_string()) wrong(name, "an object of texts");
    result[key] = item.as_string();
  }
  return result;
}

const base::Json::Array& Fields::list(std::string_view name, std::size_t limit) const {
  const base::Json& value = json_[name];
  if (!value.is_null() && !value.is_array()) wrong(name, "a list");
  const auto& items = value.items();
  if (items.size() > limit) {
    base::fail(base::Code::invalid_argument, "member \"{}\" of a {} has {} elements, at most {} are accepted", name,
               what_, items.size(), limit);
  }
  return items;
}

}  // namespace oci
