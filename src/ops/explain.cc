// SPDX-License-Identifier: Apache-2.0
#include "ops/explain.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/path.h"
#include "base/strings.h"
#include "ops/content_selection.h"
#include "ops/step_names.h"

namespace ops {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxCauses = 200;
constexpr std::string_view kContextStep = "[internal] load build context";

/// One form of a step: what it was or is made of.
struct Form {
  const base::Json& recipe;
  const std::string& name;
  const std::string& source;

  const base::Json& op() const { return recipe["op"]; }
  std::string kind() const { return op()["op"].string_or(""); }
};

/// "[build 2/5] RUN make" → "RUN make"
std::string text_of(const std::string& name) {
  const auto title = parse_step_title(name);
  return title ? title->text : name;
}

/// "[build 1/5] FROM golang:1.22@sha256:…" → {"golang:1.22", "sha256:…"}
std::pair<std::string, std::string> image_of(const std::string& name) {
  std::string text = text_of(name);
  if (text.starts_with("FROM ")) text.erase(0, 5);
  const auto at = text.find("@sha256:");
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::map<std::string, std::string> variables(const base::Json& env) {
  std::map<std::string, std::string> result;
  for (const auto& entry : env.string_items()) {
    const auto parts = base::cut(entry, "=");
    if (parts) result[std::string(parts->first)] = parts->second;
  }
  return result;
}

bool is_word(char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/// The line of the last ARG or ENV above `below` that speaks of a variable.
int line_of_variable(std::string_view dockerfile, const std::string& name, int below) {
  int found = 0;
  int number = 0;
  for (const auto& line : base::split(dockerfile, '\n')) {
    if (++number >= below) break;
    const std::string_view text = base::trim(line);
    const std::string word = base::upper(text.substr(0, text.find_first_of(" \t")));
    if (word != "ARG" && word != "ENV") continue;
    for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
      const auto end = at + name.size();
      const bool begins = at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t');
      if (begins && (end == text.size() || !is_word(text[end]))) found = number;
    }
  }
  return found;
}

/// The variables that a line of a Dockerfile uses, in order.
std::vector<std::string> used_variables(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != '$') continue;
    std::size_t begin = text[i + 1] == '{' ? i + 2 : i + 1;
    std::size_t end = begin;
    while (end < text.size() && is_word(text[end])) ++end;
    if (end > begin) names.emplace_back(text.substr(begin, end - begin));
  }
  return names;
}

std::string mode_text(mode_t mode) { return base::format("{:04o}", mode & 07777); }

/// Collects the causes of one step.
class Comparison {
 public:
  Comparison(solve::CacheStorage& records, const Listings& listings, const std::vector<ExplainedInput>& inputs,
             int first_line, std::string_view dockerfile)
      : records_(records), listings_(listings), inputs_(inputs), first_line_(first_line), dockerfile_(dockerfile) {}

  void compare(const Form& before, const Form& now, int depth) {
    if (now.kind() == "image" || before.kind() == "image") {
      compare_bases(before, now);
    } else if (now.kind() == "git" || now.kind() == "http") {
      compare_sources(before, now);
    } else {
      compare_ops(before, now);
      compare_inputs(before, now, depth);
    }
  }

  std::vector<Cause> take() {
    std::stable_sort(causes_.begin(), causes_.end(), [](const Cause& a, const Cause& b) { return a.kind < b.kind; });
    return std::move(causes_);
  }

 private:
  Cause& add(CauseKind kind, std::string subject, std::string before = "", std::string now = "") {
    causes_.push_back({kind, std::move(subject), std::move(before), std::move(now), "", 0, {}, {}});
    return causes_.back();
  }

  void compare_bases(const Form& before, const Form& now) {
    const auto [old_name, old_digest] = image_of(before.name);
    const auto [new_name, new_digest] = image_of(now.name);
    if (old_name == new_name) {
      add(CauseKind::base, new_name, old_digest, new_digest).line = first_line_;
    } else if (!compare_lines(before, now)) {
      add(CauseKind::base, new_name, old_name, new_name).line = first_line_;
    }
  }

  void compare_sources(const Form& before, const Form& now) {
    for (const char* member : {"commit", "digest"}) {
      const std::string old_value = before.op()[member].string_or("");
      const std::string new_value = now.op()[member].string_or("");
      if (old_value != new_value) add(CauseKind::source, text_of(now.name), old_value, new_value).line = first_line_;
    }
    if (causes_.empty()) add(CauseKind::source, text_of(now.name)).line = first_line_;
  }

