// SPDX-License-Identifier: Apache-2.0
// Cache records: found, missed, saved.
#include <benchmark/benchmark.h>

#include "base/file.h"
#include "ops/record_storage.h"
#include "store/store.h"

namespace {

solve::Record record(int number) {
  solve::Record made;
  made.id = base::sha256("id" + std::to_string(number));
  made.key = {base::sha256("key" + std::to_string(number))};
  made.op = base::sha256("op" + std::to_string(number));
  made.step = "[stage 1/2] RUN make " + std::to_string(number);
  made.recipe = base::Json::object().set("op", "exec");
  made.results = {std::string(120, 'r')};
  made.created = number;
  return made;
}

class Records {
 public:
  Records() : store_(store::Store::open(directory_.path() + "/store")), storage(*store_) {
    for (int i = 0; i < 1000; ++i) storage.save(record(i), {record(i).key});
  }

 private:
  base::TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_;

 public:
  ops::RecordStorage storage;
};

void record_found(benchmark::State& state) {
  Records records;
  int i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(records.storage.find(record(i++ % 1000).key));
}
BENCHMARK(record_found);

void record_missed(benchmark::State& state) {
  Records records;
  const solve::CacheKey key{base::sha256("none")};
  for (auto _ : state) benchmark::DoNotOptimize(records.storage.find(key));
}
BENCHMARK(record_missed);

void record_saved(benchmark::State& state) {
  Records records;
  int i = 1000;
  for (auto _ : state) {
    const auto made = record(i++);
    records.storage.save(made, {made.key});
  }
}
BENCHMARK(record_saved);

}  // namespace
