// SPDX-License-Identifier: Apache-2.0
#include "attest/scan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "attest/licenses.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/task.h"
#include "layer/tree.h"

namespace attest {
namespace {

constexpr std::size_t kMaxDatabase = 256U << 20;
constexpr std::size_t kMaxManifest = 4U << 20;
constexpr std::size_t kMaxLockFile = 32U << 20;
constexpr std::size_t kMaxCopyright = 1U << 20;

constexpr std::string_view kDpkgStatus = "var/lib/dpkg/status";
constexpr std::string_view kDpkgStatusDirectory = "var/lib/dpkg/status.d/";
constexpr std::string_view kDpkgInfo = "var/lib/dpkg/info";
constexpr std::string_view kApkInstalled = "lib/apk/db/installed";
constexpr std::string_view kRpmDatabases[] = {"var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite"};
constexpr std::string_view kOtherRpmDatabases[] = {"var/lib/rpm/Packages", "var/lib/rpm/Packages.db",
                                                   "usr/lib/sysimage/rpm/Packages", "usr/lib/sysimage/rpm/Packages.db"};

std::string read_text(int root, const std::string& path, std::size_t limit) {
  try {
    const auto file = base::open_in_root_if_exists(root, path, O_RDONLY | O_NONBLOCK);
    return file ? base::read_all(file->get(), limit) : "";
  } catch (const base::Error&) {
    return "";
  }
}

bool is_jar(std::string_view name) {
  return name.ends_with(".jar") || name.ends_with(".war") || name.ends_with(".ear");
}

/// "node_modules/x/package.json" and "node_modules/@s/x/package.json": a package, not some file of one.
bool is_npm_manifest(std::string_view path) {
  constexpr std::string_view kModules = "node_modules/";
  const auto at = path.rfind(kModules);
  if (at == path.npos || (at > 0 && path[at - 1] != '/') || !path.ends_with("/package.json")) return false;
  const auto inner = path.substr(at + kModules.size());
  return std::count(inner.begin(), inner.end(), '/') == (inner.starts_with('@') ? 2 : 1);
}

class Scanner {
 public:
  Scanner(int root, TreeKind kind, std::string scratch, const std::stop_token& stop)
      : root_(root), kind_(kind), scratch_(std::move(scratch)), stop_(stop) {}

  Scan scan() {
    std::string release = read_text(root_, "etc/os-release", kMaxManifest);
    if (release.empty()) release = read_text(root_, "usr/lib/os-release", kMaxManifest);
    scan_.distribution = read_os_release(release);
    layer::walk_tree(root_, {.stop = stop_}, [&](const layer::TreeEntry& entry) {
      if (entry.is_directory() && (entry.path() == "proc" || entry.path() == "sys" || entry.path() == "dev")) {
        return layer::Visit::skip_children;
      }
      if (entry.is_file()) look_at(entry);
      return layer::Visit::go_on;
    });
    join_equal();
    return std::move(scan_);
  }

 private:
  void look_at(const layer::TreeEntry& entry) {
    const std::string& path = entry.path();
    const std::string& name = entry.name();
    if (path == kDpkgStatus || path.starts_with(kDpkgStatusDirectory)) {
      add(path, [&](Components& found) { read_dpkg(path, found); });
    } else if (path == kApkInstalled) {
      add(path, [&](Components& found) { read_apk(path, found); });
    } else if (base::is_one_of(path, kRpmDatabases)) {
      add(path, [&](Components& found) { read_rpm(entry, found); });
    } else if (base::is_one_of(path, kOtherRpmDatabases)) {
      add(path, [&](Components& found) {
        with_file(entry, [&](const ReadAt& read, std::uint64_t size) {
          read_rpm_file(read, size, scan_.distribution, found);
        });
      });
    } else if (name == "package.json" && is_npm_manifest(path)) {
      add(path, [&](Components& found) { read_package_json(text_of(entry), found); });
    } else if ((name == "METADATA" && path.ends_with(".dist-info/METADATA")) ||
               (name == "PKG-INFO" && path.ends_with(".egg-info/PKG-INFO")) || path.ends_with(".egg-info")) {
      add(path, [&](Components& found) { read_python_metadata(text_of(entry), found); });
    } else if (name.ends_with(".gemspec") && path.find("specifications/") != std::string::npos) {
      add(path, [&](Components& found) { read_gemspec(text_of(entry), found); });
    } else if (kind_ == TreeKind::sources && is_lock_file(name)) {
      add(path, [&](Components& found) { read_lock_file(name, text_of(entry, kMaxLockFile), found); });
    } else if (is_jar(name)) {
      add(path, [&](Components& found) {
        with_file(entry, [&](const ReadAt& read, std::uint64_t size) { read_jar(read, size, path, found); });
      });
    } else if ((entry.stat().st_mode & 0111) != 0 && entry.stat().st_size > 64) {
      add(path, [&](Components& found) {
        with_file(entry, [&](const ReadAt& read, std::uint64_t size) { read_program(read, size, found); });
      });
    }
  }

