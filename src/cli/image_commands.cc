// SPDX-License-Identifier: Apache-2.0
// Commands on the image store: images, inspect, history, tag, rmi, save, pull.
#include <cstdio>

#include "base/error.h"
#include "base/strings.h"
#include "cli/attached.h"
#include "cli/commands.h"
#include "cli/house.h"
#include "cli/interrupt.h"
#include "output/archive.h"

namespace cli {
namespace {

/// "3 hours ago" for lists.
std::string age(base::Nanos time) {
  const auto seconds = (base::system_clock().now() - time) / base::kSecond;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return base::format("{} minutes ago", seconds / 60);
  if (seconds < 86400) return base::format("{} hours ago", seconds / 3600);
  return base::format("{} days ago", seconds / 86400);
}

std::string familiar(const std::string& name) { return oci::Reference::parse(name).familiar(); }

void print_image(const images::ImageDetails& details, const ImagesOptions& options) {
  const auto& image = details.image;
  const std::string id = details.documents.manifest.config.digest.short_hex();
  if (options.quiet) {
    std::printf("%s\n", id.c_str());
  } else if (options.json) {
    base::Json json = base::Json::object();
    json.set("name", familiar(image.name)).set("id", details.documents.manifest.config.digest.str());
    json.set("digest", image.root.digest.str()).set("origin", images::origin_name(image.origin));
    json.set("size", details.size).set("named", base::format_rfc3339(image.created));
    std::printf("%s\n", json.dump().c_str());
  } else {
    std::printf("%-44s %-14s %-16s %s\n", familiar(image.name).c_str(), id.c_str(), age(image.created).c_str(),
                base::human_size(details.size).c_str());
  }
}

}  // namespace

int run_images(const std::string& root, const ImagesOptions& options) {
  House house(root, StoreAccess::shared);
  if (!options.json && !options.quiet) std::printf("%-44s %-14s %-16s %s\n", "IMAGE", "ID", "MADE", "SIZE");
  for (const auto& image : house.images().list()) {
    try {
      print_image(house.images().details(image), options);
    } catch (const base::Error& error) {
      std::fprintf(stderr, "%s is damaged: %s; build or pull it again, or remove it with 'slipway rmi'\n",
                   familiar(image.name).c_str(), error.text().c_str());
    }
  }
  return 0;
}

namespace {

constexpr std::size_t kMaxStatement = 256U << 20;

/// Statements of the attestation manifests in an image's index, one a line.
std::optional<images::Image> image_here(const std::string& name, House& house) {
  try {
    return house.images().get(name);
  } catch (const base::Error& error) {
    if (error.code() == base::Code::not_found) return std::nullopt;
    throw;
  }
}

/// What the image's own index in the store names.
std::vector<std::string> stored_statements(const images::Image& image, House& house) {
  const auto& content = house.store().content();
  std::vector<std::string> statements;
  const base::Json root = base::Json::parse(content.read(image.root.digest, kMaxStatement));
  for (const auto& entry : root["manifests"].items()) {
    if (entry["annotations"]["vnd.docker.reference.type"].string_or("") != "attestation-manifest") continue;
    const auto manifest =
        base::Json::parse(content.read(base::Digest::parse_or_throw(entry["digest"].as_string()), kMaxStatement));
    for (const auto& layer : manifest["layers"].items()) {
      statements.push_back(content.read(base::Digest::parse_or_throw(layer["digest"].as_string()), kMaxStatement));
    }
  }
  return statements;
}

/// Of an image that is here, and otherwise, or where a registry may know more of what it had from there, of the
/// registry's.
int print_attestations(const std::string& name, House& house) {
  const auto image = image_here(name, house);
  std::vector<std::string> statements;
  if (image) statements = stored_statements(*image, house);
  if (statements.empty() && (!image || image->origin == images::Origin::pulled)) {
    const Interrupt interrupt;
    const auto reference = oci::Reference::parse(name).tagged();
    const auto repository = house.registry().repository(reference);
    const auto root = image ? image->root : repository->resolve(reference.object(), interrupt.token());
    statements = attached_statements(*repository, root, std::nullopt, interrupt.token());
  }
  for (const auto& statement : statements) std::printf("%s\n", statement.c_str());
  return 0;
}

}  // namespace

int run_inspect(const std::string& root, const InspectOptions& options) {
  House house(root, StoreAccess::shared);
  if (options.attestations) return print_attestations(options.image, house);
  const auto details = house.images().details(house.images().get(options.image));
  if (options.raw_config) {
    std::fwrite(details.documents.config.raw.data(), 1, details.documents.config.raw.size(), stdout);
    return 0;
  }
  base::Json json = base::Json::object();
  json.set("name", familiar(details.image.name)).set("digest", details.image.root.digest.str());
  json.set("id", details.documents.manifest.config.digest.str()).set("size", details.size);
  json.set("origin", images::origin_name(details.image.origin));
  json.set("platform", oci::format_platform(details.documents.config.platform));
  json.set("manifest", base::Json::parse(details.documents.manifest.raw));
  json.set("config", details.documents.config.json);
  std::printf("%s\n", json.dump(2).c_str());
  return 0;
}

int run_history(const std::string& root, const HistoryOptions& options) {
  House house(root, StoreAccess::shared);
  const auto details = house.images().details(house.images().get(options.image));
  const auto& layers = details.documents.manifest.layers;
  std::size_t layer = 0;
  if (!options.json) std::printf("%-10s %s\n", "SIZE", "CREATED BY");
  for (const auto& entry : details.documents.config.history) {
    const std::uint64_t size = entry.empty_layer || layer >= layers.size() ? 0 : layers[layer++].size;
    if (options.json) {
      base::Json json = base::Json::object();
      json.set("created_by", entry.created_by).set("created", entry.created).set("size", size);
      json.set("empty_layer", entry.empty_layer).set("comment", entry.comment);
      std::printf("%s\n", json.dump().c_str());
      continue;
    }
    std::string text = base::replace_all(entry.created_by, "\n", " ");
    if (!options.full && text.size() > 100) text = text.substr(0, 97) + "...";
    std::printf("%-10s %s\n", entry.empty_layer ? "-" : base::human_size(size).c_str(), text.c_str());
  }
  return 0;
}

int run_tag(const std::string& root, const TagOptions& options) {
  House house(root, StoreAccess::shared);
  images::Image image = house.images().get(options.image);
  image.name = output::normalized_names({options.name}).at(0);
  image.created = 0;
  // A name given here is ours: no registry is to be asked what it means.
  if (image.origin == images::Origin::pulled) image.origin = images::Origin::loaded;
  house.images().put(image);
  return 0;
}

int run_remove_images(const std::string& root, const RemoveImageOptions& options) {
  House house(root, StoreAccess::shared);
  for (const auto& text : options.images) {
    const auto image = house.images().get(text);
    house.images().remove(image.name);
    std::printf("removed %s\n", familiar(image.name).c_str());
  }
  return 0;
}

}  // namespace cli
