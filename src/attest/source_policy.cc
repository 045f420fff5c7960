// SPDX-License-Identifier: Apache-2.0
#include "attest/source_policy.h"

#include <algorithm>
#include <array>

#include "attest/policy_json.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strings.h"
#include "llb/attr.h"

namespace attest {
namespace {

constexpr int kMaxConversions = 20;

/// What a rule may set: the attributes that the source ops heed.
constexpr std::array kSettable{llb::attr::kHttpChecksum,
                               llb::attr::kHttpFilename,
                               llb::attr::kHttpPerm,
                               llb::attr::kHttpUid,
                               llb::attr::kHttpGid,
                               llb::attr::kHttpSignatureKeys,
                               llb::attr::kHttpSignature,
                               llb::attr::kGitKeepDir,
                               llb::attr::kGitFullUrl,
                               llb::attr::kGitChecksum,
                               llb::attr::kGitSkipSubmodules,
                               llb::attr::kGitSignatureKeys,
                               llb::attr::kGitRejectExpired,
                               llb::attr::kGitRequireSignedTag,
                               llb::attr::kGitIgnoreSignedTag,
                               llb::attr::kImageResolveMode,
                               llb::attr::kImageChecksum};

[[noreturn]] void deny_source(std::string message) {
  base::Error error(base::Code::permission_denied, std::move(message));
  error.set_refusal();
  throw error;
}

/// An attribute says what holds of one kind of source; on another one nobody would look at it, and nothing would hold.
void check_place(std::string_view attribute, const llb::SourceOp& source, const std::string& rule) {
  const std::string_view kind = attribute.substr(0, attribute.find('.'));
  const std::string_view scheme = source.scheme();
  const bool fits =
      kind == "http" ? scheme == "http" || scheme == "https" : scheme == (kind == "image" ? "docker-image" : kind);
  if (fits) return;
  base::Error error(base::Code::invalid_argument, base::format("{} sets {} of {}, which is no source of that kind",
                                                               rule, attribute, source.identifier));
  error.set_hint("give repositories (git://…), downloads (http://…, https://…) and images rules of their own");
  throw error;
}

std::string_view without_fragment(std::string_view identifier) { return identifier.substr(0, identifier.find('#')); }

/// One of the names, or its number as protobuf's enums have it.
template <std::size_t N>
std::size_t one_of(const base::Json& value, const std::array<std::string_view, N>& names, std::string_view field) {
  if (value.is_null()) return 0;
  if (value.is_int() && value.as_int() >= 0 && value.as_int() < static_cast<std::int64_t>(N)) {
    return static_cast<std::size_t>(value.as_int());
  }
  const auto found = std::find(names.begin(), names.end(), value.string_or(""));
  if (found == names.end()) {
    base::fail(base::Code::invalid_argument, "{} {} is not known; there are {}", field, value.dump(),
               base::join(std::vector<std::string>(names.begin(), names.end()), ", "));
  }
  return static_cast<std::size_t>(found - names.begin());
}

std::string text_field(const base::Json& json, std::string_view field) {
  const base::Json& value = json[field];
  if (!value.is_null() && !value.is_string()) base::fail(base::Code::invalid_argument, "{} is no text", field);
  return value.string_or("");
}

/// An absent list is an empty one.
const base::Json::Array& list_field(const base::Json& json, std::string_view field) {
  const base::Json& value = json[field];
  if (!value.is_null() && !value.is_array()) base::fail(base::Code::invalid_argument, "{} is no list", field);
  return value.items();
}

}  // namespace

/// From JSON; what it throws has no place yet.
class SourcePolicies::Reader {
 public:
  static Rule rule(const base::Json& json, const std::string& place) {
    want_fields(json, "the rule", {"action", "selector", "updates"});
    static constexpr std::array<std::string_view, 3> kActions{"ALLOW", "DENY", "CONVERT"};
    const std::size_t action = one_of(json["action"], kActions, "action");
    const base::Json& selector = json["selector"];
    want_fields(selector, "the selector", {"identifier", "match_type", "matchType", "constraints"});
    Rule rule{.selector = pattern(selector)};
    rule.action = static_cast<Action>(action);
    rule.name = base::format("{} ({} {})", place, kActions[action], rule.selector.text());
    for (const auto& entry : list_field(selector, "constraints")) rule.constraints.push_back(constraint(entry));
    const base::Json& updates = json["updates"];
    if (rule.action == Action::convert && updates.is_null()) {
      base::fail(base::Code::invalid_argument, "a CONVERT needs updates");
    }
    if (!updates.is_null()) read_updates(updates, rule);
    return rule;
  }

