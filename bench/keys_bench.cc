// SPDX-License-Identifier: Apache-2.0
// Hashing: bytes of files, fields of keys.
#include <benchmark/benchmark.h>

#include <string>

#include "base/digest.h"
#include "solve/key.h"

namespace {

void sha256(benchmark::State& state) {
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(base::sha256(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sha256)->Arg(1 << 10)->Arg(8 << 10)->Arg(1 << 20);

void key_fields(benchmark::State& state) {
  for (auto _ : state) {
    solve::KeyHasher hasher("bench");
    for (std::int64_t i = 0; i < state.range(0); ++i) hasher.add(i).add("usr/share/doc/name");
    benchmark::DoNotOptimize(hasher.finish());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(key_fields)->Arg(10)->Arg(10'000);

}  // namespace
