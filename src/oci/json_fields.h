// SPDX-License-Identifier: Apache-2.0
#pragma once
// Typed access to the members of a JSON object from outside: wrong types are errors that name the member.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"

namespace oci {

/// Members of one object; absent and null ones read as empty. Throws invalid_argument for wrong types.
class Fields {
 public:
  /// `what` names the object in error texts. Throws when `json` is no object.
  Fields(const base::Json& json, std::string_view what);

  std::string text(std::string_view name) const;
  /// A digest that must be there.
  base::Digest digest(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  std::map<std::string, std::string> text_map(std::string_view name) const;
  /// Elements of a list with at most `limit` of them.
  const base::Json::Array& list(std::string_view name, std::size_t limit) const;

 private:
  [[noreturn]] void wrong(std::string_view name, std::string_view want) const;
  const base::Json& json_;
  std::string_view what_;
};

}  // namespace oci
