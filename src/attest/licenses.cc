// SPDX-License-Identifier: Apache-2.0
#include "attest/licenses.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"

namespace attest {
namespace {

/// SPDX identifiers that packages use as they are; compared without case.
const std::set<std::string>& known_ids() {
  static const std::set<std::string> kIds = {"0BSD",
                                             "AFL-2.1",
                                             "AGPL-3.0-only",
                                             "AGPL-3.0-or-later",
                                             "Apache-1.1",
                                             "Apache-2.0",
                                             "Artistic-1.0",
                                             "Artistic-1.0-Perl",
                                             "Artistic-2.0",
                                             "BlueOak-1.0.0",
                                             "BSD-1-Clause",
                                             "BSD-2-Clause",
                                             "BSD-3-Clause",
                                             "BSD-4-Clause",
                                             "BSD-4-Clause-UC",
                                             "BSL-1.0",
                                             "bzip2-1.0.6",
                                             "CC-BY-3.0",
                                             "CC-BY-4.0",
                                             "CC-BY-SA-3.0",
                                             "CC-BY-SA-4.0",
                                             "CC0-1.0",
                                             "CDDL-1.0",
                                             "CDDL-1.1",
                                             "curl",
                                             "EPL-1.0",
                                             "EPL-2.0",
                                             "FSFAP",
                                             "FSFUL",
                                             "FSFULLR",
                                             "FTL",
                                             "GFDL-1.1-only",
                                             "GFDL-1.1-or-later",
                                             "GFDL-1.2-only",
                                             "GFDL-1.2-or-later",
                                             "GFDL-1.3-only",
                                             "GFDL-1.3-or-later",
                                             "GPL-1.0-only",
                                             "GPL-1.0-or-later",
                                             "GPL-2.0-only",
                                             "GPL-2.0-or-later",
                                             "GPL-3.0-only",
                                             "GPL-3.0-or-later",
                                             "HPND",
                                             "ICU",
                                             "IJG",
                                             "ISC",
                                             "LGPL-2.0-only",
                                             "LGPL-2.0-or-later",
                                             "LGPL-2.1-only",
                                             "LGPL-2.1-or-later",
                                             "LGPL-3.0-only",
                                             "LGPL-3.0-or-later",
                                             "Libpng",
                                             "libtiff",
                                             "LPPL-1.3c",
                                             "MIT",
                                             "MIT-0",
                                             "MPL-1.0",
                                             "MPL-1.1",
                                             "MPL-2.0",
                                             "MS-PL",
                                             "NCSA",
                                             "OFL-1.1",
                                             "OLDAP-2.8",
                                             "OpenSSL",
                                             "PHP-3.01",
                                             "PostgreSQL",
                                             "PSF-2.0",
                                             "Python-2.0",
                                             "Ruby",
                                             "Sleepycat",
                                             "TCL",
                                             "Unicode-3.0",
                                             "Unicode-DFS-2015",
                                             "Unicode-DFS-2016",
                                             "Unlicense",
                                             "UPL-1.0",
                                             "Vim",
                                             "W3C",
                                             "WTFPL",
                                             "X11",
                                             "Zend-2.0",
                                             "Zlib",
                                             "zlib-acknowledgement",
                                             "ZPL-2.1"};
  return kIds;
}

/// Other names for them, in lower case.
const std::map<std::string, std::string>& other_names() {
  static const std::map<std::string, std::string> kNames = {{"apache", "Apache-2.0"},
                                                            {"apache 2", "Apache-2.0"},
                                                            {"apache 2.0", "Apache-2.0"},
                                                            {"apache-2", "Apache-2.0"},
                                                            {"apache license 2.0", "Apache-2.0"},
                                                            {"apache license, version 2.0", "Apache-2.0"},
                                                            {"apache software license", "Apache-2.0"},
                                                            {"asl 2.0", "Apache-2.0"},
                                                            {"artistic", "Artistic-1.0-Perl"},
                                                            {"artistic-1", "Artistic-1.0"},
                                                            {"artistic-2", "Artistic-2.0"},
                                                            {"boost", "BSL-1.0"},
                                                            {"boost-1.0", "BSL-1.0"},
                                                            {"bsd", "BSD-3-Clause"},
                                                            {"bsd license", "BSD-3-Clause"},
                                                            {"bsd-2", "BSD-2-Clause"},
                                                            {"bsd-2-clause", "BSD-2-Clause"},
                                                            {"bsd-3", "BSD-3-Clause"},
                                                            {"bsd-3-clause", "BSD-3-Clause"},
                                                            {"bsd 3-clause", "BSD-3-Clause"},
                                                            {"bsd-4-clause-uc", "BSD-4-Clause-UC"},
                                                            {"new bsd", "BSD-3-Clause"},
                                                            {"cc0", "CC0-1.0"},
                                                            {"cc0-1", "CC0-1.0"},
                                                            {"cddl-1", "CDDL-1.0"},
                                                            {"expat", "MIT"},
                                                            {"gpl", "GPL-1.0-or-later"},
                                                            {"gpl+", "GPL-1.0-or-later"},
                                                            {"gplv2", "GPL-2.0-only"},
                                                            {"gplv2+", "GPL-2.0-or-later"},
                                                            {"gplv3", "GPL-3.0-only"},
                                                            {"gplv3+", "GPL-3.0-or-later"},
                                                            {"lgplv2", "LGPL-2.0-only"},
                                                            {"lgplv2+", "LGPL-2.0-or-later"},
                                                            {"lgplv2.1", "LGPL-2.1-only"},
                                                            {"lgplv2.1+", "LGPL-2.1-or-later"},
                                                            {"lgplv3", "LGPL-3.0-only"},
                                                            {"lgplv3+", "LGPL-3.0-or-later"},
                                                            {"lgpl", "LGPL-2.0-or-later"},
                                                            {"mit license", "MIT"},
                                                            {"the mit license", "MIT"},
                                                            {"mit/x11", "MIT"},
                                                            {"mpl-2", "MPL-2.0"},
                                                            {"mplv2.0", "MPL-2.0"},
                                                            {"mpl 2.0", "MPL-2.0"},
                                                            {"perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"},
                                                            {"psf", "PSF-2.0"},
                                                            {"psf-2", "PSF-2.0"},
                                                            {"python software foundation license", "PSF-2.0"},
                                                            {"isc license", "ISC"},
                                                            {"zlib/libpng", "Zlib"},
                                                            {"wtfpl-2", "WTFPL"},
                                                            {"epl-1", "EPL-1.0"},
                                                            {"epl-2", "EPL-2.0"},
                                                            {"ofl-1", "OFL-1.1"},
                                                            {"vim license", "Vim"}};
  return kNames;
}

/// "GPL-2+", "lgpl-2.1", "GFDL-1.3+": families whose versions have a form with and without "or later".
std::string gnu_name(const std::string& lowered) {
  for (const std::string_view family : {"agpl", "gpl", "lgpl", "gfdl"}) {
    if (!lowered.starts_with(family) || lowered.size() <= family.size()) continue;
    std::string version = lowered.substr(family.size());
    if (version.front() == '-' || version.front() == 'v' || version.front() == ' ') version.erase(0, 1);
    bool later = false;
    for (const std::string_view ending : {"+", "-or-later", ".0+", " or later"}) {
      if (version.ends_with(ending)) {
        later = true;
        version.erase(version.size() - (ending == ".0+" ? 1 : ending.size()));
        break;
      }
    }
    if (version.ends_with("-only")) version.erase(version.size() - 5);
    if (version.size() == 1) version += ".0";
    const std::string id = base::upper(family) + "-" + version + (later ? "-or-later" : "-only");
    if (known_ids().contains(id)) return id;
  }
  return "";
}

constexpr std::string_view kLicenseRef = "LicenseRef-";

std::string license_ref(std::string_view name) {
  std::string id(kLicenseRef);
  for (const char c : name) {
    const bool fits =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (fits) {
      id += c;
    } else if (id.back() != '-') {
      id += '-';
    }
  }
  while (id.ends_with('-')) id.pop_back();
  return id == "LicenseRef" ? "" : id;
}

/// One name without operators.
std::string one_license(std::string_view text) {
  const std::string_view name = base::trim(text);
  if (name.empty()) return "";
  const std::string lowered = base::lower(name);
  for (const auto& id : known_ids()) {
    if (base::lower(id) == lowered) return id;
  }
  if (name.starts_with(kLicenseRef)) return license_ref(name.substr(kLicenseRef.size()));
  if (const auto found = other_names().find(lowered); found != other_names().end()) return found->second;
  if (const auto gnu = gnu_name(lowered); !gnu.empty()) return gnu;
  return license_ref(name);
}

/// An expression's tokens: names (with the spaces inside them), "AND", "OR", "WITH", "(", ")".
std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  std::string name;
  const auto end_name = [&] {
    const auto trimmed = base::trim(name);
    if (!trimmed.empty()) tokens.emplace_back(trimmed);
    name.clear();
  };
  std::string spaced;
  for (const char c : text) {
    if (c == '(' || c == ')') {
      spaced += ' ';
      spaced += c;
      spaced += ' ';
    } else if (c == ',' || c == '|' || c == '&' || c == ';') {
      spaced += c == '|' ? " OR " : " AND ";
    } else {
      spaced += c == '\n' || c == '\t' ? ' ' : c;
    }
  }
  for (const auto& word : base::split(spaced, ' ')) {
    if (word.empty()) continue;
    const std::string upper = base::upper(word);
    const bool operates = upper == "AND" || upper == "OR" || upper == "WITH" || word == "(" || word == ")";
    if (!operates) {
      name += (name.empty() ? "" : " ") + word;
      continue;
    }
    end_name();
    tokens.push_back(upper);
  }
  end_name();
  return tokens;
}

bool is_operator(const std::string& token) { return token == "AND" || token == "OR"; }

}  // namespace

