// SPDX-License-Identifier: Apache-2.0
#include "oci/transport.h"

#include <algorithm>

#include "base/strings.h"

namespace oci {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && base::lower(a) == base::lower(b);
}

}  // namespace

void HttpHeaders::add(std::string_view name, std::string_view value) {
  lines_.emplace_back(std::string(name), std::string(base::trim(value)));
}

void HttpHeaders::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void HttpHeaders::remove(std::string_view name) {
  std::erase_if(lines_, [&](const auto& line) { return same_name(line.first, name); });
}

std::optional<std::string> HttpHeaders::find(std::string_view name) const {
  for (const auto& [key, value] : lines_) {
    if (same_name(key, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string> HttpHeaders::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : lines_) {
    if (same_name(key, name)) values.push_back(value);
  }
  return values;
}

BodySink::Next BodySink::head(const HttpResponse&) { return Next::more; }

}  // namespace oci
