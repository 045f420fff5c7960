// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/convert_paths.h"

#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/unicode.h"

namespace dockerfile {

namespace {

std::string clean(std::string_view path, TrailingSlash slash) {
  const auto text = base::replace_all(path, "\\", "/");
  auto cleaned = base::clean_path(text);
  if (slash == TrailingSlash::keep && cleaned.size() > 1 && text.ends_with('/')) cleaned += '/';
  return cleaned;
}

}  // namespace

std::string with_slashes(std::string_view path, std::string_view os) {
  return os == "windows" ? base::replace_all(path, "\\", "/") : std::string(path);
}

std::string without_drive(std::string_view path, std::string_view os, TrailingSlash slash) {
  if (os != "windows") return std::string(path);
  if (path.size() == 2 && path[1] == ':') {
    base::fail(base::Code::invalid_argument, "No relative path specified in {}", base::quote(path));
  }
  if (path.size() >= 2 && with_slashes(path.substr(0, 2), os) == "//") {
    base::fail(base::Code::invalid_argument, "UNC paths are not supported");
  }
  const auto colon = path.find(':');
  if (colon == std::string_view::npos) return clean(path, slash);
  if (path.substr(0, colon) != "c" && path.substr(0, colon) != "C") {
    base::fail(base::Code::invalid_argument, "The specified path is not on the system drive (C:)");
  }
  return clean(path.substr(colon + 1), slash);
}

bool is_absolute_on(std::string_view path, std::string_view os) {
  try {
    return base::is_absolute(without_drive(path, os, TrailingSlash::drop));
  } catch (const base::Error&) {
    return false;
  }
}

std::string normalize_path(std::string_view parent, std::string_view path, std::string_view os, TrailingSlash slash) {
  const auto original = with_slashes(path, os);
  auto above = with_slashes(parent, os);
  if (above.empty()) above = "/";
  std::string target = original;
  base::with_context(
      [&] {
        above = without_drive(above, os, slash);
        if (!is_absolute_on(above, os)) above = base::join_path("/", above);
        if (target.empty()) target = above;
        target = without_drive(target, os, slash);
      },
      "removing drive letter");
  if (!is_absolute_on(target, os)) target = base::join_path(above, target);
  if (slash == TrailingSlash::keep) {
    if (original.ends_with('/') && !target.ends_with('/')) {
      target += '/';
    } else if (original.ends_with("/.")) {
      if (target != "/") target += '/';
      target += '.';
    }
  }
  return with_slashes(target, os);
}

std::string normalize_workdir(std::string_view current, std::string_view path, std::string_view os) {
  return base::with_context(
      [&] {
        auto dir = normalize_path(current, path, os, TrailingSlash::drop);
        return os == "windows" ? base::replace_all(dir, "/", "\\") : dir;
      },
      "normalizing working directory");
}

}  // namespace dockerfile
