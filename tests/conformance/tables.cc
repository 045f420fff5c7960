// SPDX-License-Identifier: Apache-2.0
// conformance_tables: compares the units of the Dockerfile text layer with what BuildKit's do.
//
//     conformance_tables [--tables FILE] [--golden FILE] [--only TABLE] [--show N]
//
// --tables takes rows of unit tables (parser, shell, patternmatcher, …), --golden whole records of
// which the member `parse` and the errors in instructions are compared. Files are JSON lines, gzipped
// or not. Prints one line per table and the first differences. Exit 0: all equal, 1: some differ,
// 2: usage or unreadable file.
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/error.h"
#include "base/strings.h"
#include "dockerfile/git_ref.h"
#include "dockerfile/heredoc.h"
#include "dockerfile/ignore_file.h"
#include "dockerfile/pattern_matcher.h"
#include "dockerfile/shell_words.h"
#include "llb/image_reference.h"
#include "llb/platform.h"

#include "parse_view.h"
#include "records.h"

namespace {

using base::Json;

/// The members of `row` that are results, as this program computes them.
using Compute = std::function<Json(const Json& row)>;

template <typename Body>
Json or_error(Json view, const char* name, Body body) {
  try {
    body(view);
  } catch (const base::Error& error) {
    view.set(name, error.text());
  }
  return view;
}

Json shell_row(const Json& row) {
  const dockerfile::EnvironmentList environment(row["env"].string_items());
  dockerfile::ShellOptions options;
  options.raw_quotes = row["raw_quotes"].as_bool();
  options.raw_escapes = row["raw_escapes"].as_bool();
  options.skip_process_quotes = row["skip_process_quotes"].as_bool();
  options.skip_unset = row["skip_unset_env"].as_bool();
  const dockerfile::ShellWords words(static_cast<unsigned char>(row["escape"].as_string()[0]), options);
  try {
    const auto result = words.expand(row["input"].as_string(), environment);
    Json view = Json::object();
    view.set("result", result.text).set_nonempty("words", Json::strings(result.words));
    view.set("matched", Json::strings({result.matched.begin(), result.matched.end()}));
    return view.set("unmatched", Json::strings({result.unmatched.begin(), result.unmatched.end()}));
  } catch (const base::Error& error) {
    return Json::object().set("error", error.text()).set("words_error", error.text());
  }
}

/// Asks for every directory on the way, as a walk does.
bool matches_on_walk(const dockerfile::PatternMatcher& matcher, const std::string& path) {
  dockerfile::MatchInfo parent;
  for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    dockerfile::MatchInfo here;
    matcher.matches(path.substr(0, slash), parent, &here);
    parent = std::move(here);
  }
  return matcher.matches(path, parent, nullptr);
}

Json pattern_row(const Json& row) {
  std::optional<dockerfile::PatternMatcher> matcher;
  try {
    matcher.emplace(row["patterns"].string_items());
  } catch (const base::Error& error) {
    return Json::object().set("new_error", error.text());
  }
  return or_error(Json::object(), "error", [&](Json& view) {
    const std::string& path = row["path"].as_string();
    view.set("exclusions", matcher->has_exclusions());
    view.set("matches_or_parent", matcher->matches_or_parent_matches(path));
    view.set("matches_walk", matches_on_walk(*matcher, path));
  });
}

Json ignore_row(const Json& row) {
  return or_error(Json::object(), "error", [&](Json& view) {
    view.set_nonempty("patterns", Json::strings(dockerfile::read_ignore_file(row["content"].as_string())));
  });
}

Json heredoc_row(const Json& row) {
  return or_error(Json::object(), "error", [&](Json& view) {
    const auto heredoc = dockerfile::parse_heredoc(row["input"].as_string());
    if (!heredoc) return;
    Json item = Json::object();
    item.set("name", heredoc->name).set("fd", heredoc->file_descriptor);
    view.set("heredoc", item.set("expand", heredoc->expand).set("chomp", heredoc->chomp));
  });
}

