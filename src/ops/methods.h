// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the helper process can be asked. Requests are JSON (wire.h), bulk data goes through descriptors.
//
//   unpack       {mount, expect} + blob            → {bytes, implied}     a layer blob into mount.upper
//   adopt        {mount, implied, lowers}          → {}                   attributes of implied directories
//   exec         {op, mounts, …} + stdout, stderr  → RunResult            RUN, or "argv" in its place (below)
//   file         {op, action, target, source, …}   → {}                   one action of COPY, ADD, WORKDIR
//   digest       {mount, selections, listings}     → {digest}             content of a selection
//   compare      {layers: [a, b]}                  → {same}               whether two layer directories show the same
//   find_secrets {directory, needles}              → {found}              secrets in what a step wrote
//   diff         {lowers, upper|mount, …} + out    → WrittenLayer         a layer (or a mounted chain over
//                                                                         `lowers`) as a compressed tar
//   read         {mount, path, limit}              → {data}               one file
//   list, stat   {mount, path}                     → entries              for frontends that look around
//   rootfs_tar   {roots} + out                     → {}                   -o type=tar
//   rootfs_copy  {roots, remove} + directory       → {}                   -o type=local
//   remove       {path}                            → {}                   a tree with mapped owners
//   probe        {path}                            → {driver, reason}     which snapshot driver works there
//
// Every request also has "driver": the snapshot driver of this store. exec with "argv" runs that instead of the step's
// command (slipway shell): stdin is then a third descriptor, or, with "terminal", the only one is a socket for the
// master of a new terminal. exec with "proxy" {fd, certificate} closes the step's network but for a listening socket,
// which it sends over that descriptor, the last of them (proxied_step.h). The room attest adds what looks into images
// (components, noted_files, layer_sizes: cli/export.h hands them in).
#include "ops/local_source.h"
#include "sandbox/helper.h"
#include "sandbox/step_network.h"
#include "snapshot/snapshotter.h"

namespace ops {

/// What every method gets.
struct MethodCall {
  const sandbox::World& world;
  sandbox::StepNetwork& network;
  const base::Json& params;
  std::vector<base::Fd>& fds;
  std::stop_token stop;

  snapshot::Driver driver() const;
  /// A fresh path below the helper's work directory.
  std::string scratch() const;
  /// The descriptor at a position; throws internal when the request brought none.
  int fd(std::size_t index) const;
};

base::Json exec_method(const MethodCall& call);
base::Json file_method(const MethodCall& call);
base::Json digest_method(const MethodCall& call);
base::Json compare_method(const MethodCall& call);
base::Json find_secrets_method(const MethodCall& call);
base::Json unpack_method(const MethodCall& call);
base::Json adopt_method(const MethodCall& call);
base::Json diff_method(const MethodCall& call);
base::Json read_method(const MethodCall& call);
base::Json list_method(const MethodCall& call);
base::Json stat_method(const MethodCall& call);
base::Json remove_method(const MethodCall& call);
base::Json probe_method(const MethodCall& call);
base::Json buildkit_content_method(const MethodCall& call);
base::Json fill_cache_mount_method(const MethodCall& call);
base::Json disk_use_method(const MethodCall& call);

/// A method of another room (exporters), with the same arguments.
using Method = base::Json (*)(const MethodCall& call);

/// The table for sandbox::helper_main.
sandbox::Handlers make_handlers(const sandbox::World& world, const std::map<std::string, Method>& more = {});

}  // namespace ops
