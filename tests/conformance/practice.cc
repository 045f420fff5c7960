// SPDX-License-Identifier: Apache-2.0
// How often each practice rule fires on a set of Dockerfiles.
//
//     conformance_practice --inputs FILE [--findings FILE]
//
// Prints "rule findings files"; --findings writes one JSON line for each finding, to be judged by a reader.
#include "dockerfile/practice.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dockerfile/parser.h"

#include "records.h"

namespace {

struct Count {
  int findings = 0;
  std::set<std::string> files;
};

class Tally {
 public:
  explicit Tally(const std::string& findings) {
    if (!findings.empty()) out_.open(findings);
  }

  void add(const base::Json& record) {
    const auto id = record["id"].string_or("");
    const auto text = record.contains("dockerfile")
                          ? record["dockerfile"].string_or("")
                          : conformance::decode_base64(record["dockerfile_b64"].string_or(""));
    ++files_;
    dockerfile::Program program;
    try {
      program = dockerfile::parse_instructions(dockerfile::parse_dockerfile(text).statements, nullptr);
    } catch (const base::Error&) {
      ++malformed_;
      return;
    }
    if (program.stages.empty()) return;
    dockerfile::check_practice(program, dockerfile::facts_of_text(program),
                               [&](const dockerfile::PracticeFinding& finding) { note(id, finding); });
  }

  void print() const {
    std::printf("%d files, %d of them malformed\n", files_, malformed_);
    for (const auto& rule : dockerfile::practice_rules()) {
      const auto found = counts_.find(rule.name);
      const Count none;
      const auto& count = found == counts_.end() ? none : found->second;
      std::printf("%-26s %6d findings in %5zu files\n", rule.name.data(), count.findings, count.files.size());
    }
  }

 private:
  void note(const std::string& id, const dockerfile::PracticeFinding& finding) {
    auto& count = counts_[finding.rule->name];
    ++count.findings;
    count.files.insert(id);
    if (!out_.is_open()) return;
    out_ << base::Json::object()
                .set("id", id)
                .set("rule", finding.rule->name)
                .set("line", finding.location.empty() ? 0 : finding.location.front().start.line)
                .set("message", finding.message)
                .set("fix", finding.fix)
                .dump()
         << '\n';
  }

  int files_ = 0;
  int malformed_ = 0;
  std::map<std::string_view, Count> counts_;
  std::ofstream out_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string inputs;
  std::string findings;
  const std::vector<std::string> args(argv + 1, argv + argc);
  for (std::size_t i = 0; i + 1 < args.size(); i += 2) {
    if (args[i] == "--inputs") inputs = args[i + 1];
    if (args[i] == "--findings") findings = args[i + 1];
  }
  if (inputs.empty()) {
    std::fputs("usage: conformance_practice --inputs FILE [--findings FILE]\n", stderr);
    return 2;
  }
  try {
    Tally tally(findings);
    conformance::each_record(inputs, [&](const base::Json& record) { tally.add(record); });
    tally.print();
    return 0;
  } catch (const base::Error& error) {
    std::fprintf(stderr, "%s\n", error.text().c_str());
    return 1;
  }
}
