// SPDX-License-Identifier: Apache-2.0
#include "ops/wire.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/strings.h"

namespace ops {

base::Json to_json(const LocalView& view) {
  base::Json json = base::Json::object();
  json.set("directory", view.directory).set("keep_owners", view.owners == LocalOwners::keep);
  json.set("excludes", base::Json::strings(view.excludes)).set("includes", base::Json::strings(view.includes));
  return json;
}

LocalView local_view_from_json(const base::Json& json) {
  return {json["directory"].as_string(), json["excludes"].string_items(), json["includes"].string_items(),
          json["keep_owners"].bool_or(false) ? LocalOwners::keep : LocalOwners::nobody};
}

base::Json to_json(const SourceTree& tree) {
  base::Json json = base::Json::object();
  if (const auto* spec = std::get_if<snapshot::MountSpec>(&tree)) json.set("mount", spec->to_json());
  if (const auto* view = std::get_if<LocalView>(&tree)) json.set("local", to_json(*view));
  return json;
}

SourceTree source_tree_from_json(const base::Json& json) {
  if (json.contains("mount")) return snapshot::MountSpec::from_json(json["mount"]);
  if (json.contains("local")) return local_view_from_json(json["local"]);
  return std::monostate{};
}

std::string encode_bytes(std::string_view bytes) {
  return base::to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::string decode_bytes(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const auto value = base::parse_int(text.substr(i, 2), 16);
    if (!value) base::fail(base::Code::invalid_argument, "malformed bytes in a helper request");
    bytes += static_cast<char>(*value);
  }
  return bytes;
}

}  // namespace ops
