// SPDX-License-Identifier: Apache-2.0
// conformance_frontend --inputs FILE --out FILE [--only ID] [--repeat N]
//
// Runs the Dockerfile frontend on every record and case of a corpus and writes what came of it, one
// JSON line per record (gzipped when FILE ends in .gz), for the corpus's compare.py. A case's
// "sub" names the subrequests it is asked besides. Prints the time spent in the frontend alone.
#include <cstdio>

#include "base/error.h"
#include "base/strings.h"
#include "dockerfile/build.h"

#include "frontend_gateway.h"
#include "frontend_ops.h"
#include "parse_view.h"
#include "records.h"

namespace {

using base::Json;
using conformance::FakeGateway;
using conformance::Files;

struct Arguments {
  std::string inputs, out, only;
  int repeat = 1;
};

Arguments parse_arguments(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i];
    const std::string value = words[i + 1];
    if (name == "--inputs") {
      arguments.inputs = value;
    } else if (name == "--out") {
      arguments.out = value;
    } else if (name == "--only") {
      arguments.only = value;
    } else if (name == "--repeat") {
      arguments.repeat = static_cast<int>(base::parse_int(value).value_or(1));
    } else {
      base::fail(base::Code::invalid_argument, "unknown option {}", name);
    }
  }
  if (arguments.inputs.empty() || arguments.out.empty()) {
    base::fail(base::Code::invalid_argument,
               "usage: conformance_frontend --inputs FILE --out FILE [--only ID] [--repeat N]");
  }
  return arguments;
}

Json source_view(const std::string& filename, const dockerfile::Ranges& ranges) {
  return Json::object().set("filename", filename).set("ranges", conformance::ranges_view(ranges));
}

/// Message and places; what subrequests fail with has no more than that.
Json bare_error_view(const base::Error& error) {
  auto view = Json::object();
  view.set("message", error.text());
  if (const auto* located = dynamic_cast<const dockerfile::LocatedError*>(&error)) {
    auto locations = Json::array();
    for (const auto& ranges : located->locations()) locations.push(conformance::ranges_view(ranges));
    view.set("locations", std::move(locations));
  }
  return view;
}

Json error_view(const base::Error& error, const std::string& filename) {
  auto view = bare_error_view(error);
  if (const auto* located = dynamic_cast<const dockerfile::LocatedError*>(&error)) {
    auto sources = Json::array();
    for (const auto& ranges : located->locations()) sources.push(source_view(filename, ranges));
    view.set("sources", std::move(sources));
  } else if (error.source()) {
    view.set("sources", Json::array().push(source_view(error.source()->filename, error.source()->spans)));
  }
  return view;
}

/// The value without null members: the corpus leaves out what is absent.
Json without_nulls(const Json& value) {
  if (value.is_array()) {
    auto out = Json::array();
    for (const auto& item : value.items()) out.push(without_nulls(item));
    return out;
  }
  if (!value.is_object()) return value;
  Json::Object members;
  for (const auto& [name, member] : value.members()) {
    if (!member.is_null()) members.emplace_back(name, without_nulls(member));
  }
  return members;
}

Json strings_as_json(const std::set<std::string>& lines) {
  auto out = Json::array();
  for (const auto& line : lines) out.push(Json::parse(line));
  return out;
}

void put_result(const dockerfile::BuildResult& result, Json& view) {
  auto graphs = Json::object();
  for (const auto& image : result.images) graphs.set(image.id, conformance::definition_view(image.definition));
  view.set("llb", std::move(graphs)).set("metadata", Json::string_map(result.metadata));
}

/// A subrequest's answer without the file's own bytes in it.
Json answer_view(const std::map<std::string, std::string>& metadata) {
  auto result = Json::parse(metadata.at("result.json"));
  auto sources = Json::array();
  for (auto source : result["sources"].items()) {
    if (source.is_object()) {
      source.erase("data");
      sources.push(std::move(source));
    } else {
      sources.push(nullptr);
    }
  }
  result.set("sources", std::move(sources));
  auto view = Json::object();
  view.set("result", std::move(result)).set("text", metadata.at("result.txt")).set("version", metadata.at("version"));
  if (const auto code = metadata.find("result.statuscode"); code != metadata.end()) {
    view.set("statuscode", code->second);
  }
  return view;
}

