// SPDX-License-Identifier: Apache-2.0
#include "cache/export.h"

#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/task.h"
#include "oci/layout.h"
#include "oci/reference.h"

namespace cache {
namespace {

constexpr std::size_t kParallelBlobs = 3;
constexpr std::string_view kCreated = "buildkit/createdat";

oci::Descriptor describe_bytes(std::string_view media_type, std::string_view bytes) {
  oci::Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = base::sha256(bytes);
  descriptor.size = bytes.size();
  return descriptor;
}

std::vector<oci::Descriptor> blobs_of(const Config& config, oci::Dialect dialect) {
  std::vector<oci::Descriptor> blobs;
  std::set<base::Digest> seen;
  for (const Layer& layer : config.layers) {
    if (!seen.insert(layer.blob.digest).second) continue;
    oci::Descriptor blob = layer.blob;
    blob.media_type = oci::convert_layer_type(dialect, blob.media_type);
    blob.annotations[std::string(kDiffIdAnnotation)] = layer.diff_id.str();
    if (layer.created != 0) blob.annotations[std::string(kCreated)] = base::format_rfc3339(layer.created);
    blobs.push_back(std::move(blob));
  }
  return blobs;
}

base::Json list(const std::vector<oci::Descriptor>& descriptors) {
  base::Json json = base::Json::array();
  for (const auto& descriptor : descriptors) json.push(oci::to_json(descriptor));
  return json;
}

void fetch_if_missing(const oci::Descriptor& blob, store::ContentStore& content, const BlobSources& sources,
                      const std::stop_token& stop) {
  if (content.find(blob.digest)) return;
  const auto source = sources.find(blob.digest);
  if (source != sources.end()) source->second->fetch_blob(blob, content, {}, stop);
}

}  // namespace

Manifest assemble(const Config& config, const ExportSpec& spec) {
  const oci::Dialect dialect = spec.oci_mediatypes ? oci::Dialect::oci : oci::Dialect::docker;
  Manifest manifest;
  manifest.config_text = to_text(config);
  manifest.config = describe_bytes(kConfigType, manifest.config_text);
  manifest.blobs = blobs_of(config, dialect);
  base::Json json = base::Json::object();
  json.set("schemaVersion", 2);
  std::string_view type;
  if (spec.image_manifest) {
    type = oci::manifest_type(dialect);
    json.set("mediaType", type).set("config", oci::to_json(manifest.config)).set("layers", list(manifest.blobs));
  } else {
    type = oci::index_type(dialect);
    std::vector<oci::Descriptor> entries = manifest.blobs;
    entries.push_back(manifest.config);
    json.set("mediaType", type).set("manifests", list(entries));
  }
  manifest.text = json.dump(2);
  manifest.root = describe_bytes(type, manifest.text);
  return manifest;
}

void write_directory(const Manifest& manifest, const ExportSpec& spec, store::ContentStore& content,
                     const BlobSources& sources, const Part& part, const std::stop_token& stop) {
  oci::LayoutWriter writer(spec.dest);
  for (const auto& blob : manifest.blobs) {
    part("writing layer " + blob.digest.str(), [&] {
      if (base::exists(spec.dest + "/blobs/sha256/" + blob.digest.hex())) return;
      fetch_if_missing(blob, content, sources, stop);
      writer.put_blob(blob, content, stop);
    });
  }
  part("writing config " + manifest.config.digest.str(), [&] { writer.put(manifest.config, manifest.config_text); });
  part("writing cache manifest " + manifest.root.digest.str(), [&] {
    writer.put(manifest.root, manifest.text);
    writer.tag(manifest.root, {{{std::string(oci::kAnnotationRefName), spec.tag}}});
  });
}

void push(const Manifest& manifest, const ExportSpec& spec, oci::Repository& repository, store::ContentStore& content,
          const BlobSources& sources, const Part& part, const std::stop_token& stop) {
  content.put(manifest.config_text);
  {
    base::ThreadPool pool("cache", kParallelBlobs);
    base::TaskGroup group(pool, stop);
    std::vector<oci::Descriptor> blobs = manifest.blobs;
    blobs.push_back(manifest.config);
    for (const auto& blob : blobs) {
      group.run([&, blob](const std::stop_token& task_stop) {
        part("writing layer " + blob.digest.str(), [&] {
          if (repository.has_blob(blob, task_stop)) return;
          fetch_if_missing(blob, content, sources, task_stop);
          repository.push_blob(blob, content, "", [](std::uint64_t, std::uint64_t) {}, task_stop);
        });
      });
    }
    group.wait();
  }
  part("writing cache manifest " + manifest.root.digest.str(), [&] {
    repository.push_manifest(manifest.root, manifest.text, oci::Reference::parse(spec.ref).tagged().object(), stop);
  });
}

std::string inline_text(const Config& config, const std::vector<base::Digest>& diff_ids) {
  base::Json records = base::Json::parse(to_text(config));
  base::Json list = base::Json::array();
  for (std::size_t i = 0; i < config.records.size(); ++i) {
    base::Json record = records["records"].items()[i];
    record.erase("layers");
    if (const auto& top = config.records[i].layer) {
      const auto chain = config.chain(*top);
      bool own = chain.size() <= diff_ids.size();
      base::Json positions = base::Json::array();
      for (std::size_t k = 0; own && k < chain.size(); ++k) {
        own = config.layers[chain[k]].diff_id == diff_ids[k];
        positions.push(static_cast<std::int64_t>(k));
      }
      if (own) {
        base::Json result = base::Json::object();
        result.set("layers", std::move(positions)).set("createdAt", base::format_rfc3339(config.records[i].created));
        record.set("chains", base::Json::array().push(std::move(result)));
      }
    }
    list.push(std::move(record));
  }
  return base::Json::object().set("records", std::move(list)).dump();
}

}  // namespace cache
