// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the bytes of an image are: by layer, the largest files, what is there twice, what lies hidden under later
// layers.
//
//     attest::SizeReport report = attest::measure(layer_directories, stop);       // where layers may be read
//
// A file with several names in one layer counts once. *Wasted*: bytes of files that a later layer replaces or removes,
// and which everybody who pulls the image still gets. *Twice*: equal files in different places, the later ones.
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.h"
#include "ops/methods.h"
#include "ops/services.h"

namespace attest {

struct SizedFile {
  std::string path;
  std::uint64_t size = 0;
  std::size_t layer = 0;  ///< from 0 at the bottom
  std::string other;      ///< twice: where the first one is; wasted: "" ; otherwise ""
};

struct SizeReport {
  std::vector<std::uint64_t> layers;  ///< bytes of files in each, bottom first
  std::uint64_t wasted = 0;
  std::uint64_t twice = 0;
  std::vector<SizedFile> largest, wasted_files, twice_files;  ///< the largest of each, at most kListed

  static constexpr std::size_t kListed = 10;
  std::uint64_t total() const;
};

SizeReport measure(const std::vector<std::string>& layer_directories, const std::stop_token& stop);
base::Json to_json(const SizeReport& report);
SizeReport size_report_from_json(const base::Json& json);

/// In the helper.
SizeReport measure_chain(const snapshot::Chain& chain, const ops::Services& services, const std::stop_token& stop);
base::Json sizes_method(const ops::MethodCall& call);

}  // namespace attest
