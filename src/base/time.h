// SPDX-License-Identifier: Apache-2.0
#pragma once
// Wall-clock times as Go's RFC 3339 text, and the clock as an object so that tests hold it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

/// Nanoseconds since 1970-01-01T00:00:00Z.
using Nanos = std::int64_t;
constexpr Nanos kSecond = 1'000'000'000;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Nanos now() const = 0;
};

/// The machine's real-time clock.
const Clock& system_clock();

/// Monotonic nanoseconds, for durations.
Nanos monotonic_now();

/// "2020-01-02T03:04:05.123456789Z" with trailing zeros of the fraction cut, as Go's RFC3339Nano.
std::string format_rfc3339(Nanos time);
/// Any RFC 3339 offset and fraction; nothing when malformed.
std::optional<Nanos> parse_rfc3339(std::string_view text);
/// "Mon, 02 Jan 2006 15:04:05 GMT" (HTTP); nothing when malformed.
std::optional<Nanos> parse_http_date(std::string_view text);

}  // namespace base
