// SPDX-License-Identifier: Apache-2.0
#include "snapshot/testing/snapshotter_suite.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/error.h"
#include "base/format.h"
#include "base/subprocess.h"

namespace snapshot::testing {
namespace {

/// Once per program: mounts of the tests stay in a namespace of their own.
const std::string& why_no_mounts() {
  static const std::string reason = [] {
    if (::unshare(CLONE_NEWNS) != 0) return std::string("no mount namespace: needs root");
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return std::string("mounts stay shared");
    return std::string();
  }();
  return reason;
}

std::string shell(const std::string& directory, const std::string& script) {
  base::Command command{.argv = {"/bin/sh", "-ec", script}, .environment = {}, .directory = directory};
  const auto output = base::run_collect(command);
  if (!output.status.ok()) {
    base::fail(base::Code::internal, "script \"{}\" ended with {}: {}{}", script, output.status.code, output.out,
               output.err);
  }
  return output.out;
}

}  // namespace

void SnapshotterSuite::SetUp() {
  if (!why_no_mounts().empty()) GTEST_SKIP() << why_no_mounts();
  room_ = std::make_unique<base::TemporaryDirectory>();
  const auto reason = GetParam() == Driver::native ? "" : why_not(GetParam(), room_->path());
  if (!reason.empty()) {
    GTEST_SKIP() << driver_name(GetParam()) << " does not work here: " << reason;
  }
  snapshots_ = open();
}

std::unique_ptr<Snapshotter> SnapshotterSuite::open() {
  SnapshotterOptions options;
  options.directory = path() + "/snapshots";
  options.locks = path() + "/locks";
  options.driver = GetParam();
  return std::make_unique<Snapshotter>(std::move(options), records_);
}

std::string SnapshotterSuite::scratch() {
  const auto directory = base::format("{}/scratch-{}", path(), scratches_++);
  base::make_directories(directory);
  return directory;
}

std::string SnapshotterSuite::run_in(const MountSpec& spec, const std::string& script) {
  const auto point = scratch();
  const auto mount = mount_snapshot(spec, GetParam(), scratch(), {});
  attach(mount.get(), point);
  try {
    auto out = shell(point, script);
    detach(point);
    return out;
  } catch (...) {
    detach(point);
    throw;
  }
}

Chain SnapshotterSuite::step(const Chain& parent, const std::string& script) {
  auto active = snapshots().prepare(parent);
  run_in(active.mounts(), script);
  finish_snapshot(active.mounts(), GetParam(), {});
  snapshots().commit(active, {});
  Chain chain = parent;
  chain.push_back(active.id());
  return chain;
}

std::string SnapshotterSuite::look(const Chain& chain, const std::string& script) {
  return run_in(snapshots().view(chain), script);
}

std::string SnapshotterSuite::tree(const Chain& chain) {
  return look(chain,
              "find . -mindepth 1 \\( -type f -printf '%P %y %m %U:%G %s\\n' -o "
              "-printf '%P %y %m %U:%G %l\\n' \\) | LC_ALL=C sort");
}

std::string SnapshotterSuite::layer(const Chain& chain) {
  return shell(snapshots().layer_directory(chain.back()), "find . -mindepth 1 -printf '%P %y\\n' | LC_ALL=C sort");
}

}  // namespace snapshot::testing
