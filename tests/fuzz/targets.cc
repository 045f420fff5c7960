// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace fuzz {
namespace {

constexpr Target kTargets[] = {
    {"parser", parser},     {"expander", expander},   {"ignore", ignore},           {"reference", reference},
    {"git_ref", git_ref},   {"json_form", json_form}, {"run_mount", run_mount},     {"platform", platform},
    {"packages", packages}, {"trust", trust},         {"proxied_url", proxied_url}, {"toml", toml},
    {"rego", rego},
};

}  // namespace

std::span<const Target> targets() { return kTargets; }

const Target* find_target(std::string_view name) {
  const auto* found = std::ranges::find(kTargets, name, &Target::name);
  return found == std::end(kTargets) ? nullptr : found;
}

void require(bool kept, std::string_view promise) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

std::pair<std::string_view, std::string_view> first_line(std::string_view input) {
  const auto end = input.find('\n');
  if (end == std::string_view::npos) return {input, {}};
  return {input.substr(0, end), input.substr(end + 1)};
}

}  // namespace fuzz
