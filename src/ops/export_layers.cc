// SPDX-License-Identifier: Apache-2.0
#include "ops/export_layers.h"

#include <fcntl.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/task.h"
#include "layer/blob.h"
#include "layer/estargz_toc.h"
#include "ops/image_layers.h"

namespace ops {
namespace {

class Exporter {
 public:
  Exporter(const snapshot::Chain& chain, const ExportOptions& options, const Services& services)
      : chain_(chain), options_(options), services_(services) {}

  /// The blob of `members` layers from `first` on.
  ExportedLayer layer(std::size_t first, std::size_t members, const std::stop_token& stop) const {
    const auto info = services_.snapshots.info(chain_[first + members - 1]);
    ExportedLayer made{members == 1 ? blob(first, stop) : joined(first, members, stop), info ? info->created : 0,
                       members, std::nullopt};
    // Only of blobs that were made here, if long ago: others' tables may tell of other files than their archives.
    if (options_.compression == layer::Compression::estargz && !(members == 1 && as_it_came(chain_[first]))) {
      made.toc = layer::find_toc(services_.store.content().open(made.blob.digest).get());
    }
    return made;
  }

 private:
  snapshot::Chain part(std::size_t first, std::size_t members) const {
    const auto begin = chain_.begin() + static_cast<std::ptrdiff_t>(first);
    return {begin, begin + static_cast<std::ptrdiff_t>(members)};
  }

  snapshot::LayerBlob joined(std::size_t first, std::size_t members, const std::stop_token& stop) const {
    auto& records = services_.snapshots.records();
    const snapshot::Chain below = part(0, first);
    const std::string encoded = encoding() + ";joined=" + snapshot::chain_key(part(first, members));
    const snapshot::BlobKey key{chain_[first + members - 1], snapshot::chain_key(below), encoded};
    if (const auto known = present(records.find_blob(key))) return *known;
    base::Json params = base::Json::object();
    params.set("mount", services_.snapshots.view(part(0, first + members)).to_json());
    const auto made = make(below, std::move(params), stop);
    records.put_blob(key, made);
    return made;
  }

  snapshot::LayerBlob blob(std::size_t index, const std::stop_token& stop) const {
    auto& records = services_.snapshots.records();
    const snapshot::LayerId& id = chain_[index];
    if (auto pulled = as_it_came(id)) return *pulled;
    const snapshot::Chain below = part(0, index);
    const snapshot::BlobKey key{id, snapshot::chain_key(below), encoding()};
    if (const auto known = present(records.find_blob(key))) return *known;
    // Two builds that export the same layer make the same blob twice at worst.
    const auto pulled = present(records.find_blob({id, "", std::string(kPulledEncoding)}));
    const auto made = pulled ? convert(*pulled) : make(below, upper_of(id), stop);
    records.put_blob(key, made);
    return made;
  }

  std::optional<snapshot::LayerBlob> present(std::optional<snapshot::LayerBlob> blob) const {
    return blob && services_.store.content().find(blob->digest) ? std::move(blob) : std::nullopt;
  }

  /// Foreign eStargz counts as the gzip that it is.
  bool has_wanted_compression(const snapshot::LayerBlob& blob) const {
    return layer::compression_of_media_type(blob.media_type) == options_.compression;
  }

  /// The blob that a layer was pulled as, where that is what goes out.
  std::optional<snapshot::LayerBlob> as_it_came(const snapshot::LayerId& id) const {
    auto pulled = present(services_.snapshots.records().find_blob({id, "", std::string(kPulledEncoding)}));
    const bool wanted =
        pulled && (options_.existing == ExportOptions::Existing::keep || has_wanted_compression(*pulled));
    return wanted ? std::move(pulled) : std::nullopt;
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

  base::Json upper_of(const snapshot::LayerId& id) const {
    return base::Json::object().set("upper", services_.snapshots.layer_directory(id));
  }

  /// `params` say what stands over `below`.
  snapshot::LayerBlob make(const snapshot::Chain& below, base::Json params, const std::stop_token& stop) const {
    params.set("lowers", base::Json::strings(services_.snapshots.layer_directories(below)));
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

std::map<std::string, std::string> layer_annotations(const ExportedLayer& layer) {
  std::map<std::string, std::string> annotations;
  if (!layer.toc) return annotations;
  annotations["containerd.io/snapshot/stargz/toc.digest"] = layer.toc->str();
  annotations["io.containers.estargz.uncompressed-size"] = std::to_string(layer.blob.uncompressed_size);
  return annotations;
}

std::vector<ExportedLayer> export_layers(const snapshot::Chain& chain, const ExportOptions& options,
                                         const Services& services, const std::stop_token& stop) {
  const Exporter exporter(chain, options, services);
  std::vector<std::size_t> groups = options.groups;
  if (groups.empty()) groups.assign(chain.size(), 1);
  SLIP_CHECK(std::accumulate(groups.begin(), groups.end(), std::size_t{0}) == chain.size());
  std::vector<ExportedLayer> layers(groups.size());
  base::ThreadPool pool("export", std::max(1U, std::thread::hardware_concurrency()));
  base::TaskGroup group(pool, stop);
  for (std::size_t i = 0, first = 0; i < groups.size(); first += groups[i++]) {
    group.run(
        [&, i, first](const std::stop_token& task_stop) { layers[i] = exporter.layer(first, groups[i], task_stop); });
  }
  group.wait();
  return layers;
}

}  // namespace ops
