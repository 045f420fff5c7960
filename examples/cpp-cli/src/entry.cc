// SPDX-License-Identifier: Apache-2.0
#include "entry.h"

#include <array>
#include <charconv>

namespace {

template <typename Number>
std::optional<Number> to_number(std::string_view text) {
  Number value{};
  const auto end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

// The text up to `end`, which is taken off `rest` too; nothing when `end` does not occur.
std::optional<std::string_view> take_until(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto taken = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return taken;
}

bool skip(std::string_view& rest, std::string_view expected) {
  if (rest.substr(0, expected.size()) != expected) return false;
  rest.remove_prefix(expected.size());
  return true;
}

// The request may hold escaped quotes.
std::optional<std::string_view> take_quoted(std::string_view& rest) {
  if (!skip(rest, "\"")) return std::nullopt;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '\\') {
      ++i;
    } else if (rest[i] == '"') {
      const auto taken = rest.substr(0, i);
      rest.remove_prefix(i + 1);
      return taken;
    }
  }
  return std::nullopt;
}

// Days since 1970-01-01 of a date in the Gregorian calendar.
std::int64_t days(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = year / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int month_number(std::string_view name) {
  constexpr std::array<std::string_view, 12> names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<int>(i) + 1;
  }
  return 0;
}

}  // namespace

std::optional<std::int64_t> parse_minute(std::string_view text) {
  const auto day = take_until(text, '/');
  const auto month = take_until(text, '/');
  const auto year = take_until(text, ':');
  const auto hour = take_until(text, ':');
  const auto minute = take_until(text, ':');
  const auto second = take_until(text, ' ');
  if (!second || text.size() != 5 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto d = to_number<int>(*day);
  const auto y = to_number<int>(*year);
  const auto h = to_number<int>(*hour);
  const auto m = to_number<int>(*minute);
  const auto zone = to_number<int>(text.substr(1));
  const int mon = month_number(*month);
  if (!d || !y || !h || !m || !zone || mon == 0 || *d < 1 || *d > 31 || *h > 23 || *m > 59 || *h < 0 || *m < 0) {
    return std::nullopt;
  }
  const int offset = (*zone / 100 * 60 + *zone % 100) * (text[0] == '-' ? -1 : 1);
  return days(*y, mon, *d) * 1440 + *h * 60 + *m - offset;
}

std::optional<Entry> parse_entry(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ')) line.remove_suffix(1);
  Entry entry;
  const auto host = take_until(line, ' ');
  if (!host || host->empty() || !take_until(line, '[')) return std::nullopt;
  entry.host = *host;
  const auto time = take_until(line, ']');
  const auto minute = time ? parse_minute(*time) : std::nullopt;
  if (!minute || !skip(line, " ")) return std::nullopt;
  entry.minute = *minute;

  auto request = take_quoted(line);
  if (!request || !skip(line, " ")) return std::nullopt;
  const auto method = take_until(*request, ' ');
  if (!method) return std::nullopt;
  entry.method = *method;
  const auto target = request->substr(0, request->find(' '));
  entry.path = target.substr(0, target.find('?'));

  const auto status = take_until(line, ' ');
  const auto code = status ? to_number<int>(*status) : std::nullopt;
  if (!code || *code < 100 || *code > 599) return std::nullopt;
  entry.status = *code;
  const auto bytes = line.substr(0, line.find(' '));
  if (bytes != "-") {
    const auto size = to_number<std::uint64_t>(bytes);
    if (!size) return std::nullopt;
    entry.bytes = *size;
  }
  const auto last = line.rfind(' ');
  if (last != std::string_view::npos && line.back() != '"') entry.seconds = to_number<double>(line.substr(last + 1));
  return entry;
}
