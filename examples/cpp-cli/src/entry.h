// SPDX-License-Identifier: Apache-2.0
// One line of an access log in the common or combined format.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct Entry {
  std::string host;
  std::string method;
  std::string path;  // without the query
  int status = 0;
  std::uint64_t bytes = 0;
  std::int64_t minute = 0;       // minutes since 1970, UTC
  std::optional<double> seconds;  // response time, if the line ends in one
};

// Nothing for a line that is not in the format.
std::optional<Entry> parse_entry(std::string_view line);

// "10/Oct/2024:13:55:36 -0700" as minutes since 1970, UTC.
std::optional<std::int64_t> parse_minute(std::string_view text);
