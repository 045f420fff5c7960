// SPDX-License-Identifier: Apache-2.0
#pragma once
// OCI image layouts: a directory with oci-layout, index.json and blobs/sha256/<hex>.
//
//     oci::Layout layout("/srv/images");
//     auto root = layout.resolve("base", stop);                    // by org.opencontainers.image.ref.name
//
//     auto writer = oci::LayoutWriter("/out/app");
//     writer.put(document.descriptor, document.bytes);
//     writer.tag(root, {"app:1", "app:latest"});                   // index.json, replaced atomically
//
// Reading trusts nothing: every byte is hashed against its descriptor, blob files are opened without
// following links out of the layout. Writing leaves other blobs and names of the directory alone.
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "oci/image_source.h"

namespace oci {

/// Reads a layout directory.
class Layout final : public ImageSource {
 public:
  /// Throws not_found when the directory is none, invalid_argument when it is no layout.
  explicit Layout(const std::string& directory);

  /// The tag in index.json ("" means "latest", or the only entry), or a digest. A full image name
  /// matches io.containerd.image.name too.
  Descriptor resolve(std::string_view reference, const std::stop_token& stop) override;
  std::string fetch_manifest(const Descriptor& descriptor, const std::stop_token& stop) override;
  std::string fetch_config(const Descriptor& descriptor, const std::stop_token& stop) override;
  void fetch_blob(const Descriptor& descriptor, store::ContentStore& content, const FetchProgress& progress,
                  const std::stop_token& stop) override;
  std::string describe() const override { return "oci-layout at " + directory_; }

  /// index.json as it is now.
  Index index() const;

 private:
  base::Fd open_blob(const base::Digest& digest) const;
  std::string read_document(const Descriptor& descriptor) const;

  std::string directory_;
  base::Fd root_;
};

/// Writes into a layout directory, new or existing.
class LayoutWriter {
 public:
  /// Creates what is missing. Throws failed_precondition when the directory holds other things and no layout.
  explicit LayoutWriter(const std::string& directory);

  /// A small document; written under a temporary name and renamed.
  void put(const Descriptor& descriptor, std::string_view bytes);
  /// A blob of the content store, verified while it is copied. Present ones are left alone.
  void put_blob(const Descriptor& descriptor, const store::ContentStore& content, const std::stop_token& stop);
  /// Replaces index.json in one step: entries with the same name go, others stay. Without names
  /// the descriptor is listed as it is (an earlier nameless entry with its digest goes).
  void tag(const Descriptor& root, const std::vector<Annotations>& names);

 private:
  std::string directory_;
};

/// {"imageLayoutVersion":"1.0.0"}, the whole content of the file oci-layout.
std::string layout_file();
/// Compact bytes of an index.json that lists `manifests`, as containerd writes it.
std::string layout_index(const std::vector<Descriptor>& manifests);

}  // namespace oci
