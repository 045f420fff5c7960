// SPDX-License-Identifier: Apache-2.0
#include "summary.h"

#include <algorithm>

void Summary::add(const Entry& entry) {
  ++requests_;
  bytes_ += entry.bytes;
  ++statuses_[entry.status];
  ++minutes_[entry.minute];
  ++hosts_[entry.host];
  PathStats& path = paths_[entry.path];
  ++path.hits;
  path.bytes += entry.bytes;
  if (entry.status >= 500) ++path.errors;
  if (entry.seconds) {
    path.seconds += *entry.seconds;
    times_.push_back(static_cast<float>(*entry.seconds));
  }
}

std::vector<std::pair<std::string, PathStats>> Summary::top_paths(std::size_t count) const {
  std::vector<std::pair<std::string, PathStats>> all(paths_.begin(), paths_.end());
  count = std::min(count, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [](const auto& a, const auto& b) {
                      return a.second.hits != b.second.hits ? a.second.hits > b.second.hits : a.first < b.first;
                    });
  all.resize(count);
  return all;
}

Percentiles Summary::percentiles() const {
  if (times_.empty()) return {};
  auto sorted = times_;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) {
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5);
    return static_cast<double>(sorted[rank]);
  };
  return {at(0.50), at(0.95), at(0.99)};
}

double Summary::error_rate() const {
  std::uint64_t errors = 0;
  for (const auto& [status, count] : statuses_) {
    if (status >= 500) errors += count;
  }
  return requests_ == 0 ? 0 : static_cast<double>(errors) / static_cast<double>(requests_);
}
