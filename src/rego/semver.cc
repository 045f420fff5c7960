// SPDX-License-Identifier: Apache-2.0
#include "rego/semver.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/strings.h"

namespace rego {
namespace {

struct Version {
  std::array<std::string, 3> numbers;
  std::vector<std::string> before;  ///< identifiers of a version before the release
};

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}
bool has_leading_zero(std::string_view text) { return text.size() > 1 && text[0] == '0'; }

bool is_identifier(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") ==
                              std::string_view::npos;
}

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  if (const auto parts = base::cut(text, "+")) {
    for (const auto& identifier : base::split(parts->second, '.')) {
      if (!is_identifier(identifier)) return std::nullopt;
    }
    text = parts->first;
  }
  if (const auto parts = base::cut(text, "-")) {
    version.before = base::split(parts->second, '.');
    for (const auto& identifier : version.before) {
      if (!is_identifier(identifier) || (is_number(identifier) && has_leading_zero(identifier))) return std::nullopt;
    }
    text = parts->first;
  }
  const auto numbers = base::split(text, '.');
  if (numbers.size() != 3) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) {
    if (!is_number(numbers[i]) || has_leading_zero(numbers[i])) return std::nullopt;
    version.numbers[i] = numbers[i];
  }
  return version;
}

int sign(int difference) { return difference < 0 ? -1 : difference > 0 ? 1 : 0; }

/// Of any length.
int compare_digits(const std::string& left, const std::string& right) {
  if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
  return sign(left.compare(right));
}

int compare_identifiers(const std::string& left, const std::string& right) {
  const bool left_number = is_number(left);
  const bool right_number = is_number(right);
  if (left_number && right_number) return compare_digits(left, right);
  if (left_number != right_number) return left_number ? -1 : 1;
  return sign(left.compare(right));
}

int compare(const Version& left, const Version& right) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (const int order = compare_digits(left.numbers[i], right.numbers[i]); order != 0) return order;
  }
  if (left.before.empty() || right.before.empty()) {
    return static_cast<int>(left.before.empty()) - static_cast<int>(right.before.empty());
  }
  for (std::size_t i = 0; i < std::min(left.before.size(), right.before.size()); ++i) {
    if (const int order = compare_identifiers(left.before[i], right.before[i]); order != 0) return order;
  }
  return left.before.size() == right.before.size() ? 0 : left.before.size() < right.before.size() ? -1 : 1;
}

}  // namespace

std::optional<int> compare_versions(std::string_view left, std::string_view right) {
  const auto a = parse_version(left);
  const auto b = parse_version(right);
  return a && b ? std::optional(compare(*a, *b)) : std::nullopt;
}

}  // namespace rego
