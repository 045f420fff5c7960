// SPDX-License-Identifier: Apache-2.0
#include "attest/gates.h"

#include <fnmatch.h>

#include <algorithm>
#include <functional>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/format.h"
#include "base/strings.h"

namespace attest {
namespace {

using base::Json;

[[noreturn]] void refuse(std::string text, std::string hint) {
  base::Error error(base::Code::invalid_argument, std::move(text));
  error.set_hint(std::move(hint));
  throw error;
}

std::uint64_t parse_bytes(std::string_view text, std::string_view rule) {
  const auto bytes = base::parse_bytes(text);
  if (!bytes) {
    refuse(base::format("gate {}: \"{}\" is no size", rule, text), "want a number with B, kB, MB, GB, KiB, MiB or GiB");
  }
  return *bytes;
}

bool* flag_of(Gates& gates, std::string_view name) {
  if (name == "non-root") return &gates.non_root;
  if (name == "licensed") return &gates.licensed;
  if (name == "no-build-tools") return &gates.no_build_tools;
  if (name == "no-setuid") return &gates.no_setuid;
  if (name == "no-secrets") return &gates.no_secrets;
  if (name == "pinned-bases") return &gates.pinned_bases;
  return nullptr;
}

constexpr std::string_view kStageSize = "max-size.";

void set_value(Gates& gates, const std::string& name, const std::string& value) {
  if (name == "max-size") {
    gates.max_size = parse_bytes(value, name);
  } else if (name.starts_with(kStageSize) && name.size() > kStageSize.size()) {
    gates.max_stage_size[name.substr(kStageSize.size())] = parse_bytes(value, name);
  } else if (name == "signed-bases" && !value.empty()) {
    gates.signed_bases.push_back(value);
  } else if (name == "checked") {
    if (value != "false") gates.checks.push_back(value.empty() || value == "true" ? "buildkit" : value);
  } else if (name == "forbid-package" && !value.empty()) {
    gates.forbidden_packages.push_back(value);
  } else if (name == "forbid-license" && !value.empty()) {
    gates.forbidden_licenses.push_back(value);
  } else {
    refuse(base::format("unknown gate \"{}\"", name),
           "want non-root, max-size=SIZE, max-size.STAGE=SIZE, forbid-package=NAME, forbid-license=LICENCE, licensed, "
           "no-build-tools, no-setuid, no-secrets, pinned-bases, signed-bases=KEY or checked[=RULES]");
  }
}

void add_rule(Gates& gates, const std::string& rule) {
  const auto parts = base::cut(rule, "=");
  const std::string name(base::trim(parts ? parts->first : std::string_view(rule)));
  if (bool* flag = flag_of(gates, name)) {
    const std::string value = parts ? base::lower(parts->second) : "true";
    if (value != "true" && value != "false")
      refuse(base::format("gate {}: want true or false", name), "leave the value out");
    *flag = value == "true";
    return;
  }
  set_value(gates, name, parts ? std::string(base::trim(parts->second)) : "");
}

bool matches(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), FNM_CASEFOLD) == 0;
}

bool is_root(const std::string& user) {
  const std::string name = user.substr(0, user.find(':'));
  const auto number = base::parse_int(name);
  return name.empty() || name == "root" || (number && *number == 0);
}

std::string title(const Component& component) {
  return component.type + "/" +
         (component.name_space.empty() || component.type == "deb" ? "" : component.name_space + "/") + component.name +
         (component.version.empty() ? "" : " " + component.version);
}

bool is_forbidden(const Component& component, const std::string& pattern) {
  return matches(pattern, component.name) || matches(pattern, component.type + "/" + component.name) ||
         matches(pattern, component.name_space + "/" + component.name);
}

bool names_license(const std::string& expression, const std::string& pattern) {
  for (auto word : base::split(expression, ' ')) {
    while (word.starts_with('(')) word.erase(0, 1);
    while (word.ends_with(')')) word.pop_back();
    if (matches(pattern, word) || (word.starts_with("LicenseRef-") && matches(pattern, word.substr(11)))) return true;
  }
  return false;
}

class Judge {
 public:
  Judge(const Gates& gates, const GateFacts& facts) : gates_(gates), facts_(facts) {}

  std::vector<GateFinding> judge() {
    judge_user();
    judge_sizes();
    for (const auto& component : facts_.components) judge_component(component);
    if (gates_.no_build_tools) judge_files("no-build-tools", facts_.build_tools);
    if (gates_.no_setuid) judge_files("no-setuid", facts_.setuid);
    if (gates_.no_secrets) judge_files("no-secrets", facts_.secrets);
    if (gates_.pinned_bases) {
      for (const auto& base : facts_.unpinned_bases) {
        add("pinned-bases", base + " is named by neither a digest nor the lock file");
      }
    }
    if (!gates_.signed_bases.empty()) {
      for (const auto& base : facts_.unsigned_bases) add("signed-bases", base);
    }
    return std::move(findings_);
  }

 private:
  void add(std::string rule, std::string text, std::string step = "") {
    findings_.push_back({std::move(rule), std::move(text), std::move(step), 0});
  }

  void judge_user() {
    if (!gates_.non_root || !is_root(facts_.user)) return;
    add("non-root",
        facts_.user.empty() ? "the image runs as root: it has no USER" : "the image runs as root: USER " + facts_.user);
  }