std::string spdx_expression(std::string_view text) {
  std::string lowered = base::lower(base::trim(text));
  if (lowered.empty() || lowered == "unknown" || lowered == "none" || lowered == "noassertion") return "";
  if (const auto found = other_names().find(lowered); found != other_names().end()) return found->second;
  std::string out;
  int depth = 0;
  std::string before;
  for (const auto& token : tokens_of(text)) {
    if (token == "(" || token == ")") {
      if (token == ")" && (depth == 0 || out.empty() || is_operator(before) || before == "(")) return license_ref(text);
      if (token == "(" && !before.empty() && !is_operator(before) && before != "(") return license_ref(text);
      depth += token == "(" ? 1 : -1;
      if (token == "(" && !out.empty() && !out.ends_with('(')) out += ' ';
      out += token;
    } else if (is_operator(token)) {
      if (out.empty() || is_operator(before) || before == "(") {
        if (is_operator(before) || before == "(") continue;  // ", and": one of the two is enough
        return license_ref(text);
      }
      out += " " + token;
    } else if (token == "WITH" || before == "WITH") {
      // Exceptions are named freely; SPDX keeps a list that most of these names are not in.
      const std::string exception = token == "WITH" ? "" : license_ref(token);
      if (!exception.empty()) out += "-with-" + exception.substr(kLicenseRef.size());
    } else {
      if (before == ")") return license_ref(text);
      std::string id = one_license(token);
      if (id.empty()) continue;
      if (id.find(" OR ") != std::string::npos) id = "(" + id + ")";
      if (!out.empty() && !out.ends_with('(')) out += ' ';
      out += id;
    }
    before = token;
  }
  if (depth != 0 || is_operator(before)) return license_ref(text);
  // An id with an exception is no id of the list any more.
  std::string result;
  for (const auto& word : base::split(out, ' ')) {
    const bool excepted = word.find("-with-") != std::string::npos && !word.starts_with(kLicenseRef);
    result += (result.empty() ? "" : " ") + (excepted ? license_ref(word) : word);
  }
  return result;
}

