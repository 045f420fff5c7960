// SPDX-License-Identifier: Apache-2.0
#include "attest/own_fields.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace attest {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;

bool is_builders(std::string_view field) {
  return field == "builderPlatform" || field == "buildConfig" || field == "platform" || field.starts_with("slipway_");
}

base::Json read_object(const std::string& path) {
  const base::Fd file = base::open_file(path, O_RDONLY | O_NONBLOCK);
  struct stat status;
  SLIP_SYSCALL(::fstat(file.get(), &status), "look at {}", path);
  if (!S_ISREG(status.st_mode)) base::fail(base::Code::invalid_argument, "it is no regular file");
  const base::Json json = base::Json::parse(base::read_all(file.get(), kMaxFile));
  if (!json.is_object()) base::fail(base::Code::invalid_argument, "it is no JSON object");
  for (const auto& [name, value] : json.members()) {
    if (is_builders(name)) base::fail(base::Code::invalid_argument, "the builder itself states {}", name);
  }
  return json;
}

}  // namespace

std::string own_fields_directory() {
  const char* named = std::getenv("SLIPWAY_PROVENANCE_DIR");
  return named != nullptr && *named != '\0' ? named : "/etc/buildkit/provenance.d";
}

base::Json read_own_fields(const std::string& directory) {
  base::Json fields = base::Json::object();
  if (!base::exists(directory)) return fields;
  auto names = base::list_directory(base::open_directory(directory).get());
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    if (!name.ends_with(".json")) continue;
    const std::string path = directory + "/" + name;
    const base::Json file =
        base::with_context([&] { return read_object(path); }, "reading fields for the provenance from {}", path);
    for (const auto& [field, value] : file.members()) fields.set(field, value);
  }
  return fields;
}

}  // namespace attest
