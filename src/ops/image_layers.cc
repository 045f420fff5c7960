// SPDX-License-Identifier: Apache-2.0
#include "ops/image_layers.h"

#include <optional>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "ops/wire.h"

namespace ops {
namespace {

constexpr std::size_t kParallelLayers = 3;

void check_counts(const oci::ResolvedImage& image) {
  if (image.manifest.layers.size() == image.config.diff_ids.size()) return;
  base::fail(base::Code::data_loss, "the image's manifest lists {} layers and its config {} diff ids",
             image.manifest.layers.size(), image.config.diff_ids.size());
}

/// One layer on its way: unpacked side by side with the others, committed in order.
struct Incoming {
  std::optional<snapshot::Active> active;
  snapshot::LayerInfo info;
  std::vector<std::string> implied;  ///< directories the tar only implies, see layer/apply.h
};

void unpack(Incoming& incoming, const oci::Descriptor& descriptor, const Services& services,
            const std::stop_token& stop) {
  const base::Fd file = services.store.content().open(descriptor.digest);
  const int fds[] = {file.get()};
  base::Json params = base::Json::object();
  params.set("mount", incoming.active->mounts().to_json()).set("expect", incoming.info.diff_id->str());
  const auto reply = services.worker.call("unpack", params, fds, stop);
  incoming.implied = reply.result["implied"].string_items();
}

/// The id of a layer whose implied directories took their attributes from the layers below: such a
/// layer is another one over every other chain.
snapshot::LayerId adopted_id(const base::Digest& diff_id, const snapshot::Chain& below) {
  return snapshot::layer_id_of(diff_id) + "-" + snapshot::chain_key(below).substr(0, 16);
}

/// The layer over `below`, where it is in the store already.
std::optional<snapshot::LayerId> find_layer(const base::Digest& diff_id, const snapshot::Chain& below,
                                            const snapshot::Snapshotter& snapshots) {
  auto plain = snapshot::layer_id_of(diff_id);
  if (snapshots.has(plain)) return plain;
  const auto adopted = adopted_id(diff_id, below);
  return snapshots.has(adopted) ? std::optional(adopted) : std::nullopt;
}

/// Freezes an unpacked layer over `below`; returns its id.
snapshot::LayerId commit(Incoming& incoming, const snapshot::Chain& below, const Services& services,
                         const std::stop_token& stop) {
  snapshot::LayerId id = snapshot::layer_id_of(*incoming.info.diff_id);
  if (!incoming.implied.empty()) {
    base::Json params = base::Json::object();
    params.set("mount", incoming.active->mounts().to_json()).set("implied", base::Json::strings(incoming.implied));
    params.set("lowers", base::Json::strings(services.snapshots.layer_directories(below)));
    services.worker.call("adopt", params, {}, stop);
    id = adopted_id(*incoming.info.diff_id, below);
  }
  services.snapshots.commit_as(*incoming.active, id, incoming.info);
  return id;
}

/// Records that a pulled layer exists as this blob.
void remember_blob(const snapshot::LayerId& layer, const oci::Descriptor& descriptor, const base::Digest& diff_id,
                   const Services& services) {
  // A pulled layer is the same whatever lies below it.
  const snapshot::BlobKey key{layer, "", std::string(kPulledEncoding)};
  services.snapshots.records().put_blob(key, {descriptor.digest, descriptor.size, diff_id, 0, descriptor.media_type});
}

}  // namespace

snapshot::Chain pull_layers(const ResolvedBase& base, const base::Digest& vertex, const Services& services,
                            const std::stop_token& stop) {
  const auto& image = base.image;
  check_counts(image);
  const auto& layers = image.manifest.layers;
  std::vector<Incoming> incoming(layers.size());
  base::ThreadPool pool("layers", kParallelLayers);
  base::TaskGroup group(pool, stop);
  snapshot::Chain known;  // as far as it is known before anything is unpacked
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto present = find_layer(image.config.diff_ids[i], known, services.snapshots);
    if (present) {
      if (known.size() == i) known.push_back(*present);
      continue;
    }
    incoming[i].info.diff_id = image.config.diff_ids[i];
    incoming[i].active = services.snapshots.prepare({});
    group.run([&, i](const std::stop_token& task_stop) {
      const std::string id = layers[i].digest.str();
      base.source->fetch_blob(
          layers[i], services.store.content(),
          [&](std::uint64_t current, std::uint64_t total) { services.events.progress(vertex, id, current, total); },
          task_stop);
      base::with_context([&] { unpack(incoming[i], layers[i], services, task_stop); }, "unpacking layer {} of {}", id,
                         base.name);
      services.events.progress_done(vertex, id);
    });
  }
  group.wait();
  snapshot::Chain chain;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& diff_id = image.config.diff_ids[i];
    chain.push_back(incoming[i].active
                        ? commit(incoming[i], chain, services, stop)
                        : find_layer(diff_id, chain, services.snapshots).value_or(snapshot::layer_id_of(diff_id)));
    remember_blob(chain.back(), layers[i], diff_id, services);
  }
  return chain;
}

}  // namespace ops
