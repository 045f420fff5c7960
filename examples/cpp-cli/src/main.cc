// SPDX-License-Identifier: Apache-2.0
// logtop: what is in an access log. See README.md.
#include <charconv>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "report.h"
#include "summary.h"

namespace {

constexpr const char* kUsage =
    "usage: logtop [--top N] [--json] [--status N] [FILE... | -]\n"
    "  --top N       show the N busiest paths (default 10)\n"
    "  --status N    only requests with this status, or class: 404, 5\n"
    "  --json        one JSON document instead of text\n"
    "  --version     print the version\n";

struct Options {
  std::size_t top = 10;
  int status = 0;
  bool json = false;
  std::vector<std::string> files;
};

bool to_int(std::string_view text, int& value) {
  const auto end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end && value >= 0;
}

// Exit code for a wrong call, or -1 to go on.
int parse(const std::vector<std::string>& args, Options& options) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto& arg = args[i];
    int number = 0;
    if (arg == "--help" || arg == "-h") {
      std::cout << kUsage;
      return 0;
    }
    if (arg == "--version") {
      std::cout << "logtop " LOGTOP_VERSION "\n";
      return 0;
    }
    if (arg == "--json") {
      options.json = true;
    } else if (arg == "--top" || arg == "--status") {
      if (++i == args.size() || !to_int(args[i], number)) {
        std::cerr << "logtop: " << arg << " needs a number\n";
        return 2;
      }
      if (arg == "--top") options.top = static_cast<std::size_t>(number);
      if (arg == "--status") options.status = number;
    } else if (arg.size() > 1 && arg[0] == '-') {
      std::cerr << "logtop: unknown option " << arg << '\n' << kUsage;
      return 2;
    } else {
      options.files.push_back(arg);
    }
  }
  if (options.files.empty()) options.files.emplace_back("-");
  return -1;
}

bool wanted(const Options& options, int status) {
  return options.status == 0 || status == options.status || (options.status < 10 && status / 100 == options.status);
}

void read(std::istream& in, const Options& options, Summary& summary) {
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    if (const auto entry = parse_entry(line)) {
      if (wanted(options, entry->status)) summary.add(*entry);
    } else {
      summary.reject();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  Options options;
  if (const int code = parse({argv + 1, argv + argc}, options); code >= 0) return code;
  Summary summary;
  for (const auto& file : options.files) {
    if (file == "-") {
      read(std::cin, options, summary);
      continue;
    }
    std::ifstream in(file);
    if (!in) {
      std::cerr << "logtop: cannot open " << file << '\n';
      return 1;
    }
    read(in, options, summary);
  }
  options.json ? write_json(std::cout, summary, options.top) : write_text(std::cout, summary, options.top);
  std::cout.flush();
  return std::cout ? 0 : 1;
}
