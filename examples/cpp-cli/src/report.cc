// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iomanip>

namespace {

constexpr int kBarWidth = 40;

std::string fixed(double value, int digits) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
  return buffer.data();
}

std::string bar(std::uint64_t value, std::uint64_t most) {
  const auto width = most == 0 ? 0 : (value * kBarWidth + most - 1) / most;
  return std::string(width, '#');
}

void write_minutes(std::ostream& out, const Summary& summary) {
  constexpr std::size_t kRows = 12;
  const auto& minutes = summary.minutes();
  if (minutes.size() < 2) return;
  // Rows of equal length in time, as few minutes each as fit.
  const auto first = minutes.begin()->first;
  const auto span = minutes.rbegin()->first - first + 1;
  const auto step = (span + static_cast<std::int64_t>(kRows) - 1) / static_cast<std::int64_t>(kRows);
  std::map<std::int64_t, std::uint64_t> rows;
  for (const auto& [minute, count] : minutes) rows[(minute - first) / step] += count;
  std::uint64_t most = 0;
  for (const auto& [row, count] : rows) most = std::max(most, count);
  out << "\nrequests in " << step << "-minute steps\n";
  for (const auto& [row, count] : rows) {
    const auto minute = (first + row * step) % 1440;
    out << "  " << std::setfill('0') << std::setw(2) << minute / 60 << ':' << std::setw(2) << minute % 60
        << std::setfill(' ') << std::setw(9) << count << "  " << bar(count, most) << '\n';
  }
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> units = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  return fixed(value, unit == 0 ? 0 : 1) + " " + units[unit];
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> buffer{};
      std::snprintf(buffer.data(), buffer.size(), "\\u%04x", static_cast<unsigned>(c));
      out += buffer.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

void write_text(std::ostream& out, const Summary& summary, std::size_t top) {
  out << summary.requests() << " requests from " << summary.hosts() << " hosts, " << size_text(summary.bytes()) << ", "
      << fixed(summary.error_rate() * 100, 2) << " % errors";
  if (summary.rejected() > 0) out << ", " << summary.rejected() << " lines not understood";
  out << "\n\nstatus\n";
  std::uint64_t most = 0;
  for (const auto& [status, count] : summary.statuses()) most = std::max(most, count);
  for (const auto& [status, count] : summary.statuses()) {
    out << "  " << status << std::setw(11) << count << "  " << bar(count, most) << '\n';
  }
  const auto times = summary.percentiles();
  if (times.p99 > 0) {
    out << "\nresponse time  p50 " << fixed(times.p50, 3) << " s   p95 " << fixed(times.p95, 3) << " s   p99 "
        << fixed(times.p99, 3) << " s\n";
  }
  out << "\n     hits   errors        bytes  path\n";
  for (const auto& [path, stats] : summary.top_paths(top)) {
    out << std::setw(9) << stats.hits << std::setw(9) << stats.errors << std::setw(13) << size_text(stats.bytes) << "  "
        << path << '\n';
  }
  write_minutes(out, summary);
}

void write_json(std::ostream& out, const Summary& summary, std::size_t top) {
  const auto times = summary.percentiles();
  out << "{\"requests\":" << summary.requests() << ",\"hosts\":" << summary.hosts() << ",\"bytes\":" << summary.bytes()
      << ",\"rejected\":" << summary.rejected() << ",\"error_rate\":" << fixed(summary.error_rate(), 6)
      << ",\"seconds\":{\"p50\":" << fixed(times.p50, 6) << ",\"p95\":" << fixed(times.p95, 6)
      << ",\"p99\":" << fixed(times.p99, 6) << "},\"statuses\":{";
  const char* comma = "";
  for (const auto& [status, count] : summary.statuses()) {
    out << comma << '"' << status << "\":" << count;
    comma = ",";
  }
  out << "},\"paths\":[";
  comma = "";
  for (const auto& [path, stats] : summary.top_paths(top)) {
    out << comma << "{\"path\":" << json_string(path) << ",\"hits\":" << stats.hits << ",\"errors\":" << stats.errors
        << ",\"bytes\":" << stats.bytes << '}';
    comma = ",";
  }
  out << "]}\n";
}
