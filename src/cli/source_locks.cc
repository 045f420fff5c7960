// SPDX-License-Identifier: Apache-2.0
#include "cli/source_locks.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"

namespace cli {

std::string lock_path(const BuildOptions& options, const BuildContexts& contexts) {
  const auto dockerfile = dockerfile_path(options, contexts);
  return dockerfile ? *dockerfile + ".lock" : "";
}

std::optional<std::string> read_lock(const std::string& path) {
  constexpr std::size_t kMaxLock = 16U << 20;
  return path.empty() ? std::nullopt : base::read_file_if_exists(path, kMaxLock);
}

ops::SourceLock to_source_lock(const attest::LockFile& lock, const std::string& path, ops::SourceLock::Mode mode,
                               std::string digest) {
  ops::SourceLock pins(std::string(base::base_name(path)), mode, std::move(digest));
  for (const auto& entry : lock.entries) pins.add(entry.kind, entry.name, entry.platform, entry.pin);
  return pins;
}

ops::SourceLock source_lock(const BuildOptions& options, const BuildContexts& contexts) {
  if (options.no_lock) return {};
  const std::string path = lock_path(options, contexts);
  const auto text = read_lock(path);
  if (!text && options.locked) {
    base::Error error(base::Code::failed_precondition,
                      path.empty() ? "--locked: this Dockerfile is no file of this machine, so no lock is beside it"
                                   : base::format("--locked: there is no {}", path));
    error.set_hint("'slipway lock' writes one");
    throw error;
  }
  if (!text) return {};
  const auto mode = options.locked ? ops::SourceLock::Mode::strict : ops::SourceLock::Mode::use;
  return to_source_lock(attest::parse_lock(*text, path), path, mode, base::sha256(*text).str());
}

}  // namespace cli
