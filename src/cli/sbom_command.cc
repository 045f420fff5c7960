// SPDX-License-Identifier: Apache-2.0
// slipway sbom: the bill of materials of an image that is there already, or the difference of two.
#include <cstdio>

#include "attest/sbom.h"
#include "attest/statement.h"
#include "base/error.h"
#include "cli/attestations.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/only_image.h"
#include "cli/print_line.h"
#include "progress/display.h"
#include "progress/error_report.h"

namespace cli {
namespace {

attest::Components read_components(const std::string& root, const std::string& name, const SbomOptions& options,
                                   const std::stop_token& stop) {
  BuildOptions build;
  build.context = ".";
  build.offline = options.offline;
  const auto display = progress::start_display({});
  try {
    BuildSession session(root, build, *display);
    const auto built = session.build({only_image(name, options.platform)}, BuildSession::Need::filesystems, stop);
    auto components = components_of(built.front(), session, stop);
    display->finish();
    return components;
  } catch (...) {
    display->finish();
    throw;
  }
}

void print_table(const attest::Components& components) {
  for (const auto& component : components) {
    print_line(base::format("{:<8} {:<40} {:<32} {}", component.type,
                            component.name_space.empty() || component.type == "deb"
                                ? component.name
                                : component.name_space + "/" + component.name,
                            component.version, component.license.empty() ? "-" : component.license));
  }
}

}  // namespace

int run_sbom(const std::string& root, const SbomOptions& options) {
  const Interrupt interrupt;
  const auto components = read_components(root, options.image, options, interrupt.token());
  if (!options.compare_with.empty()) {
    const auto before = read_components(root, options.compare_with, options, interrupt.token());
    for (const auto& change : attest::compare_bills(before, components)) print_line(attest::format_change(change));
    return 0;
  }
  attest::BilledImage image;
  image.name = options.image;
  image.created = base::system_clock().now();
  image.tool_version = SLIPWAY_VERSION;
  if (options.format == "table") {
    print_table(components);
  } else {
    const auto document = options.format == "cyclonedx" ? attest::cyclonedx_document(image, components)
                                                        : attest::spdx_document(image, components);
    std::printf("%s\n", document.dump(2).c_str());
  }
  return 0;
}

}  // namespace cli
