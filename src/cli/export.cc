// SPDX-License-Identifier: Apache-2.0
#include "cli/export.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>

#include "attest/components_method.h"
#include "attest/noted_files.h"
#include "attest/options.h"
#include "attest/sizes.h"
#include "attest/tree_subjects.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "cli/signing.h"
#include "cli/stored_image.h"
#include "images/image_store.h"
#include "layer/tar_writer.h"
#include "ops/export_layers.h"
#include "ops/mounted_tree.h"
#include "output/archive.h"
#include "output/compatibility.h"
#include "output/destination.h"
#include "output/metadata.h"
#include "output/push.h"
#include "output/rootfs.h"
#include "progress/step.h"

namespace cli {
namespace {

oci::Platform to_oci(const llb::Platform& platform) {
  oci::Platform result;
  result.os = platform.os;
  result.architecture = platform.architecture;
  result.variant = platform.variant;
  result.os_version = platform.os_version;
  result.os_features = platform.os_features;
  return result;
}

ops::ExportOptions layer_options(const output::Spec& spec, std::optional<base::Nanos> epoch) {
  ops::ExportOptions options;
  options.compression = spec.compression.kind;
  if (spec.compression.level) options.level = *spec.compression.level;
  if (spec.compression.force) options.existing = ops::ExportOptions::Existing::convert;
  if (spec.rewrite_timestamp && epoch) options.clamp_mtime = *epoch / base::kSecond;
  return options;
}

/// How many layers of the chain come from the base image.
std::size_t base_layers(const BuiltImage& built) {
  if (built.image.base_config.empty()) return 0;
  return oci::ImageConfig::parse(built.image.base_config).diff_ids.size();
}

std::vector<std::size_t> layer_groups(const BuiltImage& built, const output::Grouping& grouping,
                                      const ops::Services& services) {
  if (grouping == output::Grouping{}) return {};
  std::vector<std::uint64_t> sizes;
  for (const auto& id : built.chain) {
    const auto info = services.snapshots.info(id);
    sizes.push_back(info ? info->size : 0);
  }
  return output::plan_groups(sizes, grouping, base_layers(built));
}

output::ImageToExport describe_image(const BuiltImage& built, const output::Spec& spec,
                                     std::optional<base::Nanos> epoch, const ops::Services& services,
                                     const std::stop_token& stop) {
  output::ImageToExport image;
  image.config = built.image.config;
  image.base_config = built.image.base_config;
  image.platform = to_oci(built.image.platform);
  image.platform_id = built.image.id;
  image.epoch = epoch;
  ops::ExportOptions layers = layer_options(spec, epoch);
  layers.groups = layer_groups(built, spec.grouping, services);
  for (const auto& layer : ops::export_layers(built.chain, layers, services, stop)) {
    output::LayerBlob blob;
    blob.members = layer.members;
    blob.digest = layer.blob.digest;
    blob.size = layer.blob.size;
    blob.diff_id = layer.blob.diff_id;
    blob.media_type = layer.blob.media_type;
    blob.annotations = ops::layer_annotations(layer);
    if (layer.created != 0) blob.created = layer.created;
    image.layers.push_back(std::move(blob));
  }
  image.attestations = built.attestations;
  if (built.inline_cache) {
    std::vector<base::Digest> diff_ids;
    for (const auto& layer : image.layers) diff_ids.push_back(layer.diff_id);
    image.inline_cache = built.inline_cache(diff_ids);
  }
  return image;
}

/// Attestations that are for inline use only are no reason to put an index around a single image.
void drop_inline_only(output::ImageToExport& image, const output::Spec& spec) {
  if (spec.inline_attestations.value_or(spec.type == output::Type::image)) return;
  const bool has_others = std::any_of(image.attestations.begin(), image.attestations.end(),
                                      [](const auto& attestation) { return !attestation.inline_only; });
  if (!has_others) image.attestations.clear();
}

std::vector<std::string> names_of(const output::Spec& spec, const BuildOptions& options) {
  const bool as_the_build_says = spec.names.empty() || spec.names == std::vector<std::string>{"*"};
  const auto& names = as_the_build_says ? options.tags : spec.names;
  if (!spec.push_by_digest) return output::normalized_names(names);
  std::vector<std::string> full;
  for (const auto& name : names) {
    const auto reference = oci::Reference::parse(name);
    if (!reference.tag.empty()) {
      base::fail(base::Code::invalid_argument, "can't push tagged ref {} by digest: leave the tag out", name);
    }
    full.push_back(reference.str());
  }
  return full;
}

/// One line per stage of an export under its own step.
class ExportStep {
 public:
  ExportStep(progress::Sink& sink, std::string name) : step_(sink, base::system_clock(), std::move(name)) {}

