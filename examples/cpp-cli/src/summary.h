// SPDX-License-Identifier: Apache-2.0
// What a log adds up to.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "entry.h"

struct PathStats {
  std::uint64_t hits = 0;
  std::uint64_t errors = 0;  // status 500 and above
  std::uint64_t bytes = 0;
  double seconds = 0;
};

struct Percentiles {
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
};

class Summary {
 public:
  void add(const Entry& entry);
  // Counts a line that could not be read.
  void reject() { ++rejected_; }

  std::uint64_t requests() const { return requests_; }
  std::uint64_t rejected() const { return rejected_; }
  std::uint64_t bytes() const { return bytes_; }
  std::size_t hosts() const { return hosts_.size(); }
  const std::map<int, std::uint64_t>& statuses() const { return statuses_; }
  const std::map<std::int64_t, std::uint64_t>& minutes() const { return minutes_; }
  // By hits, then by name; `count` at most.
  std::vector<std::pair<std::string, PathStats>> top_paths(std::size_t count) const;
  // Of the response times; zeros when no line had one.
  Percentiles percentiles() const;
  double error_rate() const;

 private:
  std::uint64_t requests_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t bytes_ = 0;
  std::map<int, std::uint64_t> statuses_;
  std::map<std::int64_t, std::uint64_t> minutes_;
  std::unordered_map<std::string, PathStats> paths_;
  std::unordered_map<std::string, std::uint64_t> hosts_;
  std::vector<float> times_;
};
