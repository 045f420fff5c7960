// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/subrequests.h"

#include "base/json.h"
#include "base/strings.h"
#include "dockerfile/convert.h"
#include "dockerfile/lint_result.h"
#include "dockerfile/outline.h"
#include "dockerfile/text_table.h"

namespace dockerfile {
namespace {

using Answer = std::map<std::string, std::string>;

constexpr const char* kVersion = "1.0.0";

Answer answer_of(std::string json, std::string text) {
  return {{"result.json", std::move(json)}, {"result.txt", std::move(text)}, {"version", kVersion}};
}

/// For no platform in particular: the build's own, adapted to the base images.
ConvertOptions question(ContextClient& client, const DockerfileSource& source) {
  ConvertOptions options;
  options.client = &client;
  options.source = source.map;
  return options;
}

Answer lint(ContextClient& client, const DockerfileSource& source) {
  LintResult result{source.map, {}, {}};
  auto options = question(client, source);
  options.lint = [&](const LintFinding& finding) { result.findings.push_back(finding); };
  if (client.config().target.empty()) options.stages = ConvertOptions::Stages::all;
  try {
    convert(options);
  } catch (const base::Error& error) {
    result.set_error(error);
  }
  auto answer = answer_of(result.json(), result.text());
  answer["result.statuscode"] = std::to_string(result.status());
  return answer;
}

Answer outline(ContextClient& client, const DockerfileSource& source, const LintSink& remarks) {
  auto options = question(client, source);
  options.lint = remarks;
  options.with_outline = true;
  const auto outline = convert(options).outline;
  return answer_of(outline->json(source.text()), outline->text());
}

Answer targets(const DockerfileSource& source) {
  const TargetList list{parse_instructions(parse_dockerfile(source.text()).statements, nullptr).stages};
  return answer_of(list.json(source.text()), list.text());
}

struct Description {
  std::string name, text;
  std::vector<std::pair<std::string, std::string>> options;
};

base::Json named(const std::vector<std::pair<std::string, std::string>>& entries) {
  auto list = base::Json::array();
  for (const auto& [name, text] : entries) {
    list.push(base::Json::object().set("name", name).set("description", text));
  }
  return list;
}

/// BuildKit's frontend does not list frontend.lint either.
Answer describe() {
  const Description known[] = {
      {"frontend.outline", "List all parameters current build target supports", {{"target", "Target build stage"}}},
      {"frontend.targets", "List all targets current build supports", {}},
      {"frontend.subrequests.describe", "List available subrequest types", {}},
  };
  auto list = base::Json::array();
  std::string rows = "NAME\tVERSION\tDESCRIPTION\n";
  for (const auto& each : known) {
    auto item = base::Json::object();
    item.set("name", each.name).set("version", kVersion).set("type", "rpc").set("description", each.text);
    item.set("opts", named(each.options)).set("inputs", nullptr);
    item.set("metadata", named({{"result.json", ""}, {"result.txt", ""}})).set("refs", nullptr);
    list.push(std::move(item));
    rows += base::format("{}\t{}\t{}\n", each.name.substr(each.name.find('.') + 1), kVersion, each.text);
  }
  return answer_of(list.dump(2), align_columns(rows, 1));
}

}  // namespace

Answer answer_subrequest(const std::string& request, ContextClient& client, const DockerfileSource& source,
                         const LintSink& remarks) {
  if (request == "frontend.lint") return lint(client, source);
  if (request == "frontend.outline") return outline(client, source, remarks);
  if (request == "frontend.targets") return targets(source);
  if (request == "frontend.subrequests.describe") return describe();
  base::fail(base::Code::unimplemented, "unsupported request {}", request);
}

}  // namespace dockerfile