  template <typename Body>
  auto part(const std::string& id, Body&& body) {
    return step_.guard([&] { return timed(id, body); });
  }
  void done() { step_.done(); }

 private:
  auto timed(const std::string& id, auto& body) {
    auto transfer = step_.transfer(id);
    transfer.update(0);
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      transfer.done();
    } else {
      auto result = body();
      transfer.done();
      return result;
    }
  }

  progress::Step step_;
};

std::string title(const output::Spec& spec) {
  switch (spec.type) {
    case output::Type::oci: return spec.tar ? "exporting to oci image format" : "exporting to oci image layout";
    case output::Type::docker: return "exporting to docker image format";
    case output::Type::tar: return "exporting to client tarball";
    case output::Type::local: return "exporting to client directory";
    case output::Type::image: return "exporting to image store";
    case output::Type::cacheonly: return "keeping in the cache";
  }
  return "exporting";
}

output::AssembledImage assemble(const std::vector<BuiltImage>& images, const output::Spec& spec,
                                const BuildOptions& options, std::optional<base::Nanos> epoch,
                                const ops::Services& services, ExportStep& step, const std::stop_token& stop) {
  auto described = step.part("exporting layers", [&] {
    std::vector<output::ImageToExport> list;
    for (const auto& built : images) list.push_back(describe_image(built, spec, epoch, services, stop));
    if (list.size() == 1) drop_inline_only(list.front(), spec);
    return list;
  });
  output::AssembleOptions assemble_options;
  assemble_options.dialect = spec.dialect();
  if (spec.prefer_nondistributable_layers) assemble_options.foreign = output::ForeignLayers::keep;
  assemble_options.annotations = spec.annotations;
  for (const auto& text : options.annotations) {
    for (auto& value : output::parse_annotation(text)) assemble_options.annotations.push_back(std::move(value));
  }
  if (images.size() > 1) assemble_options.shape = output::Shape::always_index;
  assemble_options.epoch = epoch;
  assemble_options.names = names_of(spec, options);
  if (spec.attestations_as_referrers) {
    assemble_options.attestations = output::AssembleOptions::Attestations::as_referrers;
  }
  assemble_options.attestation_artifact = spec.oci_artifact.value_or(true);
  auto assembled = output::assemble(described, assemble_options);
  step.part("exporting manifest " + assembled.root.digest.str(), [] {});
  if (assembled.config_digest) step.part("exporting config " + assembled.config_digest->str(), [] {});
  return assembled;
}

void write_archive(const output::AssembledImage& image, const output::Spec& spec, const output::ArchiveOptions& archive,
                   store::ContentStore& content, const std::stop_token& stop) {
  if (!spec.tar) {
    output::write_oci_directory(image, archive, content, spec.dest, stop);
    return;
  }
  const auto destination = output::open_destination(spec.dest, output::type_name(spec.type));
  if (spec.type == output::Type::docker) {
    output::write_docker_archive(image, archive, content, destination->sink(), stop);
  } else {
    output::write_oci_archive(image, archive, content, destination->sink(), stop);
  }
  destination->commit();
}

/// The names an image is kept under: those asked for, and by digest where that was asked for.
std::vector<std::string> stored_names(const output::Spec& spec, const std::vector<std::string>& names,
                                      const base::Digest& root) {
  std::vector<std::string> stored = names;
  if (spec.name_canonical) {
    for (const auto& name : names) {
      if (name.find('@') == std::string::npos) stored.push_back(name + "@" + root.str());
    }
  }
  if (!spec.dangling_name_prefix.empty() && (names.empty() || !spec.dangling_only_without_name)) {
    stored.push_back(spec.dangling_name_prefix + "@" + root.str());
  }
  return stored;
}

void store_image(const output::AssembledImage& image, const std::vector<std::string>& names, House& house) {
  for (const auto& document : image.documents) house.store().content().put(document.bytes);
  for (const auto& name : names) {
    house.images().put({.name = name, .root = image.root, .origin = images::Origin::built});
  }
}

void push_names(const output::AssembledImage& image, const std::vector<std::string>& names, const output::Spec& spec,
                House& house, ExportStep& step, const std::stop_token& stop) {
  for (const auto& name : names) {
    const auto reference = oci::Reference::parse(name);
    if (spec.insecure) house.registry().allow_insecure(reference.domain);
    const auto repository = house.registry().repository(reference);
    step.part("pushing " + reference.familiar(), [&] {
      output::push_image(
          image, *repository, spec.push_by_digest ? "" : reference.object(), house.store().content(),
          pulled_blobs(reference, house), [](const base::Digest&, std::uint64_t, std::uint64_t) {}, stop);
    });
  }
}

std::string platform_prefix(const std::vector<BuiltImage>& images, const BuiltImage& built, const output::Spec& spec) {
  if (!spec.platform_split.value_or(images.size() > 1)) return "";
  return output::platform_prefix(built.image.id.empty() ? llb::format_platform(built.image.platform) : built.image.id);
}

base::Json rootfs_params(const BuiltImage& built, const std::string& prefix, std::optional<base::Nanos> epoch,
                         const output::Spec& spec, const ops::Services& services) {
  base::Json params = base::Json::object();
  params.set("mount", services.snapshots.view(built.chain).to_json()).set("prefix", prefix);
  if (epoch) params.set("epoch", *epoch);
  base::Json files = base::Json::object();
  for (const auto& attestation : built.attestations) {
    if (attestation.inline_only) continue;
    base::Json statement = base::Json::object().set("type", attestation.predicate_type);
    files.set(prefix + spec.attestation_prefix + attestation.file_name,
              std::move(statement.set("predicate", attestation.predicate)));
  }
  return params.set("statements", std::move(files));
}

void write_tar(const std::vector<BuiltImage>& images, const output::Spec& spec, std::optional<base::Nanos> epoch,
               const ops::Services& services, const std::stop_token& stop) {
  const auto destination = output::open_destination(spec.dest, "tar");
  const int fds[] = {destination->fd()};
  base::Json roots = base::Json::array();
  for (const auto& built : images) {
    roots.push(rootfs_params(built, platform_prefix(images, built, spec), epoch, spec, services));
  }
  services.worker.call("rootfs_tar", base::Json::object().set("roots", std::move(roots)), fds, stop);
  destination->commit();
}

void write_local(const std::vector<BuiltImage>& images, const output::Spec& spec, std::optional<base::Nanos> epoch,
                 const ops::Services& services, const std::stop_token& stop) {
  base::make_directories(spec.dest);
  const base::Fd directory = base::open_directory(spec.dest);
  const int fds[] = {directory.get()};
  base::Json roots = base::Json::array();
  for (const auto& built : images) {
    roots.push(rootfs_params(built, platform_prefix(images, built, spec), epoch, spec, services));
  }
  base::Json params = base::Json::object();
  params.set("roots", std::move(roots)).set("remove", spec.mode == output::Spec::Mode::remove);
  services.worker.call("rootfs_copy", params, fds, stop);
}

output::RootfsOptions rootfs_options(const base::Json& params) {
  output::RootfsOptions options;
  options.prefix = params["prefix"].string_or("");
  if (params["epoch"].is_int()) options.epoch = params["epoch"].as_int();
  return options;
}

/// The statements that are to lie beside a root's files, about these files: name and text of each.
std::map<std::string, std::string> statement_files(const base::Json& root, int fd, const std::stop_token& stop) {
  std::map<std::string, std::string> files;
  const auto& wanted = root["statements"].members();
  if (wanted.empty()) return files;
  const auto subjects = attest::subjects_of_tree(fd, stop);
  for (const auto& [name, json] : wanted) {
    files[name] = attest::statement({json["type"].as_string(), json["predicate"], ""}, subjects);
  }
  return files;
}

/// All platforms' roots in one tar.
base::Json rootfs_tar_method(const ops::MethodCall& call) {
  layer::FdSink sink(call.fd(0));
  layer::TarWriter tar(sink);
  for (const auto& root : call.params["roots"].items()) {
    const ops::MountedTree tree(snapshot::MountSpec::from_json(root["mount"]), call.driver(), call.scratch(),
                                call.stop);
    const auto options = rootfs_options(root);
    output::write_rootfs_tar(tree.fd(), tar, options, call.stop);
    for (const auto& [name, text] : statement_files(root, tree.fd(), call.stop)) {
      tar.add({.name = name,
               .mode = 0644,
               .size = text.size(),
               .mtime = options.epoch.value_or(base::system_clock().now()) / base::kSecond});
      tar.write(text);
    }
  }
  tar.finish();
  sink.finish();
  return base::Json::object();
}

/// All platforms' roots into one directory; surplus files are looked for once everything is there.
base::Json rootfs_copy_method(const ops::MethodCall& call) {
  std::vector<std::unique_ptr<ops::MountedTree>> trees;
  std::map<std::string, std::vector<int>> by_prefix;
  for (const auto& root : call.params["roots"].items()) {
    trees.push_back(std::make_unique<ops::MountedTree>(snapshot::MountSpec::from_json(root["mount"]), call.driver(),
                                                       call.scratch(), call.stop));
    const auto options = rootfs_options(root);
    output::copy_rootfs(trees.back()->fd(), call.fd(0), options, call.stop);
    by_prefix[options.prefix].push_back(trees.back()->fd());
  }
  if (call.params["remove"].bool_or(false)) {
    for (const auto& [prefix, roots] : by_prefix) {
      const base::Fd directory = base::open_in_root(call.fd(0), prefix, O_RDONLY | O_DIRECTORY);
      output::remove_surplus(roots, directory.get(), call.stop);
    }
  }
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const auto& root = call.params["roots"].items()[i];
    for (const auto& [name, text] : statement_files(root, trees[i]->fd(), call.stop)) {
      const base::Fd directory = base::open_in_root(call.fd(0), std::string(base::dir_name("/" + name)), O_PATH);
      const std::string last(base::base_name(name));
      ::unlinkat(directory.get(), last.c_str(), 0);  // never through a link of the image's
      const base::Fd file(static_cast<int>(SLIP_SYSCALL(
          ::openat(directory.get(), last.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), "make {}", name)));
      base::write_all(file.get(), text);
    }
  }
  return base::Json::object();
}

}  // namespace

