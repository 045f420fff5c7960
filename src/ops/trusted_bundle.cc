// SPDX-License-Identifier: Apache-2.0
#include "ops/trusted_bundle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "ops/copy_metadata.h"
#include "ops/mounted_tree.h"
#include "ops/secrets.h"

namespace ops {
namespace {

/// Where distributions keep the certificates of the authorities they trust, as one file.
constexpr const char* kBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL 7 and later
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/pki/tls/cacert.pem",                            // OpenELEC
    "/etc/ssl/cert.pem",                                  // Alpine, LibreSSL
};
constexpr std::size_t kMaxBundle = 10U << 20;

base::Fd make_and_open(int at, const std::string& name) {
  if (::mkdirat(at, name.c_str(), 0755) != 0 && errno != EEXIST) base::fail_errno(errno, "make directory " + name);
  return base::Fd(static_cast<int>(
      SLIP_SYSCALL(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "open {}", name)));
}

struct stat stat_of(int fd) {
  struct stat info;
  SLIP_SYSCALL(::fstat(fd, &info), "stat a certificate bundle");
  return info;
}

/// A regular file, for reading; none for whatever else stands there: a device or a pipe is not even opened.
base::Fd open_regular(int root, const std::string& path) {
  const auto found = base::open_in_root_if_exists(root, path, O_PATH | O_NOFOLLOW);
  if (!found || !S_ISREG(stat_of(found->get()).st_mode)) return {};
  return base::open_file(base::format("/proc/self/fd/{}", found->get()), O_RDONLY);
}

/// A certificate's base64, which is there in whatever a program made of the lines around it.
std::string body_of(const std::string& pem) {
  const auto begin = pem.find('\n');
  const auto end = pem.rfind("\n-----END");
  return end == pem.npos || end <= begin ? pem : pem.substr(begin + 1, end - begin - 1);
}

}  // namespace

TrustedBundle::TrustedBundle(std::string pem, std::string directory)
    : pem_(std::move(pem)),
      block_("\n# certificate of the build's proxy: begin\n" + pem_ + "# certificate of the build's proxy: end\n"),
      directory_(std::move(directory)) {}

std::vector<TrustedBundle::Found> TrustedBundle::find(int root) const {
  std::vector<Found> found;
  for (const char* name : kBundles) {
    const std::string path = base::resolve_in_root(root, name);
    const bool known = std::any_of(found.begin(), found.end(), [&](const Found& other) { return other.path == path; });
    const base::Fd file = open_regular(root, path);
    if (known || !file) continue;
    const auto read = [&] { return base::read_all(file.get(), kMaxBundle); };
    found.push_back(
        {path, base::with_context(read, "adding the certificate of the build's proxy (--proxy-network) to {}", path)});
  }
  return found;
}

/// The file, and all directories above it as they are, since the kernel takes their attributes from the topmost layer.
void TrustedBundle::write_layer(int root, const Found& found) const {
  struct Level {
    base::Fd original;
    base::Fd copy;
  };
  std::vector<Level> levels;
  base::make_directories(directory_);
  const base::Fd top = base::open_directory(directory_);
  const auto names = base::split(found.path.substr(1), '/');
  std::string path;
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    path += "/" + names[i];
    const int at = levels.empty() ? top.get() : levels.back().copy.get();
    base::Fd copy = make_and_open(at, names[i]);
    levels.push_back({base::open_in_root(root, path, O_RDONLY | O_DIRECTORY), std::move(copy)});
  }
  const int at = levels.empty() ? top.get() : levels.back().copy.get();
  const base::Fd original = base::open_in_root(root, found.path, O_RDONLY);
  const base::Fd file(static_cast<int>(SLIP_SYSCALL(
      ::openat(at, names.back().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), "make {}", path)));
  base::write_all(file.get(), found.text + block_);
  apply_metadata(original.get(), file.get(), stat_of(original.get()), {});
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    apply_metadata(level->original.get(), level->copy.get(), stat_of(level->original.get()), {});
  }
}

void TrustedBundle::add_to(snapshot::MountSpec& spec, snapshot::Driver driver, const std::string& scratch,
                           const std::stop_token& stop) {
  if (driver == snapshot::Driver::native || spec.lowers.empty()) return;
  const MountedTree view({.lowers = spec.lowers}, driver, scratch, stop);
  for (const auto& found : find(view.fd())) {
    write_layer(view.fd(), found);
    paths_.push_back(found.path);
  }
  if (!paths_.empty()) spec.lowers.push_back(directory_);
}

std::vector<sandbox::Mount> TrustedBundle::mounts(int root, snapshot::Driver driver) {
  std::vector<sandbox::Mount> mounts;
  if (driver != snapshot::Driver::native) return mounts;
  base::make_directories(directory_);
  for (const auto& found : find(root)) {
    const std::string path = base::format("{}/{}", directory_, mounts.size());
    base::write_file_atomic(path, found.text + block_);
    paths_.push_back(found.path);
    mounts.push_back({found.path, "bind", path, {"rbind", "ro", "nosuid", "nodev", "noexec"}});
  }
  return mounts;
}

/// Whether the file is now free of the certificate.
bool TrustedBundle::clean_file(int root, const std::string& path, bool is_bundle) const {
  const base::Fd file = open_regular(root, path);
  if (!file) return false;
  const struct stat info = stat_of(file.get());
  const std::size_t limit = kMaxBundle + block_.size();
  if (static_cast<std::size_t>(info.st_size) > limit) {
    if (!is_bundle) return false;
    base::fail(base::Code::out_of_range,
               "taking the certificate of the build's proxy (--proxy-network) out of {}: the step left {} bytes there, "
               "more than {}",
               path, info.st_size, limit);
  }
  const std::string text = base::read_all(file.get(), limit);
  // What is not text may hold the bundle inside, as an archive does, and would be broken without.
  if (!is_bundle && text.find('\0') != text.npos) return false;
  std::string cleaned = base::replace_all(text, block_, "");
  if (is_bundle) cleaned = base::replace_all(base::replace_all(cleaned, "\n" + pem_, ""), pem_, "");
  if (cleaned != text) {
    const base::Fd out = base::open_file(base::format("/proc/self/fd/{}", file.get()), O_WRONLY | O_TRUNC);
    base::write_all(out.get(), cleaned);
    apply_times(out.get(), info, {});
  }
  return cleaned.find(body_of(pem_)) == cleaned.npos;
}

std::vector<std::string> TrustedBundle::clean(const std::string& upper, const std::stop_token& stop) const {
  std::vector<std::string> left;
  if (upper.empty()) return left;
  const base::Fd root = base::open_directory(upper);
  std::set<ino_t> bundles;
  for (const auto& path : paths_) {
    if (const base::Fd file = open_regular(root.get(), path)) bundles.insert(stat_of(file.get()).st_ino);
  }
  for (const auto& found : find_secrets(upper, {{.id = "certificate", .form = "", .bytes = body_of(pem_)}}, stop)) {
    const std::string path = "/" + found.path;
    const base::Fd file = open_regular(root.get(), path);
    const bool is_bundle = file && bundles.contains(stat_of(file.get()).st_ino);
    if (!clean_file(root.get(), path, is_bundle)) left.push_back(path);
  }
  return left;
}

}  // namespace ops
