// SPDX-License-Identifier: Apache-2.0
#pragma once
// Trying whether an overlay can be mounted, without leaving one behind.
#include <cstdint>
#include <string>

namespace sandbox {

enum class TrialNamespace : std::uint8_t { mount, user_and_mount };

/// Mounts an overlay of empty directories made below `directory`, in a short-lived child with
/// namespaces of its own. 0, or the errno that says no. Safe in a program with threads.
int try_overlay(const std::string& directory, TrialNamespace where);

}  // namespace sandbox
