// SPDX-License-Identifier: Apache-2.0
#pragma once
// The image config a Dockerfile ends in: what its instructions set, with the bytes BuildKit writes.
//
//     ImageConfig image = ImageConfig::parse(base_config_bytes);
//     image.env.set("A", "1");
//     image.add_history("ENV A=1", LayerKind::empty, epoch);
//     std::string bytes = image.json();          // field order and omissions as BuildKit's
//
// Members that BuildKit does not know are dropped on the way from a base image, as there.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/history.h"
#include "dockerfile/image_env.h"
#include "llb/platform.h"

namespace dockerfile {

struct Healthcheck;

struct HealthConfig {
  std::vector<std::string> test;
  std::int64_t interval = 0, timeout = 0, start_period = 0, start_interval = 0;  ///< nanoseconds
  std::int64_t retries = 0;
};

/// Whether an instruction makes a layer.
enum class LayerKind : bool { empty, layer };

struct ImageConfig {
  std::string created;  ///< RFC 3339, "" = absent
  std::string author;
  llb::Platform platform;
  std::string rootfs_type;
  std::optional<std::vector<std::string>> diff_ids;  ///< absent = null
  History history;

  std::string user;
  std::set<std::string> exposed_ports;
  ImageEnv env;
  std::vector<std::string> entrypoint, cmd;
  std::set<std::string> volumes;
  std::string working_dir;
  std::map<std::string, std::string> labels;
  std::string stop_signal;
  bool args_escaped = false;
  std::optional<HealthConfig> healthcheck;
  std::vector<std::string> onbuild;
  std::vector<std::string> shell;

  /// Throws invalid_argument when the bytes are no config.
  static ImageConfig parse(std::string_view bytes);
  /// The config of FROM scratch.
  static ImageConfig empty(const llb::Platform& platform);

  void add_history(std::string created_by, LayerKind kind, const std::string& created);
  std::string json() const;
};

/// The PATH of an operating system whose images say nothing.
std::string_view default_path_env(std::string_view os);

}  // namespace dockerfile
