// SPDX-License-Identifier: Apache-2.0
#pragma once
// Writing a cache: its blobs, its config and the manifest that names both, to a registry or a directory.
//
// Only blobs that are not there yet move. A blob of an imported cache that this store does not have is fetched first,
// and only when the destination lacks it.
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "cache/config.h"
#include "cache/spec.h"
#include "oci/image_source.h"
#include "oci/registry.h"

namespace cache {

/// Where blobs come from that are not in the store.
using BlobSources = std::map<base::Digest, std::shared_ptr<oci::ImageSource>>;

/// Runs one titled part of the work ("writing layer sha256:…").
using Part = std::function<void(const std::string& title, const std::function<void()>& work)>;

/// The manifest of a cache and its documents.
struct Manifest {
  oci::Descriptor root;
  std::string text;
  oci::Descriptor config;
  std::string config_text;
  std::vector<oci::Descriptor> blobs;  ///< of the layers, each once
};
Manifest assemble(const Config& config, const ExportSpec& spec);

/// type=local. The directory is an OCI layout; blobs of earlier exports stay.
void write_directory(const Manifest& manifest, const ExportSpec& spec, store::ContentStore& content,
                     const BlobSources& sources, const Part& part, const std::stop_token& stop);

/// type=registry.
void push(const Manifest& manifest, const ExportSpec& spec, oci::Repository& repository, store::ContentStore& content,
          const BlobSources& sources, const Part& part, const std::stop_token& stop);

/// The text for the config of an image (type=inline): records whose layers are the image's lowest ones, in order.
std::string inline_text(const Config& config, const std::vector<base::Digest>& diff_ids);

}  // namespace cache