namespace {

/// --squash and --layers, for every output that does not say otherwise itself.
output::Grouping wanted_grouping(const BuildOptions& options) {
  output::Grouping grouping;
  if (!options.squash.empty()) grouping.squash = output::parse_squash(options.squash);
  // buildah's --layers (with nothing, true or false) says what is always so here.
  const bool limited = !options.layers.empty() && options.layers != "true" && options.layers != "false";
  if (limited) grouping.max_layers = output::parse_max_layers(options.layers);
  return grouping;
}

}  // namespace

output::Attested attested_by(const BuildOptions& options) {
  const bool any = attest::parse_wanted(options.attests, options.provenance, options.sbom).any();
  return any ? output::Attested::yes : output::Attested::no;
}

std::vector<output::Spec> wanted_outputs(const BuildOptions& options) {
  std::vector<output::Spec> specs;
  for (const auto& text : options.outputs) specs.push_back(output::parse_spec(text));
  if (options.push && specs.empty()) {
    output::Spec spec;
    spec.type = output::Type::image;
    specs.push_back(spec);
  }
  if (specs.empty() && (!options.tags.empty() || options.load)) {
    output::Spec spec;
    spec.type = output::Type::image;
    specs.push_back(spec);
  }
  const output::Grouping wanted = wanted_grouping(options);
  for (auto& spec : specs) {
    if (spec.type == output::Type::image && options.push) spec.push = true;
    if (spec.grouping == output::Grouping{}) spec.grouping = wanted;
    if (options.reproducible) spec.rewrite_timestamp = true;
    output::set_defaults(spec, options.compatibility_version, attested_by(options));
  }
  output::validate(specs);
  output::normalized_names(options.tags);
  for (const auto& spec : specs) {
    names_of(spec, options);
    if (spec.push && spec.names.empty() && options.tags.empty()) {
      base::fail(base::Code::invalid_argument, "a name is needed to push an image: give -t NAME");
    }
    if (spec.attestations_as_referrers && spec.type == output::Type::image && !spec.push) {
      base::fail(base::Code::invalid_argument,
                 "attestations=referrers needs push=true: the image store keeps what an index names");
    }
    if (!spec.is_directory() && !spec.dest.empty()) output::check_destination(spec.dest, output::type_name(spec.type));
  }
  return specs;
}

