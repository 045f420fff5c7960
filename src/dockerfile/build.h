// SPDX-License-Identifier: Apache-2.0
#pragma once
// build(): the whole Dockerfile frontend as one function.
//
//     dockerfile::BuildResult result = dockerfile::build(gateway, {{"target", "app"}, {"build-arg:V", "1"}}, stop);
//     for (auto& image : result.images) engine.build(image.definition) …
//
// Options have BuildKit's names: "filename", "target", "platform", "build-arg:NAME", "label:NAME",
// "context", "context:NAME", "input-metadata:NAME", "contextkey", "dockerfilekey", "contextsubdir",
// "no-cache", "image-resolve-mode", "add-hosts", "ulimit", "cgroup-parent", "shm-size", "hostname",
// "force-network-mode", "override-copy-image", "multi-platform", "cache-imports", "cmdline",
// "source", "build-arg:BUILDKIT_*", …
//
// Which frontend a `# syntax=` line names is looked at first: the docker/dockerfile family is built
// here, in process; anything else is handed to Gateway::solve with frontend "gateway.v0", unless
// the option "cmdline" says that this already happened.
//
// With the option "requestid" nothing is converted for building: result.metadata has the answer
// (subrequests.h) and there are no images.
//
// Failure: throws base::Error with the Dockerfile's location in source(), texts as BuildKit's.
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "dockerfile/gateway.h"
#include "llb/definition.h"

namespace dockerfile {

/// A tree beside an image that the ARGs BUILDKIT_SBOM_SCAN_STAGE and BUILDKIT_SBOM_SCAN_CONTEXT say something about.
struct ScanTree {
  std::string name;            ///< the stage's, or "context"
  llb::Definition definition;  ///< empty = no files
  bool is_context = false;
  bool is_wanted = false;  ///< to be scanned for the SBOM; else it is not to be
};

/// The image of one platform.
struct PlatformImage {
  std::string id;  ///< key in a multi-platform result ("linux/arm64"); "" in a single one
  llb::Platform platform;
  llb::Definition definition;  ///< empty = FROM scratch and nothing done
  std::string config;          ///< image config, raw JSON bytes to be completed with rootfs by the exporter
  std::string base_config;     ///< config of the image it is based on; "" when from scratch
  std::vector<ScanTree> scan_trees;
  bool scan_ignores_cache = false;  ///< what is scanned was made without the cache
};

struct BuildResult {
  std::vector<PlatformImage> images;  ///< in the order asked for
  /// Result metadata with BuildKit's keys: containerimage.config[/PLATFORM], refs.platforms, …
  std::map<std::string, std::string> metadata;
  std::shared_ptr<Ref> forwarded;                 ///< set when another frontend built instead
  std::optional<std::int64_t> source_date_epoch;  ///< seconds; the exporter's default
};

using FrontendOpts = std::map<std::string, std::string>;

BuildResult build(Gateway& gateway, const FrontendOpts& opts, std::stop_token stop = {});

}  // namespace dockerfile
