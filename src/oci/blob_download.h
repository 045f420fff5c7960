// SPDX-License-Identifier: Apache-2.0
#pragma once
// One blob from a registry into an ingest: bounded, resumed where it broke off, never wrong.
#include <stop_token>
#include <string>

#include "oci/image_source.h"
#include "oci/registry_host.h"

namespace oci {

/// Downloads `path` ("/v2/…/blobs/sha256:…") into the store. Requests are repeated with Range from
/// where the last one broke off; attempts are counted only while no byte arrives.
void download_blob(RegistryHosts& hosts, const AuthTarget& target, const std::string& path,
                   const Descriptor& descriptor, store::ContentStore& content, const FetchProgress& progress,
                   const std::stop_token& stop);

/// Throws the error that fits a failed response: "WHAT: 404 Not Found: …".
[[noreturn]] void fail_response(const HttpResponse& response, std::string_view what);

}  // namespace oci
