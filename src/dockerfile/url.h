// SPDX-License-Identifier: Apache-2.0
#pragma once
// URLs, read and written as Go's net/url does: BuildKit's git references and named contexts are
// defined by it, error texts included.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dockerfile {

/// Names and values in order of first appearance; a name may have several values.
using UrlQuery = std::vector<std::pair<std::string, std::vector<std::string>>>;

struct UrlUser {
  std::string name;
  std::optional<std::string> password;
};

struct Url {
  std::string scheme;  ///< lower case; "" = none
  std::string opaque;  ///< what follows a scheme without a slash
  std::optional<UrlUser> user;
  std::string host;      ///< with port
  std::string path;      ///< decoded
  std::string raw_path;  ///< as written, when encoding `path` would give something else
  bool lone_question_mark = false;
  bool omit_host = false;
  std::string raw_query;
  std::string fragment;  ///< decoded

  /// Throws invalid_argument: `parse "text": reason`.
  static Url parse(std::string_view text);
  /// Without the fragment.
  std::string text() const;
  /// What can be read of the query; malformed pairs are left out.
  UrlQuery query() const;
};

/// As Url::query, with nothing when any pair is malformed.
std::optional<UrlQuery> parse_url_query(std::string_view text);

}  // namespace dockerfile