std::string all_of(const std::vector<std::string>& expressions) {
  std::vector<std::string> each;
  const auto add = [&](const std::string& part) {
    if (!part.empty() && std::find(each.begin(), each.end(), part) == each.end()) each.push_back(part);
  };
  for (const auto& expression : expressions) {
    const bool nested = expression.find('(') != std::string::npos || expression.find(" OR ") != std::string::npos;
    if (nested) {
      add(expression);
      continue;
    }
    for (const auto& word : base::split(expression, ' ')) {
      if (word != "AND") add(word);
    }
  }
  if (each.size() == 1) return each.front();
  std::string out;
  for (const auto& expression : each) {
    const bool compound = expression.find(" OR ") != std::string::npos && !expression.starts_with('(');
    out += (out.empty() ? "" : " AND ") + (compound ? "(" + expression + ")" : expression);
  }
  return out;
}

std::string debian_licenses(std::string_view copyright) {
  std::vector<std::string> found;
  const auto lines = base::split(copyright, '\n');
  const bool machine_readable =
      !lines.empty() && base::lower(lines.front()).find("copyright-format") != std::string::npos;
  if (machine_readable) {
    for (const auto& line : lines) {
      if (base::lower(line.substr(0, 8)) == "license:") found.push_back(spdx_expression(line.substr(8)));
    }
    return all_of(found);
  }
  constexpr std::string_view kCommon = "/usr/share/common-licenses/";
  for (auto at = copyright.find(kCommon); at != copyright.npos; at = copyright.find(kCommon, at + 1)) {
    const auto rest = copyright.substr(at + kCommon.size());
    auto name =
        rest.substr(0, rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."));
    while (name.ends_with('.')) name.remove_suffix(1);
    found.push_back(spdx_expression(name));
  }
  return all_of(found);
}

std::vector<std::string> license_refs(std::string_view expression) {
  std::vector<std::string> refs;
  for (auto word : base::split(expression, ' ')) {
    while (word.starts_with('(')) word.erase(0, 1);
    while (word.ends_with(')')) word.pop_back();
    if (word.starts_with(kLicenseRef)) refs.push_back(word);
  }
  return refs;
}

}  // namespace attest
