// SPDX-License-Identifier: Apache-2.0
#pragma once
// A component of an image: one package of some ecosystem, or a file whose origin is known.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace attest {

/// runtime: in the image. build: used on the way, left behind.
enum class Scope : std::uint8_t { runtime, build };

struct Component {
  std::string type;        ///< of its package URL: deb, apk, rpm, npm, pypi, gem, golang, cargo, maven, generic
  std::string name_space;  ///< "debian", "@scope", "org.apache"; "" = none
  std::string name;
  std::string version;
  std::map<std::string, std::string> qualifiers;  ///< of its package URL
  std::string license;                            ///< an SPDX expression, or "" when nothing is declared
  std::string supplier;                           ///< maintainer or author as declared
  std::string source;                             ///< source package, "name@version"
  std::string found_in;                           ///< the database or file that names it, below the root
  Scope scope = Scope::runtime;
  std::string stage;        ///< of a build component: the stage it was in
  std::string step;         ///< the step that brought it in, as the build shows it; "" = the base image or unknown
  std::int64_t layer = -1;  ///< number of the layer that brought it in, from 0; -1 = unknown
  std::vector<std::string> copied;  ///< of a traced component: the image's files that come from it

  std::string purl() const;
  /// Equal keys: the same component.
  std::string key() const { return purl() + (scope == Scope::build ? "\n" + stage : ""); }
};

/// The stage of what was found in the build context. BuildKit reserves this name.
inline constexpr std::string_view kContextStage = "context";

using Components = std::vector<Component>;

base::Json to_json(const Component& component);
Component component_from_json(const base::Json& json);

}  // namespace attest
