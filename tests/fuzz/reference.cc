// SPDX-License-Identifier: Apache-2.0
#include "llb/image_reference.h"

#include "targets.h"

namespace fuzz {

void reference(std::string_view input) {
  llb::ImageReference parsed;
  if (!accepted([&] { parsed = llb::ImageReference::parse(input); })) return;
  require(llb::ImageReference::parse(parsed.text()) == parsed, "the full form means the same image");
  // As with Docker's own short names: docker.io/a.b/c loses a domain that its path then seems to have.
  const auto first = parsed.path.substr(0, parsed.path.find('/'));
  if (first.find('.') == std::string::npos && first != "localhost") {
    require(llb::ImageReference::parse(parsed.familiar()) == parsed, "the short form means the same image");
  }
  const auto tagged = parsed.with_default_tag();
  require(!tagged.name_only(), "a default tag leaves no bare name");
  require(tagged.name() == parsed.name(), "a default tag keeps the name");
}

}  // namespace fuzz
