// SPDX-License-Identifier: Apache-2.0
// Compression of a layer's tar, as an export does it.
#include <benchmark/benchmark.h>

#include <string>

#include "layer/blob.h"
#include "layer/compress.h"
#include "layer/stream.h"

namespace {

/// Words in no order: compresses about as program text does.
std::string text(std::size_t size) {
  static const char* const kWords[] = {"return ", "const ", "auto ", "value", "(",     ");\n",
                                       "  ",      "name",   "->",    "if (",  "std::", "0x1f"};
  std::string made;
  unsigned seed = 1;
  while (made.size() < size) {
    seed = seed * 1664525 + 1013904223;
    made += kWords[(seed >> 16) % std::size(kWords)];
    if (seed % 7 == 0) made += std::to_string(seed);
  }
  return made;
}

class Null final : public layer::Sink {
 public:
  using Sink::write;
  void write(std::span<const std::byte> bytes) override { benchmark::DoNotOptimize(bytes.data()); }
};

void compress(benchmark::State& state, layer::Compression kind) {
  const std::string bytes = text(8 << 20);
  layer::CompressOptions options;
  options.kind = kind;
  options.threads = static_cast<unsigned>(state.range(0));
  std::uint64_t size = 0;
  for (auto _ : state) {
    Null out;
    size = layer::write_blob(options, out, [&](layer::Sink& tar) { tar.write(std::string_view(bytes)); }).size;
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
  state.counters["percent"] = 100.0 * static_cast<double>(size) / static_cast<double>(bytes.size());
}
void gzip(benchmark::State& state) { compress(state, layer::Compression::gzip); }
void zstd(benchmark::State& state) { compress(state, layer::Compression::zstd); }
BENCHMARK(gzip)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(zstd)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
