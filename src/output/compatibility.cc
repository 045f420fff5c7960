// SPDX-License-Identifier: Apache-2.0
#include "output/compatibility.h"

#include "base/error.h"
#include "base/unicode.h"

namespace output {

int parse_compatibility_version(std::string_view text) {
  for (const int version : {kCompatibility013, kCompatibility015, kCompatibility031}) {
    if (text == std::to_string(version)) return version;
  }
  base::fail(base::Code::invalid_argument, "unsupported compatibility-version {}: there are {}, {} and {}",
             base::quote(text), kCompatibility013, kCompatibility015, kCompatibility031);
}

void set_defaults(Spec& spec, int version, Attested attested) {
  if (spec.type != Type::image && spec.type != Type::oci && spec.type != Type::docker) return;
  if (version == kCompatibility013 && spec.compression.kind == layer::Compression::zstd) {
    base::fail(base::Code::invalid_argument,
               "unsupported compatibility-version {} feature {} exporter compression=zstd", version,
               type_name(spec.type));
  }
  const bool is_current = version >= kCompatibility031;
  if (!spec.oci_mediatypes) {
    spec.oci_mediatypes = is_current || spec.type == Type::oci || attested == Attested::yes;
  }
  // A referrer is nothing without its subject; no version of BuildKit writes any.
  if (!spec.oci_artifact) spec.oci_artifact = spec.attestations_as_referrers || (is_current && *spec.oci_mediatypes);
  check_media_types(spec);
}

}  // namespace output
