// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/run_mount.h"

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/unicode.h"
#include "dockerfile/go_values.h"
#include "dockerfile/invalid.h"
#include "dockerfile/suggest.h"

namespace dockerfile {
namespace {

template <typename Value>
struct Choice {
  std::string_view name;
  Value value;
};

constexpr Choice<MountType> kTypes[] = {{"bind", MountType::bind},
                                        {"cache", MountType::cache},
                                        {"tmpfs", MountType::tmpfs},
                                        {"secret", MountType::secret},
                                        {"ssh", MountType::ssh}};

constexpr Choice<MountSharing> kSharings[] = {
    {"shared", MountSharing::shared}, {"private", MountSharing::private_}, {"locked", MountSharing::locked}};

const std::vector<std::string>& mount_keys() {
  static const std::vector<std::string> kKeys = {
      "type", "from", "source", "target", "readonly",    "id", "sharing", "required",  "size", "mode",
      "uid",  "gid",  "src",    "dst",    "destination", "ro", "rw",      "readwrite", "env"};
  return kKeys;
}

/// The named choice; `what` opens the message about a name that is none of them.
template <typename Value, std::size_t N>
Value choose(const Choice<Value> (&choices)[N], std::string_view what, std::string_view name) {
  const std::string lower = base::lower_runes(name);
  std::vector<std::string> names;
  for (const auto& choice : choices) {
    if (choice.name == lower) return choice.value;
    names.emplace_back(choice.name);
  }
  invalid(with_suggestion(base::format("{} {}", what, base::quote(name)), name, names));
}

std::vector<std::string> csv_fields(std::string_view text, std::string_view what) {
  return base::with_context([&] { return parse_csv(text); }, "failed to parse csv {}", what);
}

/// "key=value" with the key in lower case, or a lone key.
struct Field {
  explicit Field(std::string_view field) : text(field) {
    const auto equals = field.find('=');
    key = base::lower_runes(field.substr(0, equals));
    has_value = equals != field.npos;
    if (has_value) value = field.substr(equals + 1);
  }
  std::string_view text;
  std::string key;
  std::string value;
  bool has_value = false;
};

bool read_bool(const Field& field) {
  const auto value = parse_bool(field.value);
  if (!value) invalid(base::format("invalid value for {}: {}", field.key, field.value));
  return *value;
}

std::uint32_t read_number(const Field& field, int radix) {
  const auto value = parse_uint32(field.value, radix);
  if (!value) invalid(base::format("invalid value {} for {}", field.value, field.key));
  return *value;
}

/// Fills a mount field by field, in the order written: some keys depend on the type given before them.
class MountReader {
 public:
  void lone(const Field& field) {
    if (field.key == "readonly" || field.key == "ro") {
      set_readonly(true);
    } else if (field.key == "readwrite" || field.key == "rw") {
      set_readonly(false);
    } else if (field.key == "required") {
      need_type_for(field, has_required());
      mount_.required = true;
    } else {
      invalid(base::format("invalid field '{}' must be a key=value pair", field.text));
    }
  }

  void pair(const Field& field) {
    if (!names_and_places(field) && !switches(field) && !numbers(field)) {
      invalid(
          with_suggestion(base::format("unexpected key '{}' in '{}'", field.key, field.text), field.key, mount_keys()));
    }
  }

  Mount finish() {
    check_file_info();
    if (!readonly_given_) mount_.readonly = mount_.type != MountType::cache && mount_.type != MountType::tmpfs;
    if (mount_.type == MountType::secret) check_secret();
    if (mount_.sharing != MountSharing::unset && mount_.type != MountType::cache) {
      invalid(base::format("invalid cache sharing set for {} mount", mount_type_name(mount_.type)));
    }
    return std::move(mount_);
  }

 private:
  bool has_required() const { return mount_.type == MountType::secret || mount_.type == MountType::ssh; }

  void set_readonly(bool readonly) {
    mount_.readonly = readonly;
    readonly_given_ = true;
  }

  void need_type_for(const Field& field, bool fits) const {
    if (!fits)
      invalid(base::format("unexpected key '{}' for mount type '{}'", field.key, mount_type_name(mount_.type)));
  }

