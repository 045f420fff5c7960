// SPDX-License-Identifier: Apache-2.0
#pragma once
// Package URLs (purl): one line that names a package, an image or a file of any ecosystem.
//
//     attest::image_purl(oci::Reference::parse("busybox"), "linux/amd64")
//         // "pkg:docker/busybox@latest?platform=linux%2Famd64"
//     attest::purl({.type = "deb", .name_space = "debian", .name = "zlib1g", .version = "1:1.2.13"})
//
// Source: github.com/package-url/purl-spec.
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "oci/reference.h"

namespace attest {

struct PackageUrl {
  std::string type;        ///< "deb", "npm", "docker", lower case
  std::string name_space;  ///< "debian", "@scope", "a/b"; "" = none
  std::string name;
  std::string version;
  std::map<std::string, std::string> qualifiers;  ///< empty values are left out
};

std::string purl(const PackageUrl& url);
/// Nothing for what is none. Fragments (subpaths) are left out.
std::optional<PackageUrl> parse_purl(std::string_view text);

/// Of an image: by its tag ("latest" when it has neither), and by its digest when the reference has one.
/// `type` is docker, or oci for images of a local layout; `platform` "" = none.
std::string image_purl(const oci::Reference& reference, std::string_view platform, std::string_view type = "docker");

}  // namespace attest
