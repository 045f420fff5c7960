// SPDX-License-Identifier: Apache-2.0
#pragma once
// Git remotes taken apart: what names a repository whichever way it is fetched.
#include <optional>
#include <string>
#include <string_view>

namespace llb {

struct GitUrl {
  std::string scheme;  ///< "https", "http", "ssh", "git"
  std::string host;    ///< with port
  std::string path;    ///< percent-decoded
  std::string remote;  ///< for git, without query and fragment
};

/// Reads "scheme://[user@]host/path" or "user@host:path". Nothing for another scheme or form.
std::optional<GitUrl> parse_git_url(std::string_view text);

}  // namespace llb
