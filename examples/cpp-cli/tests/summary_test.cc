// SPDX-License-Identifier: Apache-2.0
#include "summary.h"

#include "check.h"

namespace {

Entry entry(const char* path, int status, double seconds) {
  Entry out;
  out.host = "h";
  out.path = path;
  out.status = status;
  out.bytes = 100;
  out.seconds = seconds;
  return out;
}

}  // namespace

int main() {
  Summary summary;
  CHECK(summary.error_rate() == 0 && summary.percentiles().p99 == 0 && summary.top_paths(3).empty());
  for (int i = 1; i <= 100; ++i) summary.add(entry(i % 4 == 0 ? "/b" : "/a", i % 10 == 0 ? 503 : 200, i / 100.0));
  summary.add(entry("/c", 404, 0.5));
  summary.reject();
  CHECK(summary.requests() == 101 && summary.rejected() == 1 && summary.bytes() == 10100 && summary.hosts() == 1);
  CHECK(summary.statuses().at(503) == 10);
  CHECK(summary.error_rate() > 0.098 && summary.error_rate() < 0.1);
  const auto top = summary.top_paths(2);
  CHECK(top.size() == 2 && top[0].first == "/a" && top[0].second.hits == 75 && top[1].first == "/b");
  CHECK(top[1].second.errors == 5);
  const auto times = summary.percentiles();
  CHECK(times.p50 > 0.49 && times.p50 < 0.52 && times.p95 > 0.93 && times.p99 > 0.97 && times.p99 <= 1.0);
  return failures;
}
