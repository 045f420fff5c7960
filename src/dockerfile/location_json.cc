// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/location_json.h"

namespace dockerfile {
namespace {

base::Json point_json(const base::SourcePoint& point) {
  auto json = base::Json::object();
  json.set_nonempty("line", point.line).set_nonempty("character", point.character);
  return json;
}

}  // namespace

base::Json location_json(const Ranges& ranges) {
  auto list = base::Json::array();
  for (const auto& range : ranges) {
    list.push(base::Json::object().set("start", point_json(range.start)).set("end", point_json(range.end)));
  }
  auto json = base::Json::object();
  json.set_nonempty("ranges", std::move(list));
  return json;
}

}  // namespace dockerfile
