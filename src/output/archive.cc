// SPDX-License-Identifier: Apache-2.0
#include "output/archive.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/json.h"
#include "layer/tar_writer.h"
#include "oci/image.h"
#include "oci/ingest.h"
#include "oci/layout.h"
#include "oci/reference.h"

namespace output {
namespace {

using oci::Descriptor;

std::string blob_name(const base::Digest& digest) { return "blobs/sha256/" + digest.hex(); }

// Repeating an export must give the same bytes, so the time is the image's, not the clock's.
std::string created_of(const AssembledImage& image, std::optional<base::Nanos> epoch) {
  base::Nanos latest = 0;
  for (const Document& document : image.documents) {
    if (!oci::is_config_type(document.descriptor.media_type)) continue;
    const auto created = base::parse_rfc3339(base::Json::parse(document.bytes)["created"].string_or(""));
    if (created) latest = std::max(latest, *created);
  }
  const base::Nanos time = epoch.value_or(latest);
  return base::format_rfc3339(time - time % base::kSecond);
}

std::vector<Descriptor> listed_entries(const AssembledImage& image, const ArchiveOptions& options) {
  const Descriptor root = listed_root(image, options.epoch);
  std::vector<Descriptor> entries;
  if (options.names.empty()) entries.push_back(root);
  for (const std::string& name : options.names) {
    Descriptor entry = root;
    for (const auto& [key, value] : name_annotations(name)) entry.annotations[key] = value;
    entries.push_back(std::move(entry));
  }
  entries.insert(entries.end(), image.referrers.begin(), image.referrers.end());
  return entries;
}

/// Members of the archive in the order of their names.
class Archive {
 public:
  Archive(const ArchiveOptions& options, const store::ContentStore& content, layer::Sink& sink, std::stop_token stop)
      : content_(content), options_(options), tar_(sink), stop_(std::move(stop)) {}

  /// `image` outlives the archive.
  Archive& add(const AssembledImage& image) {
    for (const Document& document : image.documents) {
      members_[blob_name(document.descriptor.digest)] = {&document.bytes, nullptr};
      total_ += document.bytes.size();
    }
    for (const Descriptor& layer : image.layers) {
      members_.try_emplace(blob_name(layer.digest), Member{nullptr, &layer});
      total_ += layer.size;
    }
    return *this;
  }

  void write(const std::map<std::string, std::string>& files) {
    directory("blobs/");
    directory("blobs/sha256/");
    for (const auto& [name, member] : members_) {
      if (member.bytes != nullptr) {
        file(name, *member.bytes, 0444);
      } else {
        blob(name, *member.layer);
      }
    }
    for (const auto& [name, bytes] : files) file(name, bytes, name == "oci-layout" ? 0444 : 0644);
    tar_.finish();
  }

 private:
  struct Member {
    const std::string* bytes = nullptr;
    const Descriptor* layer = nullptr;
  };

  void directory(const std::string& name) {
    layer::TarEntry entry;
    entry.name = name;
    entry.type = layer::TarType::directory;
    entry.mode = 0755;
    tar_.add(entry);
  }

  void begin(const std::string& name, std::uint64_t size, std::uint32_t mode) {
    layer::TarEntry entry;
    entry.name = name;
    entry.mode = mode;
    entry.size = size;
    tar_.add(entry);
  }

  void file(const std::string& name, const std::string& bytes, std::uint32_t mode) {
    begin(name, bytes.size(), mode);
    tar_.write(bytes);
    advance(bytes.size());
  }

  void blob(const std::string& name, const Descriptor& layer) {
    const base::Fd source = content_.open(layer.digest);
    begin(name, layer.size, 0444);
    oci::copy_verified(
        source.get(), layer,
        [&](std::span<const std::byte> bytes) {
          tar_.write(bytes);
          advance(bytes.size());
        },
        stop_);
  }

  void advance(std::uint64_t bytes) {
    done_ += bytes;
    if (options_.progress) options_.progress(std::min(done_, total_), total_);
  }

