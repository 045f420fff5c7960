// SPDX-License-Identifier: Apache-2.0
// A context of 2,000 files: read, known, copied.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "base/file.h"
#include "ops/content_digest.h"
#include "ops/copy.h"

namespace {

constexpr int kFiles = 2000;

const std::string& context() {
  static const auto directory = [] {
    auto made = std::make_unique<base::TemporaryDirectory>("slipway-bench-");
    for (int i = 0; i < kFiles; ++i) {
      const std::string below = made->path() + "/d" + std::to_string(i / 100);
      base::make_directories(below);
      base::write_file_atomic(below + "/f" + std::to_string(i), std::string(4000, static_cast<char>('a' + i % 26)));
    }
    ::usleep(50'000);  // older than a tick, so that they can be believed
    return made;
  }();
  return directory->path();
}

ops::CopySource live(const base::Fd& root) {
  ops::CopySource source;
  source.root = root.get();
  source.kind = ops::CopySource::Kind::live;
  return source;
}

void digest(benchmark::State& state, ops::ContextIndex::Trust trust) {
  const base::Fd root = base::open_directory(context());
  const base::TemporaryDirectory store;
  ops::ContextIndex index({.directory = store.path(), .boot = "bench", .trust = trust});
  base::ThreadPool pool("hash", 2);
  const auto once = [&] {
    return ops::live_digest(live(root), {ops::Selection::whole("/")}, pool, *index.of(context()), {});
  };
  once();
  for (auto _ : state) benchmark::DoNotOptimize(once());
  state.SetItemsProcessed(state.iterations() * kFiles);
}
void context_known(benchmark::State& state) { digest(state, ops::ContextIndex::Trust::stamps); }
void context_read(benchmark::State& state) { digest(state, ops::ContextIndex::Trust::nothing); }
BENCHMARK(context_known)->UseRealTime();
BENCHMARK(context_read)->UseRealTime();

void context_identity(benchmark::State& state) {
  const base::Fd root = base::open_directory(context());
  for (auto _ : state) {
    benchmark::DoNotOptimize(ops::identity_digest(live(root), {ops::Selection::whole("/")}, {}));
  }
  state.SetItemsProcessed(state.iterations() * kFiles);
}
BENCHMARK(context_identity)->UseRealTime();

void copy(benchmark::State& state) {
  const base::Fd root = base::open_directory(context());
  ops::CopyRequest request;
  request.src = "/";
  request.dest = "/c";
  request.dir_copy_contents = request.create_dest_path = true;
  for (auto _ : state) {
    state.PauseTiming();
    auto target = std::make_unique<base::TemporaryDirectory>("slipway-bench-");
    const base::Fd to = base::open_directory(target->path());
    state.ResumeTiming();
    ops::copy_files(live(root), to.get(), request, {});
    state.PauseTiming();
    target.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kFiles);
}
BENCHMARK(copy)->UseRealTime();

}  // namespace
