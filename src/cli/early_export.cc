// SPDX-License-Identifier: Apache-2.0
#include "cli/early_export.h"

#include "base/error.h"
#include "base/log.h"
#include "ops/result.h"

namespace cli {

ops::ExportOptions layer_options(const cache::ExportSpec& spec) {
  ops::ExportOptions options;
  options.compression = spec.compression;
  if (spec.level) options.level = *spec.level;
  if (spec.force_compression) options.existing = ops::ExportOptions::Existing::convert;
  return options;
}

EarlyExport::EarlyExport(const std::vector<cache::ExportSpec>& specs, Sending sending, House& house,
                         const ops::Services& services, std::stop_token stop)
    : house_(house), services_(services), tasks_(std::make_unique<base::TaskGroup>(pool_, std::move(stop))) {
  for (const auto& spec : specs) {
    // Which steps go into the others is known at the end.
    if (spec.type == cache::Type::inlined || spec.mode != cache::Mode::max) continue;
    const bool leaves = spec.type == cache::Type::registry && sending == Sending::at_once;
    destinations_.push_back({.options = layer_options(spec), .ref = leaves ? spec.ref : ""});
  }
}

EarlyExport::~EarlyExport() = default;

void EarlyExport::add(const std::vector<solve::ResultPtr>& results) {
  if (destinations_.empty()) return;
  for (const auto& result : results) {
    const auto* made = dynamic_cast<const ops::SnapshotResult*>(result.get());
    if (made == nullptr || made->chain().empty()) continue;
    tasks_->run([this, chain = made->chain()](const std::stop_token& stop) { send(chain, stop); });
  }
}

void EarlyExport::finish() {
  ending_ = true;
  tasks_->wait();
}

void EarlyExport::send(const snapshot::Chain& chain, const std::stop_token& stop) {
  if (ending_) return;
  busy_ = true;
  for (Destination& destination : destinations_) {
    if (destination.failed) continue;
    try {
      send_to(destination, chain, stop);
    } catch (const base::Cancelled&) {
      break;
    } catch (const std::exception& error) {
      // Whatever it was: the end of the build tries again, and tells.
      destination.failed = true;
      base::log_debug("layers do not leave before the end of the build: {}", error.what());
    }
  }
  busy_ = false;
}

void EarlyExport::send_to(Destination& destination, const snapshot::Chain& chain, const std::stop_token& stop) {
  const auto layers = ops::export_layers(chain, destination.options, services_, stop);
  if (destination.ref.empty()) return;
  if (!destination.repository) {
    destination.repository = house_.registry().repository(oci::Reference::parse(destination.ref));
  }
  for (const auto& layer : layers) {
    if (destination.sent.contains(layer.blob.digest)) continue;
    oci::Descriptor blob;
    blob.media_type = layer.blob.media_type;
    blob.digest = layer.blob.digest;
    blob.size = layer.blob.size;
    destination.repository->push_blob(blob, house_.store().content(), "", [](std::uint64_t, std::uint64_t) {}, stop);
    destination.sent.insert(blob.digest);
  }
}

}  // namespace cli
