// SPDX-License-Identifier: Apache-2.0
#include "attest/licenses.h"
#include "attest/package_readers.h"

#include "targets.h"

namespace fuzz {

/// The first line says which reader gets the rest.
void packages(std::string_view input) {
  const auto [reader, rest] = first_line(input);
  const attest::Distribution distribution{"debian", "12"};
  const std::string_view bytes = rest;
  attest::Components found;
  std::map<std::string, std::string> files;
  const attest::ReadAt read = [bytes](std::uint64_t offset, std::size_t size) {
    return offset >= bytes.size() ? std::string() : std::string(bytes.substr(offset, size));
  };
  if (reader == "dpkg") attest::read_dpkg_status(bytes, distribution, found);
  if (reader == "apk") attest::read_apk_installed(bytes, distribution, found, files);
  if (reader == "rpm") attest::read_rpm_file(read, bytes.size(), distribution, found);
  if (reader == "rpm-header") attest::read_rpm_header(bytes, distribution, found);
  if (reader == "npm") attest::read_package_json(bytes, found);
  if (reader == "python") attest::read_python_metadata(bytes, found);
  if (reader == "gem") attest::read_gemspec(bytes, found);
  if (reader == "program") attest::read_program(read, bytes.size(), found);
  if (reader == "jar") attest::read_jar(read, bytes.size(), "x.jar", found);
  if (attest::is_lock_file(reader)) attest::read_lock_file(reader, bytes, found);
  if (reader == "copyright") attest::debian_licenses(bytes);
  for (const auto& component : found) {
    require(!component.name.empty(), "a package has a name");
    require(component.purl().starts_with("pkg:"), "a package has a URL");
    require(attest::component_from_json(attest::to_json(component)).key() == component.key(),
            "a component survives its JSON");
  }
}

}  // namespace fuzz