  template <typename Read>
  void add(const std::string& path, Read&& read) {
    Components found;
    read(found);
    for (auto& component : found) {
      component.found_in = path;
      scan_.components.push_back(std::move(component));
    }
  }

  static std::string text_of(const layer::TreeEntry& entry, std::size_t limit = kMaxManifest) {
    if (entry.stat().st_size > static_cast<off_t>(limit)) return "";
    try {
      return base::read_all(entry.open().get(), limit);
    } catch (const base::Error&) {
      return "";
    }
  }

  template <typename Use>
  void with_file(const layer::TreeEntry& entry, Use&& use) const {
    base::throw_if_stopped(stop_);
    try {
      const base::Fd file = entry.open();
      use(
          [&](std::uint64_t offset, std::size_t size) {
            std::string bytes(size, '\0');
            bytes.resize(base::read_at(file.get(), bytes.data(), size, offset));
            return bytes;
          },
          static_cast<std::uint64_t>(entry.stat().st_size));
    } catch (const base::Error&) {
      // Unreadable: it says nothing.
    }
  }

  void own(const std::string& path, std::size_t component) {
    std::string clean = path;
    while (clean.starts_with('/')) clean.erase(0, 1);
    if (!clean.empty() && clean != ".") scan_.owners.emplace(std::move(clean), component);
  }

  void read_dpkg(const std::string& path, Components& found) {
    read_dpkg_status(read_text(root_, path, kMaxDatabase), scan_.distribution, found);
    for (std::size_t i = 0; i < found.size(); ++i) {
      Component& component = found[i];
      component.license =
          debian_licenses(read_text(root_, "usr/share/doc/" + component.name + "/copyright", kMaxCopyright));
      const std::string info = base::format("{}/{}", kDpkgInfo, component.name);
      std::string list = read_text(root_, info + ".list", kMaxDatabase);
      if (list.empty()) list = read_text(root_, info + ":" + component.qualifiers["arch"] + ".list", kMaxDatabase);
      for (const auto& file : base::split(list, '\n')) own(file, scan_.components.size() + i);
    }
  }

  void read_apk(const std::string& path, Components& found) {
    std::map<std::string, std::string> files;
    read_apk_installed(read_text(root_, path, kMaxDatabase), scan_.distribution, found, files);
    std::map<std::string, std::size_t> numbers;
    for (std::size_t i = 0; i < found.size(); ++i) numbers[found[i].name] = scan_.components.size() + i;
    for (const auto& [file, name] : files) {
      if (const auto known = numbers.find(name); known != numbers.end()) own(file, known->second);
    }
  }

  /// sqlite wants a path, and the image's may lead through links of its own.
  void read_rpm(const layer::TreeEntry& entry, Components& found) const {
    try {
      const std::string copy = scratch_ + "/rpmdb.sqlite";
      const base::Fd from = entry.open();
      base::write_file_atomic(copy, base::read_all(from.get(), kMaxDatabase));
      read_rpm_sqlite(copy, scan_.distribution, found);
      ::unlink(copy.c_str());
    } catch (const base::Error&) {
      // Larger than any database is, or unreadable.
    }
  }

  /// A package that several files name (a program and its hard links, a jar within two) is one component.
  void join_equal() {
    std::map<std::string, std::size_t> known;
    std::vector<std::size_t> place(scan_.components.size());
    Components kept;
    for (std::size_t i = 0; i < scan_.components.size(); ++i) {
      const auto [found, is_new] = known.emplace(scan_.components[i].key(), kept.size());
      if (is_new) kept.push_back(std::move(scan_.components[i]));
      place[i] = found->second;
    }
    scan_.components = std::move(kept);
    for (auto& [path, component] : scan_.owners) component = place[component];
  }

  int root_;
  TreeKind kind_;
  std::string scratch_;
  const std::stop_token& stop_;
  Scan scan_;
};

}  // namespace

std::optional<std::size_t> Scan::owner(const std::string& path) const {
  auto found = owners.find(path);
  // A merged /usr: the database says /lib, the tree usr/lib, or the other way round.
  if (found == owners.end() && path.starts_with("usr/")) found = owners.find(path.substr(4));
  if (found == owners.end()) found = owners.find("usr/" + path);
  return found == owners.end() ? std::nullopt : std::optional(found->second);
}

Scan scan_packages(int root, TreeKind kind, const std::string& scratch, const std::stop_token& stop) {
  return Scanner(root, kind, scratch, stop).scan();
}

}  // namespace attest
