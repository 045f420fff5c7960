// SPDX-License-Identifier: Apache-2.0
// Times, in nanoseconds since 1970 and in UTC.
#include <array>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/time.h"
#include "rego/builtins.h"

namespace rego {
namespace {

constexpr std::int64_t kDay = 86'400 * base::kSecond;

/// Days since 1970 of a date of the proleptic Gregorian calendar; months count from 1 and may be any number.
std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
  year += (month - 1) / 12;
  month = (month - 1) % 12 + 1;
  if (month < 1) {
    month += 12;
    --year;
  }
  // Years that begin in March have their leap day at the end.
  const std::int64_t march_year = month <= 2 ? year - 1 : year;
  const std::int64_t era = (march_year >= 0 ? march_year : march_year - 399) / 400;
  const std::int64_t year_of_era = march_year - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

std::array<std::int64_t, 3> date_of(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  const std::int64_t real_month = month < 10 ? month + 3 : month - 9;
  return {year_of_era + era * 400 + (real_month <= 2 ? 1 : 0), real_month, day_of_year - (153 * month + 2) / 5 + 1};
}

std::int64_t day_number(std::int64_t nanos) { return nanos >= 0 ? nanos / kDay : -((-(nanos + 1)) / kDay) - 1; }

/// A number, or [number, zone]; zones other than UTC are not known here, which is an error rather than a wrong answer.
std::optional<std::int64_t> instant(const Value& value) {
  if (value.is_integer()) return value.integer();
  if (!value.is_array() || value.count() < 2 || !value.array()[0].is_integer() || !value.array()[1].is_string()) {
    return std::nullopt;
  }
  const std::string& zone = value.array()[1].string();
  if (zone != "UTC" && !zone.empty()) {
    base::fail(base::Code::unimplemented, "the time zone {} is not known here; UTC is", zone);
  }
  return value.array()[0].integer();
}

std::optional<Value> now(BuiltinContext& context, Arguments) { return Value(context.now); }

std::optional<Value> parse_rfc3339(BuiltinContext&, Arguments args) {
  // What 64 bits of nanoseconds can hold.
  const std::string year = args[0].string().substr(0, 4);
  if (year < "1678" || year > "2261") return std::nullopt;
  const auto time = base::parse_rfc3339(args[0].string());
  return time ? std::optional(Value(*time)) : std::nullopt;
}

std::optional<Value> add_date(BuiltinContext&, Arguments args) {
  constexpr std::int64_t kMost = 1'000'000;
  const auto time = instant(args[0]);
  if (!time) return std::nullopt;
  for (std::size_t i = 1; i < 4; ++i) {
    if (args[i].integer() > kMost || args[i].integer() < -kMost) return std::nullopt;
  }
  const auto date = date_of(day_number(*time));
  const std::int64_t days =
      days_of(date[0] + args[1].integer(), date[1] + args[2].integer(), date[2]) + args[3].integer();
  std::int64_t result = 0;
  if (__builtin_mul_overflow(days, kDay, &result) ||
      __builtin_add_overflow(result, *time - day_number(*time) * kDay, &result)) {
    return std::nullopt;
  }
  return Value(result);
}

std::optional<Value> date(BuiltinContext&, Arguments args) {
  const auto time = instant(args[0]);
  if (!time) return std::nullopt;
  const auto parts = date_of(day_number(*time));
  return Value(Value::Array{Value(parts[0]), Value(parts[1]), Value(parts[2])});
}

std::optional<Value> clock(BuiltinContext&, Arguments args) {
  const auto time = instant(args[0]);
  if (!time) return std::nullopt;
  const std::int64_t seconds = (*time - day_number(*time) * kDay) / base::kSecond;
  return Value(Value::Array{Value(seconds / 3600), Value(seconds / 60 % 60), Value(seconds % 60)});
}

std::optional<Value> weekday(BuiltinContext&, Arguments args) {
  static constexpr const char* kNames[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                           "Thursday", "Friday", "Saturday"};
  const auto time = instant(args[0]);
  if (!time) return std::nullopt;
  return Value(kNames[((day_number(*time) + 4) % 7 + 7) % 7]);
}

std::optional<Value> format(BuiltinContext&, Arguments args) {
  const auto time = instant(args[0]);
  if (!time || (args[0].is_array() && args[0].count() > 2)) return std::nullopt;
  return Value(base::format_rfc3339(*time));
}

/// As Go writes durations: "1h30m", "-1.5s", "2ms".
std::optional<Value> parse_duration(BuiltinContext&, Arguments args) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {{"ns", 1},  {"us", 1e3}, {"µs", 1e3},  {"ms", 1e6},
                                                                   {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  std::string_view text = args[0].string();
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Value(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (read.ec != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    const auto end = std::min(text.find_first_of("0123456789."), text.size());
    double unit = 0;
    for (const auto& [name, nanos] : kUnits) {
      if (name == text.substr(0, end)) unit = nanos;
    }
    if (unit == 0) return std::nullopt;
    total += number * unit;
    text.remove_prefix(end);
  }
  if (total > 9e18) return std::nullopt;
  const auto nanos = static_cast<std::int64_t>(std::llround(total));
  return Value(negative ? -nanos : nanos);
}

constexpr std::array kTimes{
    Builtin{"time.now_ns", "", now},
    Builtin{"time.parse_rfc3339_ns", "s", parse_rfc3339},
    Builtin{"time.parse_duration_ns", "s", parse_duration},
    Builtin{"time.add_date", "*iii", add_date},
    Builtin{"time.date", "*", date},
    Builtin{"time.clock", "*", clock},
    Builtin{"time.weekday", "*", weekday},
    Builtin{"time.format", "*", format},
};

}  // namespace

BuiltinTable time_builtins() { return kTimes; }

}  // namespace rego
