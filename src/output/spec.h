// SPDX-License-Identifier: Apache-2.0
#pragma once
// The value of one -o/--output flag: what to write, how, and where.
//
//     output::parse_spec("type=oci,dest=app.tar,compression=zstd,annotation.org.example=1")
//     output::parse_spec("./out")     // type=local,dest=./out
//     output::parse_spec("-")         // type=tar,dest=-
//
// The text is a CSV record of key=value, as docker buildx takes it; keys are case-insensitive but
// for the names of annotations. An unknown type, attribute or value is an error that names the near one.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "layer/compress.h"
#include "oci/media_type.h"
#include "output/layer_groups.h"

namespace output {

enum class Type : std::uint8_t { image, oci, docker, tar, local, cacheonly };

/// The flag's name of a type.
std::string_view type_name(Type type);

/// Blobs that exist already go out as they are unless `force` is set.
struct CompressionChoice {
  layer::Compression kind = layer::Compression::gzip;
  std::optional<int> level;
  bool force = false;  ///< blobs of other kinds are converted
};

/// Where an annotation is attached.
enum class AnnotationLevel : std::uint8_t { manifest, manifest_descriptor, index, index_descriptor };

struct AnnotationValue {
  AnnotationLevel level = AnnotationLevel::manifest;
  std::string platform;  ///< "os/arch[/variant]", or "" for all
  std::string key;
  std::string value;
  bool operator==(const AnnotationValue&) const = default;
};

/// An annotation as --annotation takes it: "[level[,level][\[platform\]]:]key=value".
std::vector<AnnotationValue> parse_annotation(std::string_view text);

struct Spec {
  Type type = Type::local;
  std::string dest;                ///< file or directory; "" = none given; "-" = standard output
  std::vector<std::string> names;  ///< name=a,b; "*" stands for what the build says
  CompressionChoice compression;
  std::optional<bool> oci_mediatypes;  ///< the default is true; see compatibility.h
  bool rewrite_timestamp = false;
  std::optional<base::Nanos> source_date_epoch;
  std::vector<AnnotationValue> annotations;
  Grouping grouping;  ///< squash=final|all, layers=max:N

  bool tar = true;                     ///< oci, docker: archive or directory
  std::optional<bool> platform_split;  ///< local, tar: default is "when there are several platforms"
  enum class Mode : std::uint8_t {
    copy,
    remove
  } mode = Mode::copy;  ///< local: remove = delete what is not in the result

  bool push = false;
  bool push_by_digest = false;
  bool insecure = false;
  bool store = true;
  bool unpack = false;
  bool name_canonical = false;
  std::string dangling_name_prefix;
  bool dangling_only_without_name = false;
  std::optional<bool> inline_attestations;  ///< also those that are inline-only; the default is true for type=image
  std::optional<bool> oci_artifact;
  bool attestations_as_referrers = false;
  bool prefer_nondistributable_layers = false;
  std::string attestation_prefix;

  oci::Dialect dialect() const { return oci_mediatypes.value_or(true) ? oci::Dialect::oci : oci::Dialect::docker; }
  bool to_stdout() const { return dest == "-"; }
  bool is_directory() const { return type == Type::local || (!tar && (type == Type::oci || type == Type::docker)); }
};

/// Throws invalid_argument; the message quotes the flag's text.
Spec parse_spec(std::string_view text);

/// Refuses what Docker's media types cannot say. Throws invalid_argument.
void check_media_types(const Spec& spec);

/// Checks what several -o flags together must obey (at most one to standard output). Throws.
void validate(const std::vector<Spec>& specs);

}  // namespace output
