// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/git_ref.h"

#include "targets.h"

namespace fuzz {

void git_ref(std::string_view input) {
  const auto result = dockerfile::parse_git_ref(input);
  require(result.ref.has_value() != result.error.has_value(), "a reference or an error");
  if (result.ref) require(result.is_git, "what can be read as a git reference is one");
  if (result.ref) require(!result.ref->remote.empty(), "a git reference names a repository");
  for (const auto subdir : {dockerfile::WithSubdir::no, dockerfile::WithSubdir::yes}) {
    accepted([&] { dockerfile::git_fragment_form(input, subdir); });
  }
  dockerfile::is_git_transport(input);
}

}  // namespace fuzz
