// SPDX-License-Identifier: Apache-2.0
#include "ops/user_lookup.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"

namespace ops {
namespace {

constexpr std::size_t kMaxFile = 10 << 20;

/// The file's text, or nothing when there is none.
std::optional<std::string> read_account_file(int root, const char* path) {
  if (root < 0) return std::nullopt;
  // O_NONBLOCK: what is there may be a pipe that nobody writes to.
  const auto file = base::open_in_root_if_exists(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return std::nullopt;
  struct stat info;
  SLIP_SYSCALL(::fstat(file->get(), &info), "look up owners in {}", path);
  if (!S_ISREG(info.st_mode)) {
    base::fail(base::Code::failed_precondition, "look up owners: {} is not a regular file", path);
  }
  return base::with_context([&] { return base::read_all(file->get(), kMaxFile); }, "look up owners in {}", path);
}

/// A number field; what is none counts as 0, as the C libraries' own readers are lenient too.
std::uint32_t id_field(const std::vector<std::string>& fields, std::size_t index) {
  if (index >= fields.size()) return 0;
  return static_cast<std::uint32_t>(base::parse_int(fields[index]).value_or(0));
}

/// The fields of the first line for `name`.
std::optional<std::vector<std::string>> find_line(const std::string& text, const std::string& name) {
  for (const auto& line : base::split(text, '\n')) {
    auto fields = base::split(base::trim(line), ':');
    if (!fields[0].empty() && fields[0] == name) return fields;
  }
  return std::nullopt;
}

int root_for(const llb::UserOpt& option, const std::function<int(std::int64_t)>& root_of) {
  if (option.input < 0) base::fail(base::Code::invalid_argument, "invalid user index: {}", option.input);
  return root_of(option.input);
}

}  // namespace

std::optional<Owner> find_user(int root, const std::string& name) {
  const auto text = read_account_file(root, "/etc/passwd");
  const auto fields = text ? find_line(*text, name) : std::nullopt;
  if (!fields) return std::nullopt;
  return Owner{id_field(*fields, 2), id_field(*fields, 3)};
}

std::optional<std::uint32_t> find_group(int root, const std::string& name) {
  const auto text = read_account_file(root, "/etc/group");
  const auto fields = text ? find_line(*text, name) : std::nullopt;
  if (!fields) return std::nullopt;
  return id_field(*fields, 2);
}

std::optional<Owner> resolve_owner(const std::optional<llb::ChownOpt>& owner,
                                   const std::function<int(std::int64_t input)>& root_of) {
  if (!owner) return std::nullopt;
  Owner result;
  if (const auto& user = owner->user) {
    if (user->name.empty()) {
      result = {user->id, user->id};
    } else {
      result = find_user(root_for(*user, root_of), user->name).value_or(Owner{});
    }
  }
  if (const auto& group = owner->group) {
    if (group->name.empty()) {
      result.gid = group->id;
    } else if (const auto gid = find_group(root_for(*group, root_of), group->name)) {
      result.gid = *gid;
    }
  }
  return result;
}

}  // namespace ops
