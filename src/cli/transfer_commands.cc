// SPDX-License-Identifier: Apache-2.0
// Commands that bring images in: pull, load.
#include <fcntl.h>

#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/house.h"
#include "cli/interrupt.h"
#include "layer/archive.h"
#include "oci/layout.h"

namespace cli {
namespace {

/// Fetches everything below a root that this machine can use and names it.
std::string take_image(oci::ImageSource& source, const oci::Descriptor& root, const oci::Platform& platform,
                       const std::string& name, images::Origin origin, House& house, const std::stop_token& stop) {
  auto& content = house.store().content();
  const auto image = oci::resolve_image(source, root, oci::PlatformMatcher::runs_on(platform), stop);
  oci::fetch_layers(source, image.manifest.layers, content, {}, stop);
  content.put(image.config.raw);
  content.put(image.manifest.raw);
  if (root.digest != image.manifest_descriptor.digest) content.put(source.fetch_manifest(root, stop));
  house.images().put({.name = name, .root = root, .origin = origin});
  return image.manifest.config.digest.str();
}

}  // namespace

int run_pull(const std::string& root, const PullOptions& options) {
  const Interrupt interrupt;
  const auto reference = oci::Reference::parse(options.image).tagged();
  const auto platform = options.platform.empty() ? oci::host_platform() : oci::parse_platform(options.platform);
  House house(root, StoreAccess::shared);
  const auto source = house.registry().repository(reference);
  const auto descriptor = source->resolve(reference.object(), interrupt.token());
  const std::string id =
      take_image(*source, descriptor, platform, reference.str(), images::Origin::pulled, house, interrupt.token());
  std::printf("%s\n", id.c_str());
  return 0;
}

int run_load(const std::string& root, const LoadOptions& options) {
  const Interrupt interrupt;
  House house(root, StoreAccess::shared);
  const base::TemporaryDirectory scratch("load-", house.store().root());
  // Standard input cannot be looked at twice, so it is spooled first.
  std::string path = options.input;
  if (path == "-") {
    path = scratch.path() + ".tar";
    const base::Fd spool = base::open_file(path, O_WRONLY | O_CREAT, 0600);
    char buffer[1 << 16];
    while (const auto got = base::read_up_to(0, buffer, sizeof buffer)) {
      base::write_all(spool.get(), std::string_view(buffer, got));
    }
  }
  {
    const base::Fd file = base::open_file(path, O_RDONLY);
    if (path != options.input) base::remove_tree(path);
    layer::UnpackOptions unpack;
    unpack.owners = layer::Owners::squash;
    unpack.devices = layer::Devices::skip;
    base::with_context(
        [&] {
          layer::unpack_archive(file.get(), base::open_directory(scratch.path()).get(), unpack, interrupt.token());
        },
        "loading {}", options.input);
  }
  oci::Layout layout(scratch.path());
  for (const auto& entry : layout.index().manifests) {
    const auto named = entry.annotations.find(std::string(oci::kAnnotationImageName));
    if (named == entry.annotations.end()) {
      base::fail(base::Code::invalid_argument, "{} holds an image without a name", options.input);
    }
    const auto reference = oci::Reference::parse(named->second).tagged();
    take_image(layout, entry, oci::host_platform(), reference.str(), images::Origin::loaded, house, interrupt.token());
    std::printf("loaded %s\n", reference.familiar().c_str());
  }
  return 0;
}

}  // namespace cli