 private:
  static PolicyPattern pattern(const base::Json& selector) {
    const base::Json& kind = selector.contains("match_type") ? selector["match_type"] : selector["matchType"];
    static constexpr std::array<std::string_view, 3> kKinds{"WILDCARD", "EXACT", "REGEX"};
    return {static_cast<PolicyPattern::Kind>(one_of(kind, kKinds, "match_type")), text_field(selector, "identifier")};
  }

  static Constraint constraint(const base::Json& json) {
    want_fields(json, "the constraint", {"key", "value", "condition"});
    static constexpr std::array<std::string_view, 3> kConditions{"EQUAL", "NOTEQUAL", "MATCHES"};
    const auto condition = static_cast<Constraint::Condition>(one_of(json["condition"], kConditions, "condition"));
    const auto kind =
        condition == Constraint::Condition::matches ? PolicyPattern::Kind::regex : PolicyPattern::Kind::exact;
    return {text_field(json, "key"), condition, PolicyPattern(kind, text_field(json, "value"))};
  }

  static void read_updates(const base::Json& updates, Rule& rule) {
    want_fields(updates, "updates", {"identifier", "attrs"});
    rule.identifier = text_field(updates, "identifier");
    const base::Json& attrs = updates["attrs"];
    if (!attrs.is_null() && !attrs.is_object()) base::fail(base::Code::invalid_argument, "attrs is no object");
    for (const auto& [key, value] : attrs.members()) {
      if (std::find(kSettable.begin(), kSettable.end(), key) == kSettable.end()) {
        base::fail(base::Code::invalid_argument, "the attribute \"{}\" cannot be set by a policy", key);
      }
      rule.attrs[key] = text_field(attrs, key);
      if (key == llb::attr::kImageChecksum) {
        base::with_context([&] { base::Digest::parse_or_throw(rule.attrs[key]); }, "image.checksum");
      }
    }
  }
};

bool SourcePolicies::Constraint::holds(const llb::SourceOp& source) const {
  return value.matches(source.attr(key)) != (condition == Condition::not_equal);
}

bool SourcePolicies::Rule::matches(const llb::SourceOp& source) const {
  const bool fits = std::all_of(constraints.begin(), constraints.end(),
                                [&](const Constraint& constraint) { return constraint.holds(source); });
  return fits && (source.identifier == selector.text() || selector.matches(source.identifier));
}

bool SourcePolicies::Rule::convert(llb::SourceOp& source) const {
  const llb::SourceOp before = source;
  if (!identifier.empty()) source.identifier = selector.rewrite(source.identifier, identifier);
  // The address in full, which the frontend adds, would still lead to the old repository.
  if (without_fragment(source.identifier) != without_fragment(before.identifier)) {
    source.attrs.erase(std::string(llb::attr::kGitFullUrl));
  }
  for (const auto& [key, value] : attrs) {
    check_place(key, source, name);
    source.attrs[key] = value;
  }
  return !(source == before);
}

void SourcePolicies::add(std::string_view text, const std::string& name) {
  std::string place = name;
  base::with_context(
      [&] {
        const base::Json json = base::Json::parse(text);
        want_fields(json, "the policy", {"version", "rules"});
        if (json["version"].int_or(json["version"].is_null() ? 0 : -1) < 0 || json["version"].int_or(0) > 1) {
          base::fail(base::Code::invalid_argument, "version {} is not known", json["version"].dump());
        }
        Policy policy;
        for (const auto& rule : list_field(json, "rules")) {
          const std::string number = base::format("rule {} of {}", policy.size() + 1, name);
          place = base::format("{}: rule {}", name, policy.size() + 1);
          policy.push_back(Reader::rule(rule, number));
        }
        policies_.push_back(std::move(policy));
      },
      "source policy {}", place);
  digests_.push_back(base::sha256(text).str());
}

const SourcePolicies::Rule* SourcePolicies::apply_once(llb::SourceOp& source) const {
  for (const auto& policy : policies_) {
    const Rule* denied_by = nullptr;
    for (const auto& rule : policy) {
      if (!rule.matches(source)) continue;
      if (rule.action == Action::allow) denied_by = nullptr;
      if (rule.action == Action::deny) denied_by = &rule;
      if (rule.action == Action::convert && rule.convert(source)) return &rule;
    }
    if (denied_by) {
      deny_source(base::format("source {} denied by {}", source.identifier, denied_by->name));
    }
  }
  return nullptr;
}

void SourcePolicies::apply(llb::SourceOp& source, const ops::SourceQuestion&) const {
  const std::string asked = source.identifier;
  const Rule* last = nullptr;
  for (int i = 0; i <= kMaxConversions; ++i) {
    const Rule* rule = apply_once(source);
    if (!rule) return;
    last = rule;
  }
  deny_source(
      base::format("source {} is converted more than {} times, at last by {}", asked, kMaxConversions, last->name));
}

}  // namespace attest