Exported export_images(const std::vector<BuiltImage>& images, const output::Spec& spec, const BuildOptions& options,
                       std::optional<base::Nanos> epoch, House& house, const ops::Services& services,
                       progress::Sink& sink, const std::stop_token& stop) {
  Exported exported;
  if (spec.type == output::Type::cacheonly) return exported;
  if (spec.source_date_epoch) epoch = spec.source_date_epoch;
  ExportStep step(sink, title(spec));
  if (spec.type == output::Type::tar || spec.type == output::Type::local) {
    step.part("copying files", [&] {
      if (spec.type == output::Type::tar)
        write_tar(images, spec, epoch, services, stop);
      else
        write_local(images, spec, epoch, services, stop);
    });
    step.done();
    return exported;
  }
  exported.image = assemble(images, spec, options, epoch, services, step, stop);
  exported.names = names_of(spec, options);
  exported.listed = output::listed_root(*exported.image, epoch);
  if (spec.type == output::Type::image) {
    const auto stored = stored_names(spec, exported.names, exported.image->root.digest);
    if (spec.store) step.part("naming", [&] { store_image(*exported.image, stored, house); });
    if (spec.push) push_names(*exported.image, exported.names, spec, house, step, stop);
    if (spec.push && !options.sign_key.empty()) {
      const auto key = read_private_key(options.sign_key);
      for (const auto& name : exported.names) {
        step.part("signing " + name,
                  [&] { sign_image(oci::Reference::parse(name), exported.image->root, key, house, stop); });
      }
    }
  } else {
    output::ArchiveOptions archive;
    archive.names = exported.names;
    archive.epoch = epoch;
    step.part("sending tarball", [&] { write_archive(*exported.image, spec, archive, house.store().content(), stop); });
  }
  step.done();
  return exported;
}

std::map<std::string, ops::Method> export_methods() {
  return {{"rootfs_tar", rootfs_tar_method},           {"rootfs_copy", rootfs_copy_method},
          {"components", attest::components_method},   {"noted_files", attest::noted_files_method},
          {"layer_sizes", attest::layer_sizes_method}, {"sizes", attest::sizes_method}};
}

}  // namespace cli