Json directive_row(const Json& row) {
  const std::string& input = row["input"].as_string();
  Json view = Json::object();
  conformance::add_directives(view, input, "error");
  view.set("syntax", conformance::syntax_view(input)).set("check", conformance::directive_view("check", input));
  return view.set("escape", conformance::directive_view("escape", input));
}

Json optional_bool(const std::optional<bool>& value) { return value ? Json(*value) : Json(); }

Json git_row(const Json& row) {
  const auto result = dockerfile::parse_git_ref(row["input"].as_string());
  Json view = Json::object().set("is_git", result.is_git);
  if (result.error) view.set("error", result.error->text());
  if (!result.ref) return view;
  Json ref = Json::object();
  ref.set("Remote", result.ref->remote).set("ShortName", result.ref->short_name).set("Ref", result.ref->ref);
  ref.set("Checksum", result.ref->checksum).set("SubDir", result.ref->subdir).set("MTime", result.ref->mtime);
  ref.set("IndistinguishableFromLocal", result.ref->indistinguishable_from_local);
  ref.set("UnencryptedTCP", result.ref->unencrypted_tcp).set("FetchByCommit", result.ref->fetch_by_commit);
  ref.set("KeepGitDir", optional_bool(result.ref->keep_git_dir));
  ref.set("Submodules", optional_bool(result.ref->submodules));
  return view.set("ref", std::move(ref));
}

Json reference_row(const Json& row) {
  return or_error(Json::object(), "error", [&](Json& view) {
    const auto reference = llb::ImageReference::parse(row["input"].as_string());
    view.set("string", reference.text()).set("familiar", reference.familiar());
    view.set("tagged", reference.with_default_tag().text());
    view.set("domain", reference.domain).set("path", reference.path);
  });
}

Json platform_object(const llb::Platform& platform) {
  Json view = Json::object();
  view.set("architecture", platform.architecture).set("os", platform.os);
  view.set_nonempty("variant", platform.variant).set_nonempty("os.version", platform.os_version);
  return view.set_nonempty("os.features", Json::strings(platform.os_features));
}

Json platform_row(const Json& row) {
  return or_error(Json::object(), "error", [&](Json& view) {
    const auto platform = llb::parse_platform(row["input"].as_string());
    const auto normal = llb::normalize(platform);
    view.set("parsed", platform_object(platform)).set("normalized", platform_object(normal));
    view.set("format", llb::format_platform_all(normal));
  });
}

Json parser_row(const Json& row) {
  return Json::object().set("parse", conformance::parse_view(row["dockerfile"].as_string()));
}

/// A table: how its results are computed, and which members of a row are given rather than computed.
struct Table {
  Compute compute;
  std::vector<std::string> given;
};

const std::map<std::string, Table>& tables() {
  static const std::map<std::string, Table> kTables = {
      {"parser", {parser_row, {"dockerfile", "kind", "name", "upstream_dump", "upstream_dump_sha256"}}},
      {"shell",
       {shell_row,
        {"env", "escape", "input", "mode", "raw_escapes", "raw_quotes", "skip_process_quotes", "skip_unset_env",
         "upstream_expected", "upstream_platform"}}},
      {"patternmatcher", {pattern_row, {"path", "patterns"}}},
      {"ignorefile", {ignore_row, {"content"}}},
      {"heredoc", {heredoc_row, {"input"}}},
      {"directives", {directive_row, {"input"}}},
      {"gitref", {git_row, {"input"}}},
      {"reference", {reference_row, {"input"}}},
      {"platform", {platform_row, {"input"}}},
  };
  return kTables;
}

struct Options {
  std::string tables, golden, only;
  std::size_t show = 3;
};

/// Counts and prints.
class Report {
 public:
  explicit Report(const Options& options) : options_(options) {}