class Runner {
 public:
  explicit Runner(int repeat) : repeat_(repeat) {}

  Json run_record(const Json& record) {
    Files files;
    files.dockerfile = record.contains("dockerfile_b64")
                           ? conformance::decode_base64(record["dockerfile_b64"].as_string())
                           : record["dockerfile"].string_or("");
    if (record.contains("dockerignore")) files.dockerignore = record["dockerignore"].as_string();
    auto cases = Json::array();
    for (const auto& each : record["cases"].items()) {
      cases.push(run_case(each, files));
    }
    auto out = Json::object();
    out.set("schema", "dfgold/1")
        .set("id", record["id"])
        .set("parse", without_nulls(conformance::parse_view(files.dockerfile)));
    return out.set("cases", std::move(cases));
  }

  void print_times() const {
    std::fprintf(stderr, "%d cases, %.3f s of processor time in the frontend\n", cases_, spent_);
    std::fprintf(stderr, "%d subrequests, %.3f s\n", asked_, asked_seconds_);
  }

 private:
  Json run_case(const Json& each, Files& files) {
    auto opts = each["opts"].string_members();
    if (!each["forward"].bool_or(false)) opts["cmdline"] = "harness";
    const auto filename = opts.find("filename");
    files.filename = filename == opts.end() ? "Dockerfile" : filename->second;
    ++cases_;
    for (int i = 1; i < repeat_; ++i) run_once(files, opts);
    auto out = Json::object();
    out.set("name", each["name"]).set("build", run_once(files, opts));
    opts["frontend.caps"] = "moby.buildkit.frontend.subrequests";
    for (const auto& name : each["sub"].string_items()) {
      opts["requestid"] = "frontend." + name;
      out.set(name, ask(files, opts));
    }
    return out;
  }

  Json ask(const Files& files, const std::map<std::string, std::string>& opts) {
    ++asked_;
    FakeGateway gateway(files);
    const auto start = conformance::cpu_seconds();
    const auto stop_clock = [&] { asked_seconds_ += conformance::cpu_seconds() - start - gateway.seconds; };
    try {
      const auto result = dockerfile::build(gateway, opts);
      stop_clock();
      return answer_view(result.metadata);
    } catch (const base::Error& error) {
      stop_clock();
      return Json::object().set("error", bare_error_view(error));
    }
  }

  Json run_once(const Files& files, const std::map<std::string, std::string>& opts) {
    FakeGateway gateway(files);
    auto view = Json::object();
    const auto start = conformance::cpu_seconds();
    try {
      const auto result = dockerfile::build(gateway, opts);
      spent_ += conformance::cpu_seconds() - start - gateway.seconds;
      for (const auto& image : result.images) gateway.note_result(image.definition);
      put_result(result, view);
    } catch (const base::Error& error) {
      spent_ += conformance::cpu_seconds() - start - gateway.seconds;
      if (!gateway.forwards.items().empty()) view.set("forward", gateway.forwards);
      view.set("error", error_view(error, files.filename));
    }
    view.set("resolves", strings_as_json(gateway.resolves));
    view.set("aux_heads", Json::strings({gateway.heads.begin(), gateway.heads.end()}));
    view.set("warnings", gateway.warnings);
    return view;
  }

  int repeat_;
  int cases_ = 0;
  double spent_ = 0;
  int asked_ = 0;
  double asked_seconds_ = 0;
};

}  // namespace

int main(int count, char** words) try {
  const auto arguments = parse_arguments(count, words);
  conformance::RecordWriter out(arguments.out);
  Runner runner(arguments.repeat);
  conformance::each_record(arguments.inputs, [&](const Json& record) {
    if (!arguments.only.empty() && record["id"].string_or("") != arguments.only) return;
    out.add(runner.run_record(record));
  });
  out.close();
  runner.print_times();
  return 0;
} catch (const base::Error& error) {
  std::fprintf(stderr, "conformance_frontend: %s\n", error.text().c_str());
  return 2;
}
