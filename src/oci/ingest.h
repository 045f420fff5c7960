// SPDX-License-Identifier: Apache-2.0
#pragma once
// Getting a blob of known digest and size into the content store, shared by layouts and registries.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>

#include "oci/descriptor.h"
#include "store/content_store.h"

namespace oci {

/// The ingest for a descriptor's blob, possibly resumed. Nothing when the blob is in the store
/// already. Waits while another thread or process is writing the same blob.
/// Throws data_loss when the store has the digest with another size: the descriptor lies.
std::unique_ptr<store::Ingest> open_ingest(const Descriptor& descriptor, store::ContentStore& content,
                                           const std::stop_token& stop);

/// Copies `descriptor` from a file into the store, from the ingest's offset on.
void ingest_file(int file, const Descriptor& descriptor, store::Ingest& ingest,
                 const std::function<void(std::uint64_t, std::uint64_t)>& progress, const std::stop_token& stop);

/// Hands a file's bytes to `write` and hashes them on the way; throws data_loss unless they are
/// exactly the descriptor's.
void copy_verified(int file, const Descriptor& descriptor, const std::function<void(std::span<const std::byte>)>& write,
                   const std::stop_token& stop);

}  // namespace oci