  bool names_and_places(const Field& field) {
    if (field.key == "type") {
      mount_.type = choose(kTypes, "unsupported mount type", field.value);
    } else if (field.key == "from") {
      mount_.from = field.value;
    } else if (field.key == "source" || field.key == "src") {
      mount_.source = field.value;
    } else if (field.key == "target" || field.key == "dst" || field.key == "destination") {
      mount_.target = field.value;
    } else if (field.key == "id") {
      mount_.id = field.value;
    } else if (field.key == "sharing") {
      mount_.sharing = choose(kSharings, "unsupported sharing value", field.value);
    } else if (field.key == "env") {
      mount_.env = field.value;
    } else if (field.key == "cache" && mount_.type == MountType::secret) {
      if (field.value != "value") invalid(base::format("invalid value for cache: {}: want value", field.value));
      mount_.keyed_by_value = true;
    } else {
      return false;
    }
    return true;
  }

  bool switches(const Field& field) {
    if (field.key == "readonly" || field.key == "ro") {
      set_readonly(read_bool(field));
    } else if (field.key == "readwrite" || field.key == "rw") {
      set_readonly(!read_bool(field));
    } else if (field.key == "required") {
      need_type_for(field, has_required());
      mount_.required = read_bool(field);
    } else {
      return false;
    }
    return true;
  }

  bool numbers(const Field& field) {
    if (field.key == "size") {
      need_type_for(field, mount_.type == MountType::tmpfs);
      const auto size = parse_ram_size(field.value);
      if (!size) invalid(base::format("invalid value for {}: {}", field.key, field.value));
      mount_.size_limit = *size;
    } else if (field.key == "mode") {
      mount_.mode = read_number(field, 8);
    } else if (field.key == "uid") {
      mount_.uid = read_number(field, 10);
    } else if (field.key == "gid") {
      mount_.gid = read_number(field, 10);
    } else {
      return false;
    }
    return true;
  }

  void check_file_info() const {
    if (mount_.type != MountType::bind && mount_.type != MountType::tmpfs) return;
    const char* key = mount_.mode ? "mode" : mount_.uid ? "uid" : mount_.gid ? "gid" : nullptr;
    if (key != nullptr)
      invalid(base::format("{} not allowed for \"{}\" type mounts", key, mount_type_name(mount_.type)));
  }

  void check_secret() const {
    if (!mount_.from.empty()) invalid("secret mount should not have a from");
    if (mount_.sharing != MountSharing::unset) invalid("secret mount should not define sharing");
    if (mount_.source.empty() && mount_.target.empty() && mount_.id.empty()) {
      invalid("invalid secret mount. one of source, target required");
    }
    if (!mount_.source.empty() && !mount_.id.empty()) invalid("both source and id can't be set");
  }

  Mount mount_;
  bool readonly_given_ = false;
};

}  // namespace

std::string_view mount_type_name(MountType type) {
  for (const auto& choice : kTypes) {
    if (choice.value == type) return choice.name;
  }
  return "";
}

void check_mount(std::string_view text) {
  for (const std::string& part : csv_fields(text, "mounts")) {
    const Field field(part);
    if (!field.has_value || field.key != "from") continue;
    const auto dollar = field.value.find('$');
    if (dollar != field.value.npos && dollar + 1 != field.value.size()) {
      invalid(base::format("'{}' doesn't support variable expansion, define alias stage instead", field.key));
    }
  }
}

Mount parse_mount(std::string_view text, const WordExpander& expander) {
  MountReader reader;
  for (const std::string& part : csv_fields(text, "mounts")) {
    Field field(part);
    if (!field.has_value) {
      reader.lone(field);
    } else {
      field.value = expander(field.value);
      reader.pair(field);
    }
  }
  return reader.finish();
}

Device parse_device(std::string_view text) {
  static const std::vector<std::string> kKeys = {"name", "required"};
  Device device;
  for (const std::string& part : csv_fields(text, "devices")) {
    const Field field(part);
    if (field.key == "required") {
      device.required = !field.has_value || read_bool(field);
    } else if (field.key == "name" && field.has_value) {
      if (!device.name.empty()) invalid("device name already set to " + device.name);
      device.name = field.value;
    } else if (device.name.empty()) {
      device.name = part;
    } else if (!field.has_value) {
      invalid(base::format("invalid field '{}' must be a key=value pair", field.text));
    } else {
      invalid(with_suggestion(base::format("unexpected key '{}' in '{}'", field.key, field.text), field.key, kKeys));
    }
  }
  return device;
}

}  // namespace dockerfile