  /// The first line that the two forms do not have in common; false when their lines are the same.
  bool compare_lines(const Form& before, const Form& now) {
    const std::string& old_text = before.source.empty() ? before.name : before.source;
    const std::string& new_text = now.source.empty() ? now.name : now.source;
    if (old_text == new_text) return false;
    const auto old_lines = base::split(old_text, '\n');
    const auto new_lines = base::split(new_text, '\n');
    std::size_t i = 0;
    while (i < old_lines.size() && i < new_lines.size() && old_lines[i] == new_lines[i]) ++i;
    const auto line = [i](const std::vector<std::string>& lines) {
      return i < lines.size() ? std::string(base::trim(lines[i])) : "";
    };
    add(CauseKind::instruction, text_of(now.name), line(old_lines), line(new_lines)).line =
        first_line_ > 0 ? first_line_ + static_cast<int>(i) : 0;
    return true;
  }

  void compare_ops(const Form& before, const Form& now) {
    const base::Json& old_op = before.op();
    const base::Json& new_op = now.op();
    if (old_op == new_op) {
      // Where a file lies in its tree, and a heredoc's text, are not in the op.
      compare_lines(before, now);
      return;
    }
    if (before.kind() != now.kind()) {
      if (!compare_lines(before, now)) add(CauseKind::option, "kind of step", before.kind(), now.kind());
      return;
    }
    const bool edited = compare_lines(before, now);
    const std::size_t known = causes_.size();
    if (now.kind() == "exec") {
      compare_variables(old_op["env"], new_op["env"]);
      compare_members(old_op, new_op, "", edited);
    } else if (!edited && !compare_expanded(before, now)) {
      compare_members(old_op, new_op, "", edited);
    }
    if (!edited && causes_.size() == known) add(CauseKind::option, "recipe");
  }

  void compare_variables(const base::Json& old_env, const base::Json& new_env) {
    const auto old_values = variables(old_env);
    const auto new_values = variables(new_env);
    for (const auto& [name, value] : new_values) {
      const auto found = old_values.find(name);
      if (found == old_values.end()) {
        add_variable(name, "", value);
      } else if (found->second != value) {
        add_variable(name, found->second, value);
      }
    }
    for (const auto& [name, value] : old_values) {
      if (!new_values.contains(name)) add_variable(name, value, "");
    }
  }

  void add_variable(const std::string& name, std::string before, std::string now) {
    add(CauseKind::variable, name, std::move(before), std::move(now)).line =
        line_of_variable(dockerfile_, name, first_line_ > 0 ? first_line_ : 0);
  }

  /// Lines that are the same and read differently do so by their variables.
  bool compare_expanded(const Form& before, const Form& now) {
    const auto old_words = base::split(text_of(before.name), ' ');
    const auto new_words = base::split(text_of(now.name), ' ');
    const auto raw_words = base::split(now.source, ' ');
    if (old_words == new_words || now.source.empty()) return false;
    const std::size_t known = causes_.size();
    if (old_words.size() == new_words.size() && raw_words.size() == new_words.size()) {
      for (std::size_t i = 0; i < raw_words.size(); ++i) {
        if (old_words[i] == new_words[i]) continue;
        for (const auto& name : used_variables(raw_words[i])) add_variable(name, old_words[i], new_words[i]);
      }
    }
    if (causes_.size() == known) {
      for (const auto& name : used_variables(now.source)) {
        add_variable(name, text_of(before.name), text_of(now.name));
      }
    }
    return causes_.size() != known;
  }

  /// What else an op's recipe says. Once the lines differ, what they say directly need not be told again.
  void compare_members(const base::Json& before, const base::Json& now, const std::string& path, bool edited) {
    for (const auto& difference : solve::diff_recipes(before, now)) {
      const std::string where = path + difference.path;
      if (where.starts_with("env.") || where == "env") continue;
      if (edited && !has_own_words(where)) continue;
      add_option(where, difference.before, difference.now);
    }
  }

  /// Set outside the step's own lines (USER, WORKDIR, flags of the build).
  static bool has_own_words(const std::string& where) {
    static constexpr std::string_view kOutside[] = {"cwd",   "user",    "hostname", "network",
                                                    "hosts", "ulimits", "platform", "security"};
    return base::is_one_of(where.substr(0, where.find('.')), kOutside);
  }

