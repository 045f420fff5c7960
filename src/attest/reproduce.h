// SPDX-License-Identifier: Apache-2.0
#pragma once
// Two builds of one Dockerfile, compared: which file differs, where, and what usually makes it differ.
//
//     auto differences = attest::compare_layers(first, second);         // two layers as tars, from the beginning
//     differences[0].path, .offset, .cause, .remedy
//
// Threads: one comparison belongs to one thread. Failure: data_loss for a layer that cannot be read.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "layer/stream.h"

namespace attest {

/// What the two builds call the machine.
inline constexpr std::string_view kFirstHostName = "first-build";
inline constexpr std::string_view kSecondHostName = "second-build";
/// By what name the second build knows the store, whose path steps see in their list of mounts.
inline constexpr std::string_view kSecondStoreName = "second-store";

struct Difference {
  std::string path;                     ///< in the image, without a leading "/"
  std::string what;                     ///< "content", "only in the first build", "mode 0644 and 0600" …
  std::optional<std::uint64_t> offset;  ///< of the first byte that differs
  std::string cause;                    ///< "" = unknown
  std::string remedy;
};

/// Opens the same layer again from its beginning, uncompressed.
using OpenLayer = std::function<std::unique_ptr<layer::Source>()>;

std::vector<Difference> compare_layers(const OpenLayer& first, const OpenLayer& second);

/// What usually makes a file differ: by its format, its name, and the bytes around the first difference.
struct Cause {
  std::string cause, remedy;
};
Cause usual_cause(std::string_view path, std::string_view first, std::string_view second, std::uint64_t offset);

}  // namespace attest
