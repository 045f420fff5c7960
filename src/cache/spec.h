// SPDX-License-Identifier: Apache-2.0
#pragma once
// The values of --cache-to and --cache-from.
//
//     parse_export("type=registry,ref=registry.example/app:cache,mode=max")
//     parse_import("registry.example/app:cache")                     // type=registry
//     parse_import("type=local,src=./cache")
//
// As docker buildx takes them; an unknown type or attribute is an error that names the near one.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "layer/compress.h"
#include "oci/media_type.h"

namespace cache {

enum class Type : std::uint8_t { registry, local, inlined };

/// min: the layers of the result. max: of every step that was needed for it.
enum class Mode : std::uint8_t { min, max };

struct ExportSpec {
  Type type = Type::registry;
  Mode mode = Mode::min;
  std::string ref;             ///< registry
  std::string dest;            ///< local
  std::string tag = "latest";  ///< local
  bool image_manifest = true;
  bool oci_mediatypes = true;
  bool ignore_error = false;
  bool insecure = false;
  layer::Compression compression = layer::Compression::gzip;
  std::optional<int> level;
  bool force_compression = false;
  std::vector<std::string> mounts;  ///< ids of cache mounts that go along
};

struct ImportSpec {
  Type type = Type::registry;
  std::string ref;
  std::string src;
  std::string tag;     ///< local; "" = latest, or the only one
  std::string digest;  ///< local: this manifest whatever it is called
  bool insecure = false;
};

ExportSpec parse_export(std::string_view text);
ImportSpec parse_import(std::string_view text);

/// For titles of steps: "registry.example/app:cache", "./cache".
std::string describe(const ExportSpec& spec);
std::string describe(const ImportSpec& spec);

}  // namespace cache
