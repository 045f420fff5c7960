// SPDX-License-Identifier: Apache-2.0
#include "ops/export_layers.h"

#include <fcntl.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/task.h"
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
    if (options_.existing == ExportOptions::Existing::keep) {
      const auto pulled = records.find_blob({id, "", std::string(kPulledEncoding)});
      if (pulled && services_.store.content().find(pulled->digest)) return *pulled;
    }
    const snapshot::Chain below(chain_.begin(), chain_.begin() + static_cast<std::ptrdiff_t>(index));
    const snapshot::BlobKey key{id, snapshot::chain_key(below), encoding()};
    if (const auto known = records.find_blob(key); known && services_.store.content().find(known->digest)) return *known;
    // Two builds that export the same layer make the same blob twice at worst.
    const auto made = make(below, id, stop);
    records.put_blob(key, made);
    return made;
  }

  std::string encoding() const {
    std::string text = layer::encoder_name(options_.compression, options_.level);
    if (options_.clamp_mtime) text += base::format(";clamp={}", *options_.clamp_mtime);
    return text;
  }

  snapshot::LayerBlob make(const snapshot::Chain& below, const snapshot::LayerId& id,
                           const std::stop_token& stop) const {
    const std::string temporary = services_.store.temporary_file();
    const base::Fd out = base::open_file(temporary, O_RDWR | O_CREAT | O_EXCL, 0600);
    base::Json params = base::Json::object();
    params.set("lowers", base::Json::strings(services_.snapshots.layer_directories(below)));
    params.set("upper", services_.snapshots.layer_directory(id));
    params.set("compression", layer::compression_name(options_.compression)).set("level", options_.level);
    params.set("threads", static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
    if (options_.clamp_mtime) params.set("clamp", *options_.clamp_mtime);
    const int fds[] = {out.get()};
    try {
      const base::Json result = services_.worker.call("diff", params, fds, stop).result;
      snapshot::LayerBlob blob;
      blob.digest = base::Digest::parse_or_throw(result["digest"].as_string());
      blob.size = static_cast<std::uint64_t>(result["size"].as_int());
      blob.diff_id = base::Digest::parse_or_throw(result["diff_id"].as_string());
      blob.uncompressed_size = static_cast<std::uint64_t>(result["uncompressed"].as_int());
      blob.media_type = layer::layer_media_type(options_.compression);
      services_.store.content().adopt(temporary, {blob.digest, blob.size});
      return blob;
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
