// SPDX-License-Identifier: Apache-2.0
#include "cli/call.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/base64.h"
#include "base/error.h"
#include "base/excerpt.h"
#include "base/json.h"
#include "base/strings.h"
#include "dockerfile/suggest.h"
#include "progress/log_lines.h"

namespace cli {
namespace {

constexpr const char* kLint = "frontend.lint";

const std::vector<std::string>& call_names() {
  static const std::vector<std::string> names = {"build",   "check",   "lint",
                                                 "outline", "targets", "subrequests.describe"};
  return names;
}

bool parse_truth(const std::string& text, const std::string& field) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  base::fail(base::Code::invalid_argument, "invalid --call {}: want true or false", field);
}

void read_setting(const std::string& field, std::string_view name, const std::string& value, Call& call) {
  if (name == "format") {
    if (value != "json" && value != "text") {
      base::fail(base::Code::invalid_argument, "invalid --call {}: want format=json or format=text", field);
    }
    call.json = value == "json";
  } else if (name == "ignorestatus") {
    call.ignore_status = parse_truth(value, field);
  } else {
    base::fail(base::Code::invalid_argument, "invalid --call {}: want format= or ignorestatus=", field);
  }
}

/// The excerpt of the place in `location`, "" if there is none.
std::string json_excerpt(const base::Json& source, const base::Json& location) {
  base::SourceRange range;
  range.filename = source["filename"].string_or("");
  range.data = std::make_shared<std::string>(base::base64_decode(source["data"].string_or("")).value_or(""));
  for (const auto& item : location["ranges"].items()) {
    base::SourceSpan span;
    span.start.line = static_cast<int>(item["start"]["line"].int_or(0));
    span.end.line = static_cast<int>(item["end"]["line"].int_or(0));
    range.spans.push_back(span);
  }
  return base::excerpt(range);
}

/// What ended the check itself; "" when nothing did.
std::string build_error(const base::Json& result) {
  const auto& error = result["buildError"];
  if (error.is_null() || result["sources"].items().empty()) return "";
  return error["message"].string_or("") + "\n" + json_excerpt(result["sources"].items().front(), error["location"]);
}

std::string checked_text(const base::Json& result, const std::string& text) {
  const auto count = result["warnings"].items().size();
  std::string out;
  if (count == 1) out = "Check complete, 1 warning has been found!\n";
  if (count > 1) out = base::format("Check complete, {} warnings have been found!\n", count);
  out += text;
  if (count == 0 && result["buildError"].is_null()) out += "Check complete, no warnings found.\n";
  return out;
}

std::string value_of(const std::map<std::string, std::string>& answer, const std::string& key) {
  const auto found = answer.find(key);
  return found == answer.end() ? "" : found->second;
}

}  // namespace

std::optional<Call> parse_call(const BuildOptions& options) {
  Call call;
  std::string name = options.check ? "check" : "";
  for (const auto& field : base::split_csv(options.call)) {
    if (const auto parts = base::cut(field, "=")) {
      read_setting(field, parts->first, std::string(parts->second), call);
    } else if (options.check && field != "build" && field != "check" && field != "lint") {
      base::fail(base::Code::invalid_argument, "--check and --call={} ask for different things: give one of them",
                 field);
    } else if (!options.check) {
      name = field;
    }
  }
  if (name.empty() || name == "build") return std::nullopt;
  if (std::ranges::find(call_names(), name) == call_names().end()) {
    base::Error error(base::Code::invalid_argument,
                      dockerfile::with_suggestion("unknown --call " + name, name, call_names()));
    error.set_hint("it can be " + base::join(call_names(), ", "));
    throw error;
  }
  call.request = name == "check" ? kLint : "frontend." + name;
  return call;
}

int print_answer(const Call& call, const std::map<std::string, std::string>& answer) {
  const auto text = progress::safe_paragraph(value_of(answer, "result.txt"));
  const auto& json = value_of(answer, "result.json");
  std::string failure;
  std::string shown = text;
  if (call.request == kLint) {
    const auto result = base::Json::parse(json);
    failure = build_error(result);
    shown = checked_text(result, text);
  }
  std::fputs(call.json ? (json + "\n").c_str() : shown.c_str(), stdout);
  std::fflush(stdout);
  if (!failure.empty()) {
    std::fputs(("ERROR: " + progress::safe_paragraph(failure)).c_str(), stderr);
    return 1;
  }
  const auto status = value_of(answer, "result.statuscode");
  return call.ignore_status || status.empty() || status == "0" ? 0 : 1;
}

}  // namespace cli