  void judge_sizes() {
    if (gates_.max_size && facts_.size > *gates_.max_size) {
      add("max-size", base::format("the image has {}, more than {}", base::human_size(facts_.size),
                                   base::human_size(*gates_.max_size)));
    }
    for (const auto& [stage, limit] : gates_.max_stage_size) {
      const auto size = facts_.stage_sizes.find(stage);
      if (size == facts_.stage_sizes.end()) {
        add("max-size." + stage, base::format("no stage of this build is called {}", stage));
      } else if (size->second > limit) {
        add("max-size." + stage, base::format("stage {} adds {}, more than {}", stage, base::human_size(size->second),
                                              base::human_size(limit)));
      }
    }
  }

  void judge_component(const Component& component) {
    if (component.scope == Scope::build) return;
    for (const auto& pattern : gates_.forbidden_packages) {
      if (is_forbidden(component, pattern)) {
        add("forbid-package", base::format("{} is in the image (forbidden: {})", title(component), pattern),
            component.step);
      }
    }
    for (const auto& pattern : gates_.forbidden_licenses) {
      if (names_license(component.license, pattern)) {
        add("forbid-license",
            base::format("{} is under {} (forbidden: {})", title(component), component.license, pattern),
            component.step);
      }
    }
    if (gates_.licensed && component.license.empty()) {
      add("licensed", title(component) + " declares no licence", component.step);
    }
  }

  void judge_files(const std::string& rule, const std::vector<NotedFile>& files) {
    for (const auto& file : files) add(rule, "/" + file.path + ": " + file.what, file.step);
  }

  const Gates& gates_;
  const GateFacts& facts_;
  std::vector<GateFinding> findings_;
};

}  // namespace

bool Gates::any() const {
  return non_root || max_size || !max_stage_size.empty() || needs_components() || needs_files() || pinned_bases ||
         !signed_bases.empty() || !checks.empty();
}

Gates parse_gates(const std::vector<std::string>& values) {
  Gates gates;
  for (const auto& value : values) {
    for (const auto& rule : base::split(value, ',')) add_rule(gates, rule);
  }
  return gates;
}

Gates join(Gates a, const Gates& b) {
  a.non_root = a.non_root || b.non_root;
  a.licensed = a.licensed || b.licensed;
  a.no_build_tools = a.no_build_tools || b.no_build_tools;
  a.no_setuid = a.no_setuid || b.no_setuid;
  a.no_secrets = a.no_secrets || b.no_secrets;
  a.pinned_bases = a.pinned_bases || b.pinned_bases;
  if (b.max_size) a.max_size = a.max_size ? std::min(*a.max_size, *b.max_size) : *b.max_size;
  for (const auto& [stage, size] : b.max_stage_size) {
    const auto [known, is_new] = a.max_stage_size.emplace(stage, size);
    if (!is_new) known->second = std::min(known->second, size);
  }
  const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(a.signed_bases, b.signed_bases);
  append(a.checks, b.checks);
  append(a.forbidden_packages, b.forbidden_packages);
  append(a.forbidden_licenses, b.forbidden_licenses);
  return a;
}

std::vector<GateFinding> judge(const Gates& gates, const GateFacts& facts) { return Judge(gates, facts).judge(); }

std::string findings_text(const std::vector<GateFinding>& findings) {
  std::string text;
  for (const auto& finding : findings) {
    const std::string line = finding.line == 0 ? "" : base::format("line {}: ", finding.line);
    text += base::format("gate {}: {}{}\n", finding.rule, line, finding.text);
    if (!finding.step.empty()) text += base::format("    brought in by {}\n", finding.step);
  }
  return text;
}

base::Json findings_json(const std::vector<GateFinding>& findings) {
  Json list = Json::array();
  for (const auto& finding : findings) {
    Json entry = Json::object();
    entry.set("gate", finding.rule).set("text", finding.text).set_nonempty("step", finding.step);
    entry.set_nonempty("line", finding.line);
    list.push(std::move(entry));
  }
  return Json::object().set("passed", findings.empty()).set("findings", std::move(list));
}

base::Json findings_sarif(const std::vector<GateFinding>& findings, const std::string& file,
                          const std::string& version) {
  Json rules = Json::array();
  std::vector<std::string> ids;
  Json results = Json::array();
  for (const auto& finding : findings) {
    if (std::find(ids.begin(), ids.end(), finding.rule) == ids.end()) {
      ids.push_back(finding.rule);
      rules.push(Json::object().set("id", finding.rule));
    }
    Json place = Json::object().set("artifactLocation", Json::object().set("uri", file));
    if (finding.line != 0) place.set("region", Json::object().set("startLine", finding.line));
    Json location = Json::object().set("physicalLocation", std::move(place));
    const std::string step = finding.step.empty() ? "" : " (brought in by " + finding.step + ")";
    Json result = Json::object();
    result.set("ruleId", finding.rule).set("level", "error");
    result.set("message", Json::object().set("text", finding.text + step));
    results.push(std::move(result.set("locations", Json::array().push(std::move(location)))));
  }
  Json driver = Json::object();
  driver.set("name", "slipway gates").set("version", version).set("rules", std::move(rules));
  Json run = Json::object();
  run.set("tool", Json::object().set("driver", std::move(driver))).set("results", std::move(results));
  Json json = Json::object();
  json.set("$schema", "https://json.schemastore.org/sarif-2.1.0.json").set("version", "2.1.0");
  return json.set("runs", Json::array().push(std::move(run)));
}

}  // namespace attest