  const store::ContentStore& content_;
  const ArchiveOptions& options_;
  layer::TarWriter tar_;
  std::stop_token stop_;
  std::map<std::string, Member> members_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

void check_for_docker(const AssembledImage& image) {
  if (image.config_digest) return;
  base::fail(base::Code::invalid_argument,
             "the docker exporter does not support manifest lists: choose one platform, or type=oci");
}

/// An image's entry of manifest.json.
base::Json docker_entry(const AssembledImage& image, const std::vector<std::string>& names) {
  const oci::Manifest manifest = oci::Manifest::parse(image.bytes(image.root.digest));
  // Go's nil slices: null, not [].
  base::Json tags;
  for (const std::string& name : names) {
    if (tags.is_null()) tags = base::Json::array();
    tags.push(oci::Reference::parse(name).tagged().familiar());
  }
  base::Json layers;
  for (const Descriptor& layer : manifest.layers) {
    if (layers.is_null()) layers = base::Json::array();
    layers.push(blob_name(layer.digest));
  }
  base::Json entry = base::Json::object();
  return entry.set("Config", blob_name(manifest.config.digest)).set("RepoTags", tags).set("Layers", layers);
}

}  // namespace

std::vector<std::string> normalized_names(const std::vector<std::string>& names) {
  std::vector<std::string> result;
  for (const std::string& name : names) result.push_back(oci::Reference::parse(name).tagged().str());
  return result;
}

oci::Annotations name_annotations(const std::string& full_name) {
  const oci::Reference reference = oci::Reference::parse(full_name);
  // The tag alone is what OCI suggests; a name by digest has no tag and stays whole.
  const std::string object = reference.tag.empty() ? full_name : full_name.substr(reference.name().size() + 1);
  return {{std::string(oci::kAnnotationImageName), full_name}, {std::string(oci::kAnnotationRefName), object}};
}

Descriptor listed_root(const AssembledImage& image, std::optional<base::Nanos> epoch) {
  Descriptor root = image.root;
  root.annotations.try_emplace(std::string(oci::kAnnotationCreated), created_of(image, epoch));
  return root;
}

void write_oci_archive(const AssembledImage& image, const ArchiveOptions& options, const store::ContentStore& content,
                       layer::Sink& sink, const std::stop_token& stop) {
  Archive(options, content, sink, stop)
      .add(image)
      .write({{"index.json", oci::layout_index(listed_entries(image, options))}, {"oci-layout", oci::layout_file()}});
}

void write_docker_archive(const AssembledImage& image, const ArchiveOptions& options,
                          const store::ContentStore& content, layer::Sink& sink, const std::stop_token& stop) {
  check_for_docker(image);
  Archive(options, content, sink, stop)
      .add(image)
      .write({{"index.json", oci::layout_index(listed_entries(image, options))},
              {"manifest.json", base::Json::array().push(docker_entry(image, options.names)).dump()},
              {"oci-layout", oci::layout_file()}});
}

void write_archive_of(const std::vector<NamedImage>& images, bool for_docker, const store::ContentStore& content,
                      layer::Sink& sink, const std::stop_token& stop) {
  const ArchiveOptions options;
  Archive archive(options, content, sink, stop);
  std::vector<Descriptor> listed;
  base::Json docker = base::Json::array();
  for (const auto& [image, names] : images) {
    archive.add(image);
    for (auto& entry : listed_entries(image, {.names = names, .epoch = {}, .progress = {}})) {
      listed.push_back(std::move(entry));
    }
    if (!for_docker) continue;
    check_for_docker(image);
    docker.push(docker_entry(image, names));
  }
  std::map<std::string, std::string> files = {{"index.json", oci::layout_index(listed)},
                                              {"oci-layout", oci::layout_file()}};
  if (for_docker) files["manifest.json"] = docker.dump();
  archive.write(files);
}

void write_oci_directory(const AssembledImage& image, const ArchiveOptions& options, const store::ContentStore& content,
                         const std::string& directory, const std::stop_token& stop) {
  oci::LayoutWriter writer(directory);
  std::uint64_t total = 0;
  for (const Descriptor& layer : image.layers) total += layer.size;
  std::uint64_t done = 0;
  for (const Descriptor& layer : image.layers) {
    writer.put_blob(layer, content, stop);
    done += layer.size;
    if (options.progress) options.progress(done, total);
  }
  for (const Document& document : image.documents) writer.put(document.descriptor, document.bytes);
  std::vector<oci::Annotations> names;
  for (const std::string& name : options.names) names.push_back(name_annotations(name));
  if (names.empty()) names.push_back({{std::string(oci::kAnnotationRefName), "latest"}});
  writer.tag(listed_root(image, options.epoch), names);
  for (const auto& referrer : image.referrers) writer.tag(referrer, {});
}

}  // namespace output
