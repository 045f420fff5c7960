// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether an image that was resolved may be used, asked before any of its layers is fetched. The rules are `attest`'s;
// here is only the hook.
#include <stop_token>
#include <string>

#include "oci/image.h"
#include "oci/reference.h"

namespace ops {

/// Images that were made on this machine are not asked about.
/// Threads: any. Failure: an error that is a refusal (base::Error), or that the question could not be answered.
class ImageAdmission {
 public:
  virtual ~ImageAdmission() = default;
  virtual void admit(const oci::Reference& image, const oci::ResolvedImage& resolved, const std::stop_token& stop) = 0;
  /// An OCI layout of this machine.
  virtual void admit_layout(const std::string& directory, const std::string& tag) = 0;
};

}  // namespace ops
