// SPDX-License-Identifier: Apache-2.0
#include "layer/pax.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"

namespace layer {
namespace {

constexpr std::string_view kSparseOffset = "GNU.sparse.offset";
constexpr std::string_view kSparseLength = "GNU.sparse.numbytes";

struct Record {
  std::string_view key;
  std::string_view value;
};

/// Cuts the first record off `text`.
std::optional<Record> take_record(std::string_view& text) {
  std::size_t length = 0;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  const auto digits = static_cast<std::size_t>(after - text.data());
  if (error != std::errc() || digits >= text.size() || *after != ' ') return std::nullopt;
  if (length > text.size() || length < digits + 4 || text[length - 1] != '\n') return std::nullopt;
  const auto pair = base::cut(text.substr(digits + 1, length - digits - 2), "=");
  text.remove_prefix(length);
  if (!pair || pair->first.empty()) return std::nullopt;
  return Record{pair->first, pair->second};
}

/// Names must not hold NUL bytes; values of other keys (attributes) may.
bool is_valid(const Record& record) {
  const bool is_name =
      record.key == "path" || record.key == "linkpath" || record.key == "uname" || record.key == "gname";
  return (is_name ? record.value : record.key).find('\0') == std::string_view::npos;
}

}  // namespace

std::optional<PaxRecords> parse_pax(std::string_view text) {
  PaxRecords records;
  std::string map;
  bool want_length = false;
  while (!text.empty()) {
    const auto record = take_record(text);
    if (!record || !is_valid(*record)) return std::nullopt;
    if (record->key == kSparseOffset || record->key == kSparseLength) {
      if ((record->key == kSparseLength) != want_length || record->value.find(',') != std::string_view::npos) {
        return std::nullopt;
      }
      want_length = !want_length;
      if (!map.empty()) map += ',';
      map += record->value;
    } else {
      records.insert_or_assign(std::string(record->key), std::string(record->value));
    }
  }
  if (!map.empty()) records.insert_or_assign("GNU.sparse.map", std::move(map));
  return records;
}

std::optional<PaxTime> parse_pax_time(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto dot = text.find('.');
  const auto seconds = base::parse_int(text.substr(0, dot));
  if (!seconds) return std::nullopt;
  PaxTime time{*seconds, 0};
  if (dot == std::string_view::npos) return time;
  auto fraction = std::string(text.substr(dot + 1));
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(fraction.begin(), fraction.end(), is_digit)) return std::nullopt;
  fraction.resize(9, '0');
  std::from_chars(fraction.data(), fraction.data() + 9, time.nanos);
  if (negative && time.nanos != 0) {
    if (time.seconds == INT64_MIN) return std::nullopt;
    --time.seconds;
    time.nanos = 1'000'000'000 - time.nanos;
  }
  return time;
}

}  // namespace layer
