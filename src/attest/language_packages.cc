// SPDX-License-Identifier: Apache-2.0
// Packages of languages that stand as files: npm, Python, Ruby.
#include "attest/licenses.h"
#include "attest/package_names.h"
#include "attest/package_readers.h"
#include "base/error.h"
#include "base/strings.h"

namespace attest {
namespace {

/// npm's license may be a text, {"type": …} or a list of those.
std::string npm_license(const base::Json& json) {
  const auto one = [](const base::Json& value) {
    return spdx_expression(value.is_string() ? value.as_string() : value["type"].string_or(""));
  };
  if (json["license"].is_string() || json["license"].is_object()) return one(json["license"]);
  std::vector<std::string> all;
  for (const auto& entry : json["licenses"].items()) all.push_back(one(entry));
  return all_of(all);
}

std::string person(const base::Json& json) { return json.is_string() ? json.as_string() : json["name"].string_or(""); }

constexpr std::string_view kLicenseClassifier = "License :: ";

/// "License :: OSI Approved :: MIT License" → "MIT License"
std::string classified_license(std::string_view value) {
  const auto last = value.rfind(":: ");
  return last == value.npos ? "" : spdx_expression(value.substr(last + 3));
}

/// The text between the first pair of quotes behind `assigned`, on its line.
std::string assigned_text(std::string_view text, std::string_view assigned) {
  const auto at = text.find(assigned);
  if (at == text.npos) return "";
  const auto line = text.substr(at + assigned.size(), text.find('\n', at) - at - assigned.size());
  const auto begin = line.find_first_of("\"'");
  if (begin == line.npos) return "";
  const auto end = line.find(line[begin], begin + 1);
  return end == line.npos ? "" : std::string(line.substr(begin + 1, end - begin - 1));
}

}  // namespace

std::string python_name(std::string_view name) {
  std::string out;
  for (const char c : base::lower(name)) {
    const bool separates = c == '-' || c == '_' || c == '.';
    if (!separates) {
      out += c;
    } else if (!out.ends_with('-')) {
      out += '-';
    }
  }
  return out;
}

void set_scoped_name(std::string_view name, Component& component) {
  const auto slash = name.rfind('/');
  component.name_space = slash == name.npos ? "" : name.substr(0, slash);
  component.name = slash == name.npos ? name : name.substr(slash + 1);
}

void read_package_json(std::string_view text, Components& out) {
  base::Json json;
  try {
    json = base::Json::parse(text);
  } catch (const base::Error&) {
    return;
  }
  const std::string name = json["name"].string_or("");
  const std::string version = json["version"].string_or("");
  if (name.empty() || name.ends_with('/') || version.empty()) return;
  Component component;
  component.type = "npm";
  set_scoped_name(name, component);
  component.version = version;
  component.license = npm_license(json);
  component.supplier = person(json["author"]);
  out.push_back(std::move(component));
}

void read_python_metadata(std::string_view text, Components& out) {
  Component component;
  std::string license;
  std::string expression;
  std::vector<std::string> classified;
  for (const auto& raw : base::split(text, '\n')) {
    const auto line = base::trim(raw, "\r");
    if (line.empty()) break;  // the description follows
    const auto parts = base::cut(line, ": ");
    if (!parts) continue;
    const std::string key = base::lower(parts->first);
    const std::string value(base::trim(parts->second));
    if (key == "name") component.name = python_name(value);
    if (key == "version") component.version = value;
    if (key == "author" || (key == "author-email" && component.supplier.empty())) component.supplier = value;
    if (key == "license-expression") expression = spdx_expression(value);
    if (key == "license") license = value;
    if (key == "classifier" && value.starts_with(kLicenseClassifier)) classified.push_back(classified_license(value));
  }
  if (component.name.empty() || component.version.empty()) return;
  component.type = "pypi";
  constexpr std::size_t kLongestName = 64;  // longer: the whole text of the licence, in one field
  component.license = !expression.empty()              ? expression
                      : !classified.empty()            ? all_of(classified)
                      : license.size() <= kLongestName ? spdx_expression(license)
                                                       : "";
  out.push_back(std::move(component));
}

void read_gemspec(std::string_view text, Components& out) {
  Component component;
  component.type = "gem";
  component.name = assigned_text(text, "s.name =");
  component.version = assigned_text(text, "s.version =");
  component.license = spdx_expression(assigned_text(text, "s.licenses ="));
  component.supplier = assigned_text(text, "s.authors =");
  if (!component.name.empty() && !component.version.empty()) out.push_back(std::move(component));
}

}  // namespace attest
