// SPDX-License-Identifier: Apache-2.0
#include "proxy/address.h"
#include "targets.h"

namespace fuzz {

void proxied_url(std::string_view input) {
  const auto url = proxy::normal_url(input);
  if (!url) return;
  const auto again = proxy::normal_url(url->str());
  require(again && again->str() == url->str(), "a normal form is its own normal form");
  require(again->host == url->host && again->port == url->port, "it leads to the same place");
  require(url->str().find_first_of(" \\\"<>\r\n\t@") == std::string::npos || url->target.find('@') != std::string::npos,
          "nothing in it ends it, and nobody is named in it");
  const std::string path = url->target.substr(0, url->target.find('?')) + "/";
  require(path.find("/../") == std::string::npos && path.find("/./") == std::string::npos, "it has no dot segments");
  const std::string shown = proxy::shown_url(*url);
  require(shown.starts_with(url->scheme + "://" + url->authority + "/"), "what is shown is at the same place");
  proxy::shown_location(*url, input);
}

}  // namespace fuzz
