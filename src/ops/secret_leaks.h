// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is done about a secret's value in a layer: a warning, or with --secret-leak=error the end of the step.
#include <stop_token>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "ops/services.h"

namespace ops {

/// Looks through what a step wrote (an upper directory) before it becomes a layer. Does nothing in a build without
/// secrets.
void refuse_secrets(const std::string& upper, const base::Digest& vertex, const Services& services,
                    const std::stop_token& stop);

/// The same for a document about an image.
void refuse_secrets_in_text(const std::string& text, std::string_view what, const Services& services);

}  // namespace ops
