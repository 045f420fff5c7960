// SPDX-License-Identifier: Apache-2.0
#pragma once
// Image references: [domain/]path[:tag][@digest], with Docker's defaults filled in.
//
//     oci::Reference::parse("alpine").str()             // "docker.io/library/alpine"
//     oci::Reference::parse("alpine").tagged().str()    // "docker.io/library/alpine:latest"
//     oci::Reference::parse("docker.io/library/alpine:3").familiar()   // "alpine:3"
//
// A value, immutable in practice; equal references have equal parts.
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace oci {

struct Reference {
  std::string domain;  ///< "docker.io", "localhost:5000" …
  std::string path;    ///< "library/alpine"
  std::string tag;     ///< "" when absent
  base::Digest digest;

  /// Throws invalid_argument: "invalid reference format", upper case, too long, a bare 64-digit hex name.
  static Reference parse(std::string_view text);
  /// Nothing instead of an error.
  static std::optional<Reference> parse_if_valid(std::string_view text);

  /// "domain/path".
  std::string name() const;
  /// name[:tag][@digest], in full.
  std::string str() const;
  /// As str(), without docker.io/ and library/, as people write it.
  std::string familiar() const;
  std::string familiar_name() const;
  /// With tag "latest" when it has neither tag nor digest.
  Reference tagged() const;
  /// What a registry is asked for: the digest if there is one, else the tag, else "latest".
  std::string object() const;

  bool operator==(const Reference&) const = default;
};

/// True for [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}.
bool is_valid_tag(std::string_view tag);

}  // namespace oci
