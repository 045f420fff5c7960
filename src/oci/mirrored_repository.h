// SPDX-License-Identifier: Apache-2.0
#pragma once
// A repository with mirrors: read from the first that has what is asked for, written to at its own place.
//
// A mirror that cannot be reached, or says no, is passed over, with a word in the log; one that could not be reached is
// not asked again. Bytes from anywhere are held to their digest. Which digest a tag means, the first mirror says that
// knows the tag: a mirror that is for digests alone is not asked that.
#include <memory>
#include <vector>

#include "oci/registry.h"
#include "oci/registry_settings.h"

namespace oci {

struct MirrorOf {
  std::unique_ptr<Repository> repository;
  bool answers_tags = true;
  bool answers_digests = true;
};

/// `own` is the repository itself.
std::unique_ptr<Repository> with_mirrors(std::vector<MirrorOf> mirrors, std::unique_ptr<Repository> own);

}  // namespace oci
