// SPDX-License-Identifier: Apache-2.0
#pragma once
// Image references, normalised as Docker does: "ubuntu" is "docker.io/library/ubuntu".
//
//     auto ref = llb::ImageReference::parse("alpine@sha256:…");   // throws invalid_argument
//     ref.with_default_tag().text();                                // ":latest" only without tag and digest
//     ref.familiar();                                               // the short form people write
#include <string>
#include <string_view>

namespace llb {

struct ImageReference {
  std::string domain;  ///< "docker.io"
  std::string path;    ///< "library/ubuntu"
  std::string tag;     ///< "" = none
  std::string digest;  ///< "sha256:…", "" = none

  /// Throws invalid_argument with the reason ("invalid reference format: …").
  static ImageReference parse(std::string_view text);

  /// "domain/path"
  std::string name() const { return domain.empty() ? path : domain + "/" + path; }
  /// Name, tag and digest.
  std::string text() const;
  /// text() without what Docker implies: "docker.io/" and "library/".
  std::string familiar() const;
  /// familiar() without tag and digest.
  std::string familiar_name() const;
  /// Adds ":latest" when there is neither tag nor digest.
  ImageReference with_default_tag() const;
  bool name_only() const { return tag.empty() && digest.empty(); }
  bool operator==(const ImageReference&) const = default;
};

}  // namespace llb
