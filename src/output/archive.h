// SPDX-License-Identifier: Apache-2.0
#pragma once
// Image archives: an OCI layout as a tar, the same as a directory, and what `docker load` reads.
//
// An archive depends on nothing but the image and its names: members sorted, no times, owners 0.
// Every blob is hashed again while it is copied out.
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "layer/stream.h"
#include "output/assemble.h"
#include "store/content_store.h"

namespace output {

/// Names in full ("docker.io/library/app:latest"), from what people write. Throws invalid_argument.
std::vector<std::string> normalized_names(const std::vector<std::string>& names);

/// The annotations that name an entry of index.json: io.containerd.image.name and ref.name.
oci::Annotations name_annotations(const std::string& full_name);

/// The root as index.json lists it: with org.opencontainers.image.created (see created_of).
oci::Descriptor listed_root(const AssembledImage& image, std::optional<base::Nanos> epoch);

/// Called with bytes copied so far and in total.
using CopyProgress = std::function<void(std::uint64_t current, std::uint64_t total)>;

struct ArchiveOptions {
  std::vector<std::string> names;  ///< full names
  std::optional<base::Nanos> epoch;
  CopyProgress progress;
};

/// One of several images in an archive.
struct NamedImage {
  AssembledImage image;
  std::vector<std::string> names;  ///< full names
};

/// `slipway save`: an OCI layout of several images, with what `docker load` reads where `for_docker`. Blobs that they
/// share are there once. Does not finish the sink. Throws invalid_argument for an index where docker is to read it.
void write_archive_of(const std::vector<NamedImage>& images, bool for_docker, const store::ContentStore& content,
                      layer::Sink& sink, const std::stop_token& stop);

/// -o type=oci: oci-layout, index.json, blobs. Does not finish the sink.
void write_oci_archive(const AssembledImage& image, const ArchiveOptions& options, const store::ContentStore& content,
                       layer::Sink& sink, const std::stop_token& stop);

/// -o type=docker: the same with manifest.json. Throws invalid_argument for an index.
void write_docker_archive(const AssembledImage& image, const ArchiveOptions& options,
                          const store::ContentStore& content, layer::Sink& sink, const std::stop_token& stop);

/// tar=false: into a layout directory; other images in it stay. Without names the tag is "latest".
void write_oci_directory(const AssembledImage& image, const ArchiveOptions& options, const store::ContentStore& content,
                         const std::string& directory, const std::stop_token& stop);

}  // namespace output
