// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/convert_text.h"

#include "base/strings.h"
#include "base/unicode.h"

namespace dockerfile {

namespace {

/// `value` thousandths-of-thousandths … as "12.5": integer part and fraction of 10^digits, zeros cut.
std::string decimal(std::uint64_t value, int digits) {
  std::uint64_t scale = 1;
  for (int i = 0; i < digits; ++i) scale *= 10;
  auto text = std::to_string(value / scale);
  auto fraction = std::to_string(value % scale);
  if (value % scale == 0) return text;
  fraction.insert(0, static_cast<std::size_t>(digits) - fraction.size(), '0');
  while (fraction.ends_with('0')) fraction.pop_back();
  return text + "." + fraction;
}

}  // namespace

std::string plain_list(const std::vector<std::string>& values) { return "[" + base::join(values, " ") + "]"; }

std::string quoted_list(const std::vector<std::string>& values) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ' ';
    out += base::quote(values[i]);
  }
  return out + "]";
}

std::string duration_text(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  const bool negative = nanoseconds < 0;
  const auto value = negative ? 0 - static_cast<std::uint64_t>(nanoseconds) : static_cast<std::uint64_t>(nanoseconds);
  std::string out;
  if (value < 1'000) {
    out = std::to_string(value) + "ns";
  } else if (value < 1'000'000) {
    out = decimal(value, 3) + "µs";
  } else if (value < 1'000'000'000) {
    out = decimal(value, 6) + "ms";
  } else {
    const auto seconds = value / 1'000'000'000;
    const auto rest = value % 60'000'000'000;
    if (seconds >= 3600) out += std::to_string(seconds / 3600) + "h";
    if (seconds >= 60) out += std::to_string(seconds / 60 % 60) + "m";
    out += decimal(rest, 9) + "s";
  }
  return negative ? "-" + out : out;
}

std::string health_text(const HealthConfig& health) {
  return "{Test:" + plain_list(health.test) + " Interval:" + duration_text(health.interval) +
         " Timeout:" + duration_text(health.timeout) + " StartPeriod:" + duration_text(health.start_period) +
         " StartInterval:" + duration_text(health.start_interval) + " Retries:" + std::to_string(health.retries) + "}";
}

std::string with_upper_command(std::string_view text) {
  const auto end = std::min(text.find(' '), text.size());
  return base::upper_runes(text.substr(0, end)) + std::string(text.substr(end));
}

std::string heredoc_summary(std::string_view text) {
  text = base::trim_space(text);
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::string(text);
  auto line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line) + "...";
}

}  // namespace dockerfile
