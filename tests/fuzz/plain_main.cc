// SPDX-License-Identifier: Apache-2.0
// The driver without libFuzzer.
//
//     fuzz_plain list                        the targets' names
//     fuzz_plain replay DIR...               DIR/TARGET/* through their targets, once each
//     fuzz_plain mutate TARGET SECS SEED DIR...   variations of DIR/TARGET/* for that long
//
// An input that ends the program is left in fuzz-last-input when mutating; when replaying, its name
// is the last line printed.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/strings.h"

#include "targets.h"

namespace {

namespace fs = std::filesystem;
using Inputs = std::vector<std::string>;

std::vector<fs::path> files_of(const fs::path& directory) {
  std::vector<fs::path> files;
  if (fs::is_directory(directory)) {
    for (const auto& entry : fs::directory_iterator(directory)) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

int replay(std::span<char*> directories) {
  int count = 0;
  for (const char* directory : directories) {
    for (const auto& target : fuzz::targets()) {
      for (const auto& file : files_of(fs::path(directory) / target.name)) {
        std::printf("%s\n", file.c_str());
        std::fflush(stdout);
        target.run(base::read_file(file.native()));
        ++count;
      }
    }
  }
  std::printf("%d inputs, all as promised\n", count);
  return count > 0 ? 0 : 1;
}

/// Small changes as careless hands and hostile ones make them.
class Mutator {
 public:
  Mutator(Inputs seeds, std::uint64_t seed) : seeds_(std::move(seeds)), random_(seed) {}

  std::string next() {
    std::string input = pick();
    for (auto changes = below(6) + 1; changes > 0; --changes) change(input);
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const std::string& pick() { return seeds_[below(seeds_.size())]; }

  std::string piece() {
    static constexpr std::string_view kHard("$\\'\"`{}[](),:=#<>!*?/-\n\t \0\x80\xff", 30);
    if (below(3) != 0) return std::string(1, kHard[below(kHard.size())]);
    const auto& other = pick();
    return other.substr(below(other.size() + 1), below(24));
  }

  void change(std::string& input) {
    const auto at = below(input.size() + 1);
    switch (below(4)) {
      case 0: input.insert(at, piece()); break;
      case 1: input.erase(at, below(16) + 1); break;
      case 2: input.replace(at, std::min<std::size_t>(1, input.size() - at), piece()); break;
      default: input.insert(at, input.substr(below(input.size() + 1), below(64))); break;
    }
  }

  Inputs seeds_;
  std::mt19937_64 random_;
};

int mutate(const fuzz::Target& target, int seconds, std::uint64_t seed, std::span<char*> directories) {
  Inputs seeds;
  for (const char* directory : directories) {
    for (const auto& file : files_of(fs::path(directory) / target.name)) {
      seeds.push_back(base::read_file(file.native()));
    }
  }
  if (seeds.empty()) seeds.emplace_back();
  Mutator mutator(std::move(seeds), seed);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::uint64_t runs = 0;
  std::FILE* last = std::fopen("fuzz-last-input", "wbe");
  if (last == nullptr) return 2;
  while (std::chrono::steady_clock::now() < end) {
    const auto input = mutator.next();
    std::rewind(last);
    std::fwrite(input.data(), 1, input.size(), last);
    std::fflush(last);
    if (::ftruncate(::fileno(last), static_cast<off_t>(input.size())) != 0) return 2;
    target.run(input);
    ++runs;
  }
  std::fclose(last);
  fs::remove("fuzz-last-input");
  std::printf("%s: %llu inputs in %d s, seed %llu, all as promised\n", target.name.data(),
              static_cast<unsigned long long>(runs), seconds, static_cast<unsigned long long>(seed));
  return 0;
}

int usage() {
  std::fputs("usage: fuzz_plain list | replay DIR... | mutate TARGET SECS SEED DIR...\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> args(argv, static_cast<std::size_t>(argc));
  const std::string_view verb = argc > 1 ? args[1] : "";
  if (verb == "list") {
    for (const auto& target : fuzz::targets()) std::printf("%s\n", target.name.data());
    return 0;
  }
  if (verb == "replay" && argc > 2) return replay(args.subspan(2));
  if (verb != "mutate" || argc < 6) return usage();
  const auto* target = fuzz::find_target(args[2]);
  if (target == nullptr) return usage();
  return mutate(*target, std::atoi(args[3]), std::strtoull(args[4], nullptr, 10), args.subspan(5));
}
