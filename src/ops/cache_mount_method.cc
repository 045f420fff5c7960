// SPDX-License-Identifier: Apache-2.0
// A cache mount from a tar that another machine made of one.
#include <fcntl.h>
#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "layer/archive.h"
#include "ops/methods.h"

namespace ops {

/// {"directory": …}, and the tar as a descriptor. A step that was quicker keeps what it has.
base::Json fill_cache_mount_method(const MethodCall& call) {
  const std::string data = call.params["directory"].as_string() + "/data";
  const std::string fresh = base::format("{}.{}", data, base::random_id());
  base::make_directories(fresh);
  try {
    layer::unpack_archive(call.fd(0), base::open_directory(fresh).get(), {.devices = layer::Devices::skip}, call.stop);
  } catch (...) {
    base::remove_tree(fresh);
    throw;
  }
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, data.c_str(), RENAME_NOREPLACE) != 0) base::remove_tree(fresh);
  return base::Json::object();
}

}  // namespace ops
