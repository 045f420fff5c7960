// SPDX-License-Identifier: Apache-2.0
// slipway import: a root filesystem archive becomes an image with one layer.
#include <fcntl.h>

#include <cstdio>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/house.h"
#include "cli/import_config.h"
#include "cli/interrupt.h"
#include "layer/blob.h"
#include "layer/compress.h"
#include "layer/tar_reader.h"
#include "output/archive.h"
#include "output/assemble.h"

namespace cli {
namespace {

/// Reads the archive to its end as a tar, so that what is no tar is refused before it has a name.
void check_tar(const std::string& path) {
  const base::Fd file = base::open_file(path, O_RDONLY);
  layer::FdSource raw(file.get());
  const auto plain = layer::make_decompressor(raw);
  layer::TarReader reader(*plain);
  std::size_t entries = 0;
  while (reader.next()) ++entries;
  if (entries == 0) base::fail(base::Code::invalid_argument, "the archive holds no files");
}

/// The archive as a gzip blob of the content store.
output::LayerBlob make_layer(int input, House& house) {
  const std::string temporary = house.store().temporary_file();
  try {
    const base::Fd out = base::open_file(temporary, O_RDWR | O_CREAT | O_EXCL, 0600);
    layer::FdSource raw(input);
    layer::CompressOptions compress;
    compress.threads = std::max(1U, std::thread::hardware_concurrency());
    layer::FdSink sink(out.get());
    const auto written = layer::recompress(raw, compress, sink);
    check_tar(temporary);
    house.store().content().adopt(temporary, {written.digest, written.size});
    output::LayerBlob blob;
    blob.digest = written.digest;
    blob.size = written.size;
    blob.diff_id = written.diff_id;
    blob.media_type = layer::layer_media_type(compress.kind);
    return blob;
  } catch (...) {
    base::remove_tree(temporary);
    throw;
  }
}

}  // namespace

int run_import(const std::string& root, const ImportOptions& options) {
  const Interrupt interrupt;
  const std::string name = output::normalized_names({options.name}).at(0);
  base::Fd file;
  if (options.tar != "-") file = base::open_file(options.tar, O_RDONLY);
  const auto platform = options.platform.empty() ? oci::host_platform() : oci::parse_platform(options.platform);
  output::ImageToExport image;
  image.config = import_config(platform, options);
  image.platform = platform;
  House house(root, StoreAccess::shared);
  base::with_context([&] { image.layers.push_back(make_layer(file ? file.get() : 0, house)); }, "importing {}",
                     options.tar == "-" ? "standard input" : options.tar);
  const auto assembled = output::assemble({&image, 1}, {});
  for (const auto& document : assembled.documents) house.store().content().put(document.bytes);
  house.images().put({.name = name, .root = assembled.root, .origin = images::Origin::imported});
  std::printf("%s\n", assembled.config_digest->str().c_str());
  return 0;
}

}  // namespace cli
