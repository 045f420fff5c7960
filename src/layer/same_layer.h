// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether two layer directories (in overlayfs' form, frozen) show the same to whoever stands on them.
//
// Names, types, modes, owners, sizes, bytes, link targets, hard links, devices (whiteouts among them), opaque marks and
// extended attributes count; times never do: a step that ran again and wrote the same bytes at another time made the
// same.
#include <stop_token>
#include <string>

namespace layer {

/// Looks at all names first, reads files only when everything else agrees, and ends at the first difference.
bool same_layer(const std::string& a, const std::string& b, const std::stop_token& stop);

}  // namespace layer