  void compare(const std::string& table, const std::string& name, const Json& want, const Json& got) {
    Count& count = counts_[table];
    ++count.rows;
    const std::string wanted = conformance::canonical(want);
    const std::string computed = conformance::canonical(got);
    if (wanted == computed) return;
    if (++count.different > options_.show) return;
    std::printf("%s %s\n%s", table.c_str(), name.c_str(), conformance::difference(wanted, computed).c_str());
  }

  /// Prints the counts; true when nothing differed.
  bool finish() const {
    bool equal = true;
    for (const auto& [table, count] : counts_) {
      std::printf("%-16s %6zu rows, %zu different\n", table.c_str(), count.rows, count.different);
      equal = equal && count.different == 0;
    }
    return equal;
  }

 private:
  struct Count {
    std::size_t rows = 0, different = 0;
  };
  const Options& options_;
  std::map<std::string, Count> counts_;
};

void compare_table_row(Report& report, const Options& options, const Json& row) {
  const std::string& name = row["table"].as_string();
  if (!options.only.empty() && name != options.only) return;
  const auto table = tables().find(name);
  if (table == tables().end()) return;
  Json want = row;
  want.erase("table");
  want.erase("source");
  for (const std::string& given : table->second.given) want.erase(given);
  // Which variables a word asked for before it failed is nobody's business.
  if (name == "shell" && row.contains("error")) {
    want.erase("matched");
    want.erase("unmatched");
  }
  const std::string label = row["name"].string_or(row["input"].string_or(row["path"].string_or("")));
  report.compare(name, base::json_quote(label), want, table->second.compute(row));
}

/// The error of the plain build, if it comes from reading the instructions.
Json instructions_error(const Json& record) {
  if (record["parse"].contains("error")) return record["parse"]["error"];
  for (const Json& one : record["cases"].items()) {
    if (one["name"].string_or("") != "default") continue;
    Json error = one["build"]["error"];
    const std::string message = error["message"].string_or("");
    error.erase("sources");
    const bool from_instructions =
        message.starts_with("dockerfile parse error on line ") || message == "no build stage in current context";
    if (from_instructions) return error;
  }
  return nullptr;
}

bool is_volatile(const Json& record) {
  for (const Json& one : record["cases"].items()) {
    if (one["name"].string_or("") == "default" && one.contains("volatile")) return true;
  }
  return false;
}

void compare_golden(Report& report, const Json& record) {
  const std::string text = record.contains("dockerfile")
                               ? record["dockerfile"].as_string()
                               : conformance::decode_base64(record["dockerfile_b64"].as_string());
  report.compare("golden parse", record["id"].as_string(), record["parse"], conformance::parse_view(text));
  if (is_volatile(record)) return;
  report.compare("golden errors", record["id"].as_string(), instructions_error(record),
                 conformance::instructions_error_view(text));
}

std::optional<Options> read_options(int count, char** words) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    const std::string name = words[i];
    if (i + 1 == count) return std::nullopt;
    const std::string value = words[i + 1];
    if (name == "--tables")
      options.tables = value;
    else if (name == "--golden")
      options.golden = value;
    else if (name == "--only")
      options.only = value;
    else if (name == "--show")
      options.show = static_cast<std::size_t>(base::parse_int(value).value_or(3));
    else
      return std::nullopt;
  }
  if (options.tables.empty() && options.golden.empty()) return std::nullopt;
  return options;
}

}  // namespace

int main(int count, char** words) {
  const auto options = read_options(count, words);
  if (!options) {
    std::fputs("usage: conformance_tables [--tables FILE] [--golden FILE] [--only TABLE] [--show N]\n", stderr);
    return 2;
  }
  try {
    Report report(*options);
    if (!options->tables.empty()) {
      conformance::each_record(options->tables, [&](const Json& row) { compare_table_row(report, *options, row); });
    }
    if (!options->golden.empty()) {
      conformance::each_record(options->golden, [&](const Json& record) { compare_golden(report, record); });
    }
    return report.finish() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "conformance_tables: %s\n", error.what());
    return 2;
  }
}