  void add_option(const std::string& where, const base::Json& before, const base::Json& now) {
    const auto text = [](const base::Json& json) {
      return json.is_null() ? std::string() : json.is_string() ? json.as_string() : json.dump();
    };
    const std::string first = where.substr(0, where.find('.'));
    const std::string last = where.substr(where.rfind('.') + 1);
    static const std::map<std::string, std::string> kNames = {{"cwd", "working directory"},
                                                              {"user", "user"},
                                                              {"hostname", "host name"},
                                                              {"hosts", "extra hosts"},
                                                              {"args", "command"},
                                                              {"mounts", "mounts"},
                                                              {"secret_env", "secrets in the environment"}};
    static const std::map<std::string, std::string> kActionNames = {{"owner", "owner"},
                                                                    {"mode", "mode"},
                                                                    {"mode_str", "mode"},
                                                                    {"time", "timestamp"},
                                                                    {"data", "contents"},
                                                                    {"dest", "target"},
                                                                    {"copy", "source"},
                                                                    {"include", "included patterns"},
                                                                    {"exclude", "excluded patterns"},
                                                                    {"dir", "directory"}};
    std::string name = first;
    if (first == "secret_values") {  // what stands there are names of values, nothing to show
      add(CauseKind::option, "value of secret " + last).line = first_line_;
      return;
    }
    if (first == "actions") {
      std::string member = where;
      for (const auto& part : base::split(where, '.')) {
        if (kActionNames.contains(part)) member = kActionNames.at(part);
      }
      name = member == where ? last : member;
    } else if (kNames.contains(first)) {
      name = kNames.at(first);
    }
    const bool told = std::any_of(causes_.begin(), causes_.end(), [&](const Cause& cause) {
      return cause.kind == CauseKind::option && cause.subject == name;
    });
    if (!told) add(CauseKind::option, name, text(before), text(now)).line = first_line_;
  }

  void compare_inputs(const Form& before, const Form& now, int depth) {
    const auto& old_inputs = before.recipe["inputs"].items();
    const auto& new_inputs = now.recipe["inputs"].items();
    for (std::size_t i = 0; i < std::min(old_inputs.size(), new_inputs.size()); ++i) {
      if (old_inputs[i] == new_inputs[i]) continue;
      const std::string old_content = old_inputs[i]["content"].string_or("");
      const std::string new_content = new_inputs[i]["content"].string_or("");
      if (!new_content.empty() && old_content != new_content) {
        compare_content(old_inputs[i], new_inputs[i], input_name(i, depth));
      } else if (new_content.empty()) {
        compare_records(old_inputs[i]["record"].string_or(""), new_inputs[i]["record"].string_or(""), i, depth);
      }
    }
  }

  std::string input_name(std::size_t i, int depth) const {
    return depth == 0 && i < inputs_.size() ? inputs_[i].name : "";
  }

  static std::vector<Selection> selections_of(const base::Json& input) {
    const std::string selector = input["selector"].string_or("");
    std::vector<Selection> selections;
    if (!selector.starts_with("[")) {
      for (const auto& path : base::split(selector, '\n')) {
        if (!path.empty()) selections.push_back(Selection::whole(path));
      }
      return selections;
    }
    try {
      const base::Json list = base::Json::parse(selector);
      for (const auto& item : list.items()) selections.push_back(selection_from_json(item));
    } catch (const base::Error&) {
      selections.clear();  // a damaged recipe: the files are named without their directory
    }
    return selections;
  }

  void compare_content(const base::Json& before, const base::Json& now, const std::string& input) {
    const bool context = input == kContextStep;
    const std::string from = context ? "" : input;
    const auto selections = selections_of(now);
    const auto path_of = [&](const ListedFile& file) {
      const auto number = static_cast<std::size_t>(file.selection);
      std::string path = number < selections.size() && !selections[number].wildcard ? selections[number].path : "";
      if (number < selections.size() && selections[number].wildcard) path = base::dir_name(selections[number].path);
      path = base::clean_path("/" + path + "/" + file.name);
      return context ? path.substr(1) : path;
    };
    const auto changes = before["selector"] == now["selector"]
                             ? compare_contents(before["content"].string_or(""), now["content"].string_or(""))
                             : std::nullopt;
    if (changes) {
      for (const auto& change : *changes) {
        Cause& cause = add(CauseKind::file, path_of(change.file()));
        cause.from = from;
        if (change.before) cause.before = change.before->value;
        if (change.now) cause.now = change.now->value;
        cause.file_before = change.before;
        cause.file_now = change.now;
      }
      return;
    }
    if (before["selector"] != now["selector"] && !causes_.empty()) return;  // the instruction says it
    for (const auto& selection : selections) {
      const std::string path = base::clean_path("/" + selection.path);
      Cause& cause = add(CauseKind::file, context ? (path == "/" ? "." : path.substr(1)) : path);
      cause.from = from;
      cause.before = before["content"].string_or("");
      cause.now = now["content"].string_or("");
    }
  }

  std::optional<std::vector<ListingChange>> compare_contents(const std::string& before, const std::string& now) const {
    const auto old_digest = base::Digest::parse(before);
    const auto new_digest = base::Digest::parse(now);
    if (!old_digest || !new_digest) return std::nullopt;
    return listings_.compare(*old_digest, *new_digest, kMaxCauses);
  }

  std::optional<solve::Record> record(const std::string& id) const {
    const auto digest = base::Digest::parse(id);
    return digest ? records_.get(*digest) : std::nullopt;
  }

