// SPDX-License-Identifier: Apache-2.0
#include "ops/export_layers.h"

#include <fcntl.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/task.h"
#include "layer/blob.h"
#include "ops/image_layers.h"

namespace ops {
namespace {

class Exporter {
 public:
  Exporter(const snapshot::Chain& chain, const ExportOptions& options, const Services& services)
      : chain_(chain), options_(options), services_(services) {}

  ExportedLayer layer(std::size_t index, const std::stop_token& stop) const {
    const auto info = services_.snapshots.info(chain_[index]);
    return {blob(index, stop), info ? info->created : 0};
  }

 private:
  snapshot::LayerBlob blob(std::size_t index, const std::stop_token& stop) const {
    auto& records = services_.snapshots.records();
    const snapshot::LayerId& id = chain_[index];
    const auto pulled = present(records.find_blob({id, "", std::string(kPulledEncoding)}));
    const bool converted = options_.existing == ExportOptions::Existing::convert;
    if (pulled && (!converted || has_wanted_compression(*pulled))) return *pulled;
    const snapshot::Chain below(chain_.begin(), chain_.begin() + static_cast<std::ptrdiff_t>(index));
    const snapshot::BlobKey key{id, snapshot::chain_key(below), encoding()};
    if (const auto known = present(records.find_blob(key))) return *known;
    // Two builds that export the same layer make the same blob twice at worst.
    const auto made = pulled ? convert(*pulled) : make(below, id, stop);
    records.put_blob(key, made);
    return made;
  }

  std::optional<snapshot::LayerBlob> present(std::optional<snapshot::LayerBlob> blob) const {
    return blob && services_.store.content().find(blob->digest) ? std::move(blob) : std::nullopt;
  }

  bool has_wanted_compression(const snapshot::LayerBlob& blob) const {
    return layer::compression_of_media_type(blob.media_type) == options_.compression;
  }

  layer::CompressOptions compress_options() const {
    // Layers are exported side by side: together they take what there is, not each of them.
    const auto cpus = std::max(1U, std::thread::hardware_concurrency());
    return {options_.compression, options_.level, std::max<unsigned>(1, cpus / static_cast<unsigned>(chain_.size()))};
  }

  /// A pulled layer in another compression: the tar inside, and so the diff id, stays as it is.
  snapshot::LayerBlob convert(const snapshot::LayerBlob& pulled) const {
    const base::Fd in = services_.store.content().open(pulled.digest);
    return into_blob([&](int out) {
      layer::FdSource source(in.get());
      layer::FdSink sink(out);
      return layer::recompress(source, compress_options(), sink);
    });
  }

  std::string encoding() const {
    std::string text = layer::encoder_name(options_.compression, options_.level);
    if (options_.clamp_mtime) text += base::format(";clamp={}", *options_.clamp_mtime);
    return text;
  }

  snapshot::LayerBlob make(const snapshot::Chain& below, const snapshot::LayerId& id,
                           const std::stop_token& stop) const {
    base::Json params = base::Json::object();
    params.set("lowers", base::Json::strings(services_.snapshots.layer_directories(below)));
    params.set("upper", services_.snapshots.layer_directory(id));
    params.set("compression", layer::compression_name(options_.compression)).set("level", options_.level);
    params.set("threads", static_cast<int>(compress_options().threads));
    if (options_.clamp_mtime) params.set("clamp", *options_.clamp_mtime);
    return into_blob([&](int out) {
      const int fds[] = {out};
      const base::Json result = services_.worker.call("diff", params, fds, stop).result;
      layer::WrittenLayer written;
      written.digest = base::Digest::parse_or_throw(result["digest"].as_string());
      written.size = static_cast<std::uint64_t>(result["size"].as_int());
      written.diff_id = base::Digest::parse_or_throw(result["diff_id"].as_string());
      written.uncompressed_size = static_cast<std::uint64_t>(result["uncompressed"].as_int());
      return written;
    });
  }

  /// Runs `write` with a new file and puts what it wrote into the content store.
  snapshot::LayerBlob into_blob(const std::function<layer::WrittenLayer(int out)>& write) const {
    const std::string temporary = services_.store.temporary_file();
    const base::Fd out = base::open_file(temporary, O_RDWR | O_CREAT | O_EXCL, 0600);
    try {
      const layer::WrittenLayer written = write(out.get());
      services_.store.content().adopt(temporary, {written.digest, written.size});
      return {written.digest, written.size, written.diff_id, written.uncompressed_size,
              layer::layer_media_type(options_.compression)};
    } catch (...) {
      base::remove_tree(temporary);
      throw;
    }
  }

  const snapshot::Chain& chain_;
  const ExportOptions& options_;
  const Services& services_;
};

}  // namespace

std::vector<ExportedLayer> export_layers(const snapshot::Chain& chain, const ExportOptions& options,
                                         const Services& services, const std::stop_token& stop) {
  const Exporter exporter(chain, options, services);
  std::vector<ExportedLayer> layers(chain.size());
  base::ThreadPool pool("export", std::max(1U, std::thread::hardware_concurrency()));
  base::TaskGroup group(pool, stop);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    group.run([&, i](const std::stop_token& task_stop) { layers[i] = exporter.layer(i, task_stop); });
  }
  group.wait();
  return layers;
}

}  // namespace ops
