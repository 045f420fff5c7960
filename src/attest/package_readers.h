// SPDX-License-Identifier: Apache-2.0
#pragma once
// Package databases and manifests, read as data: nothing of the image is run.
//
// Each reader takes what one file holds and adds the components it names. Damaged or hostile input adds nothing or what
// can be read of it, and never throws but for running out of memory; sizes are bounded before anything is allocated.
//
// Sources: dpkg's deb822 status file; apk's installed database; rpm's header format (rpm.org, "package format v4") in a
// sqlite table; package.json and package-lock.json; Core metadata (PyPA); gemspec; Go's debug/buildinfo;
// cargo-auditable; the JAR file specification and Maven's pom.properties.
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "attest/component.h"

namespace attest {

/// A file opened for reading, from anywhere in it; fewer bytes where it ends.
using ReadAt = std::function<std::string(std::uint64_t offset, std::size_t size)>;

/// What of an image's /etc/os-release package URLs tell.
struct Distribution {
  std::string id;                 ///< "debian"
  std::string version;            ///< "12"
  std::string qualifier() const;  ///< "debian-12"
};
Distribution read_os_release(std::string_view text);

/// var/lib/dpkg/status (or a file of status.d): installed packages.
void read_dpkg_status(std::string_view text, const Distribution& distribution, Components& out);
/// lib/apk/db/installed. `files` gets path → package name.
void read_apk_installed(std::string_view text, const Distribution& distribution, Components& out,
                        std::map<std::string, std::string>& files);
/// var/lib/rpm/rpmdb.sqlite, copied to `path`.
void read_rpm_sqlite(const std::string& path, const Distribution& distribution, Components& out);
/// The databases of other rpms: ndb's Packages.db, Berkeley DB's Packages. `size` is the file's.
void read_rpm_file(const ReadAt& read, std::uint64_t size, const Distribution& distribution, Components& out);
/// One package's header blob. Public for tests.
void read_rpm_header(std::string_view blob, const Distribution& distribution, Components& out);

void read_package_json(std::string_view text, Components& out);
/// METADATA of a .dist-info, PKG-INFO of an .egg-info.
void read_python_metadata(std::string_view text, Components& out);
void read_gemspec(std::string_view text, Components& out);

/// Whether a file of that name lists what a build of the source beside it stands on: package-lock.json, Cargo.lock,
/// go.mod, …
bool is_lock_file(std::string_view name);
/// The packages of other people that it names with their versions. `name` is the file's, without its directory.
void read_lock_file(std::string_view name, std::string_view text, Components& out);

/// Modules that a Go program says it was linked from, and crates of a Rust program built with cargo-auditable.
/// `size` is the file's.
void read_program(const ReadAt& read, std::uint64_t size, Components& out);

/// A Java archive, with those inside it.
void read_jar(const ReadAt& read, std::uint64_t size, std::string_view name, Components& out);

}  // namespace attest