  void compare_records(const std::string& before, const std::string& now, std::size_t i, int depth) {
    const auto old_record = record(before);
    const auto new_record = record(now);
    const std::string name = !input_name(i, depth).empty() ? input_name(i, depth)
                             : new_record                  ? new_record->name
                                                           : std::string();
    if (new_record && new_record->recipe["op"]["op"].string_or("") == "image") {
      const auto [reference, digest] = image_of(name.empty() ? new_record->name : name);
      const auto [old_reference, old_digest] = image_of(old_record ? old_record->name : std::string());
      add(CauseKind::base, reference, old_reference == reference || !old_record ? old_digest : old_reference,
          old_reference == reference || !old_record ? digest : reference);
      return;
    }
    const bool ran = depth == 0 && i < inputs_.size() && inputs_[i].ran;
    add(CauseKind::step, name, old_record ? old_record->name : "", ran ? "ran again" : "");
    if (ran || !old_record || !new_record || depth >= kMaxDepth) return;
    // It was cached, yet it is another one: what tells the two apart is the cause.
    first_line_ = 0;
    compare({old_record->recipe, old_record->name, old_record->source},
            {new_record->recipe, new_record->name, new_record->source}, depth + 1);
  }

  solve::CacheStorage& records_;
  const Listings& listings_;
  const std::vector<ExplainedInput>& inputs_;
  int first_line_;
  std::string_view dockerfile_;
  std::vector<Cause> causes_;
};

base::Json to_json(const ListedFile& file) {
  base::Json json = base::Json::object();
  json.set("mode", mode_text(file.mode)).set("size", static_cast<std::int64_t>(file.size));
  json.set_nonempty(S_ISLNK(file.mode) ? "target" : "digest", file.value);
  if (file.uid != 0 || file.gid != 0) json.set("owner", base::format("{}:{}", file.uid, file.gid));
  return json;
}

}  // namespace

std::string_view cause_name(CauseKind kind) {
  switch (kind) {
    case CauseKind::instruction: return "instruction";
    case CauseKind::variable: return "variable";
    case CauseKind::file: return "file";
    case CauseKind::base: return "base";
    case CauseKind::source: return "source";
    case CauseKind::step: return "step";
    case CauseKind::option: return "option";
  }
  return "";
}

std::string Cause::text() const {
  switch (kind) {
    case CauseKind::instruction: return "instruction changed";
    case CauseKind::step: return "after " + subject;
    case CauseKind::variable:
      return subject + (before.empty() && !now.empty()   ? " is new"
                        : now.empty() && !before.empty() ? " is gone"
                                                         : " changed");
    case CauseKind::file:
      if (file_now && !file_before) return subject + " added";
      if (file_before && !file_now) return subject + " removed";
      if (file_before && file_now && before == now && file_before->mode != file_now->mode)
        return "mode of " + subject + " changed";
      return subject + " changed";
    case CauseKind::base:
    case CauseKind::source:
    case CauseKind::option: return subject + " changed";
  }
  return subject;
}

base::Json to_json(const Cause& cause) {
  base::Json json = base::Json::object();
  json.set("kind", cause_name(cause.kind)).set("subject", cause.subject).set("text", cause.text());
  json.set_nonempty("before", cause.before).set_nonempty("now", cause.now).set_nonempty("from", cause.from);
  json.set_nonempty("line", cause.line);
  if (cause.file_before) json.set("file_before", to_json(*cause.file_before));
  if (cause.file_now) json.set("file_now", to_json(*cause.file_now));
  return json;
}

std::string Explanation::note() const {
  if (reason == solve::RunReason::forced) return "--no-cache";
  if (reason == solve::RunReason::evicted) return "its result was removed";
  if (causes.empty()) return "";
  const Cause& first = causes.front();
  const auto same = std::count_if(causes.begin(), causes.end(), [&](const Cause& c) { return c.kind == first.kind; });
  return same > 1 ? base::format("{} and {} more", first.text(), same - 1) : first.text();
}

Explanation Explainer::explain(const solve::Vertex& vertex, const solve::Decision& decision,
                               const std::vector<ExplainedInput>& inputs, int first_line,
                               std::string_view dockerfile) const {
  Explanation explanation;
  explanation.reason = decision.reason;
  if (!decision.previous) return explanation;
  explanation.previous = decision.previous->created;
  if (decision.reason == solve::RunReason::evicted) return explanation;
  if (decision.previous->recipe["op"].is_null()) return explanation;  // imported: nothing is known of how it was made
  const solve::Record& before = *decision.previous;
  Comparison comparison(records_, listings_, inputs, first_line, dockerfile);
  comparison.compare({before.recipe, before.name, before.source}, {decision.recipe, vertex.name, vertex.source}, 0);
  explanation.causes = comparison.take();
  return explanation;
}

}  // namespace ops
