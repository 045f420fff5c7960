// SPDX-License-Identifier: Apache-2.0
#include "sandbox/user.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/strings.h"

namespace sandbox {
namespace {

constexpr std::size_t kMaxFileBytes = 10U << 20;

struct PasswdEntry {
  std::string name;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::string home;
};

struct GroupEntry {
  std::string name;
  std::int64_t gid = 0;
  std::vector<std::string> members;
};

/// A user or group as written: "" is absent.
struct Argument {
  std::string text;
  std::optional<std::uint32_t> number;
};

/// Fields of each line that says something; lines may be indented or commented out.
std::vector<std::vector<std::string>> records(const std::optional<std::string>& text) {
  std::vector<std::vector<std::string>> result;
  if (!text) return result;
  for (const auto& raw : base::split(*text, '\n')) {
    const auto line = base::trim(raw);
    if (line.empty() || line.front() == '#') continue;
    result.push_back(base::split(line, ':'));
  }
  return result;
}

std::string field(const std::vector<std::string>& fields, std::size_t index) {
  return index < fields.size() ? fields[index] : "";
}

/// As Go's strconv.Atoi with the error dropped: junk in an id field counts as 0.
std::int64_t id_field(const std::vector<std::string>& fields, std::size_t index) {
  return base::parse_int(field(fields, index)).value_or(0);
}

std::vector<PasswdEntry> parse_passwd(const std::optional<std::string>& text) {
  std::vector<PasswdEntry> entries;
  for (const auto& fields : records(text)) {
    entries.push_back({field(fields, 0), id_field(fields, 2), id_field(fields, 3), field(fields, 5)});
  }
  return entries;
}

std::vector<GroupEntry> parse_group(const std::optional<std::string>& text) {
  std::vector<GroupEntry> entries;
  for (const auto& fields : records(text)) {
    GroupEntry entry{field(fields, 0), id_field(fields, 2), {}};
    if (fields.size() > 3 && !fields[3].empty()) entry.members = base::split(fields[3], ',');
    entries.push_back(std::move(entry));
  }
  return entries;
}

Argument parse_argument(std::string text) {
  Argument argument{std::move(text), std::nullopt};
  const bool digits = !argument.text.empty() && argument.text.find_first_not_of("+-0123456789") == std::string::npos;
  const auto number = base::parse_int(argument.text.starts_with('+') ? argument.text.substr(1) : argument.text);
  if (number && *number >= 0 && *number <= std::numeric_limits<std::int32_t>::max()) {
    argument.number = static_cast<std::uint32_t>(*number);
  } else if (number || (digits && argument.text.find_first_not_of("0123456789") == std::string::npos)) {
    base::fail(base::Code::invalid_argument, "uids and gids must be in range 0-2147483647, not {}", argument.text);
  }
  return argument;
}

/// "uid:gid" in plain numbers (or "root") needs no files.
std::optional<User> numeric_pair(std::string_view spec) {
  const auto parts = base::cut(spec, ":");
  if (!parts) return std::nullopt;
  const auto number = [](std::string_view text) -> std::optional<std::uint32_t> {
    if (text == "root") return 0;
    if (text.empty() || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
    const auto value = base::parse_int(text);
    if (!value || *value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
  };
  const auto uid = number(parts->first);
  const auto gid = number(parts->second);
  if (!uid || !gid) return std::nullopt;
  return User{*uid, *gid, {}};
}

const PasswdEntry* find_user(const std::vector<PasswdEntry>& entries, const Argument& user) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const PasswdEntry& entry) {
    if (user.text.empty()) return entry.uid == 0;
    return user.number ? entry.uid == *user.number : entry.name == user.text;
  });
  return found == entries.end() ? nullptr : &*found;
}

std::uint32_t resolve_group(const Argument& group, const std::vector<GroupEntry>& entries) {
  if (group.number) return *group.number;
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const GroupEntry& entry) { return entry.name == group.text; });
  if (found != entries.end()) return static_cast<std::uint32_t>(found->gid);
  base::fail(base::Code::invalid_argument, "unable to find group {}: no matching entries in group file", group.text);
}

std::vector<std::uint32_t> supplementary_groups(const std::string& name, const std::vector<GroupEntry>& entries) {
  std::vector<std::uint32_t> gids;
  for (const auto& entry : entries) {
    if (std::find(entry.members.begin(), entry.members.end(), name) != entry.members.end()) {
      gids.push_back(static_cast<std::uint32_t>(entry.gid));
    }
  }
  return gids;
}

/// The user and group halves; what follows a second colon is ignored.
std::pair<Argument, Argument> split_spec(std::string_view spec) {
  const auto fields = base::split(base::trim(spec), ':');
  return {parse_argument(field(fields, 0)), parse_argument(field(fields, 1))};
}

std::optional<std::string> read_user_file(int root, const char* path) {
  const auto file = base::open_in_root_if_exists(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return std::nullopt;
  struct stat info{};
  SLIP_SYSCALL(::fstat(file->get(), &info), "stat {} in the image", path);
  if (!S_ISREG(info.st_mode)) return std::nullopt;
  return base::with_context([&] { return base::read_all(file->get(), kMaxFileBytes); }, "reading {} of the image",
                            path);
}

}  // namespace

UserFiles read_user_files(int root) {
  return {read_user_file(root, "/etc/passwd"), read_user_file(root, "/etc/group")};
}

User resolve_user(std::string_view spec, const UserFiles& files) {
  if (const auto pair = numeric_pair(spec)) return *pair;
  const auto [user, group] = split_spec(spec);
  const auto groups = parse_group(files.group);
  const auto passwd = parse_passwd(files.passwd);
  const PasswdEntry* entry = find_user(passwd, user);
  User result;
  if (entry != nullptr) {
    result.uid = static_cast<std::uint32_t>(entry->uid);
    result.gid = static_cast<std::uint32_t>(entry->gid);
  } else if (user.number) {
    result.uid = *user.number;
  } else if (!user.text.empty()) {
    base::fail(base::Code::invalid_argument, "unable to find user {}: no matching entries in passwd file", user.text);
  }
  if (!group.text.empty()) {
    result.gid = resolve_group(group, groups);
  } else if (entry != nullptr) {
    result.additional_gids = supplementary_groups(entry->name, groups);
  }
  return result;
}

std::string home_of_user(std::string_view spec, const UserFiles& files) {
  // A home directory is looked up even for plain numbers, and a broken spec has none.
  const auto fields = base::split(base::trim(spec), ':');
  const std::string text = field(fields, 0);
  Argument user{text, std::nullopt};
  if (const auto number = base::parse_int(text); number && *number >= 0) {
    user.number = static_cast<std::uint32_t>(*number);
  }
  const auto passwd = parse_passwd(files.passwd);
  const PasswdEntry* entry = find_user(passwd, user);
  return entry == nullptr || entry->home.empty() ? "/" : entry->home;
}

}  // namespace sandbox
