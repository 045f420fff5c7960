// SPDX-License-Identifier: Apache-2.0
// Commands that bring images in and out: pull, push, load, save.
#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/house.h"
#include "cli/interrupt.h"
#include "cli/print_line.h"
#include "cli/stored_image.h"
#include "layer/archive.h"
#include "oci/layout.h"
#include "oci/media_type.h"
#include "output/archive.h"
#include "output/destination.h"
#include "output/push.h"

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

/// An index of which only some images are here cannot be handed on; the one image that is here can.
output::AssembledImage pushable(output::AssembledImage image, const std::string& name) {
  if (oci::is_manifest_type(image.root.media_type)) return image;
  const base::Json index = base::Json::parse(image.bytes(image.root.digest));
  std::vector<oci::Descriptor> here;
  for (const auto& entry : index["manifests"].items()) {
    const auto descriptor = oci::descriptor_from_json(entry);
    const auto& documents = image.documents;
    const bool known = std::any_of(documents.begin(), documents.end(), [&](const auto& document) {
      return document.descriptor.digest == descriptor.digest;
    });
    if (known) here.push_back(descriptor);
  }
  if (here.size() == index["manifests"].items().size()) return image;
  if (here.size() != 1) {
    base::fail(base::Code::not_found, "only {} of the {} images of {} are in the store", here.size(),
               index["manifests"].items().size(), name);
  }
  std::fprintf(stderr, "note: only the image for %s is in the store, and is pushed without its index\n",
               here[0].platform ? oci::format_platform(*here[0].platform).c_str() : "this machine");
  const base::Digest root = std::exchange(image.root, here[0]).digest;
  std::erase_if(image.documents, [&](const auto& document) { return document.descriptor.digest == root; });
  return image;
}

}  // namespace

int run_push(const std::string& root, const PushOptions& options) {
  const Interrupt interrupt;
  House house(root, StoreAccess::shared);
  const auto image = house.images().get(options.image);
  const auto target = oci::Reference::parse(options.target.empty() ? image.name : options.target).tagged();
  const auto parts = pushable(assembled(image, house), options.image);
  const auto repository = house.registry().repository(target);
  output::push_image(
      parts, *repository, target.object(), house.store().content(), pulled_blobs(target, house),
      [](const base::Digest&, std::uint64_t, std::uint64_t) {}, interrupt.token());
  print_line(target.familiar() + "@" + parts.root.digest.str());
  return 0;
}

int run_save(const std::string& root, const SaveOptions& options) {
  const Interrupt interrupt;
  House house(root, StoreAccess::shared);
  std::vector<output::NamedImage> images;
  for (const auto& text : options.images) {
    const auto image = house.images().get(text);
    images.push_back({assembled(image, house), {image.name}});
  }
  const auto destination = output::open_destination(options.output, options.format);
  output::write_archive_of(images, options.format != "oci", house.store().content(), destination->sink(),
                           interrupt.token());
  destination->commit();
  return 0;
}

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
