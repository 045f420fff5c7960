// SPDX-License-Identifier: Apache-2.0
#include "sandbox/tier.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/subprocess.h"
#include "sandbox/userns.h"

namespace sandbox {
namespace {

constexpr int kCapSysAdmin = 21;

/// The login name from passwd, or "".
std::string user_name(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return "";
  return found->pw_name;
}

bool has_capability(int number) {
  const auto status = base::read_file_if_exists("/proc/self/status", 65536);
  if (!status) return ::geteuid() == 0;
  for (const auto& line : base::split(*status, '\n')) {
    const auto parts = base::cut(line, ":\t");
    if (!parts || parts->first != "CapEff") continue;
    std::uint64_t mask = 0;
    std::from_chars(parts->second.data(), parts->second.data() + parts->second.size(), mask, 16);
    return ((mask >> number) & 1) != 0;
  }
  return false;
}

SubordinateIds subordinate_ids(const char* path, const std::string& user, uid_t uid) {
  try {
    const auto text = base::read_file_if_exists(path, 1U << 20);
    return text ? parse_subordinate_ids(*text, user, uid) : SubordinateIds{};
  } catch (const base::Error&) {
    return {};  // unreadable counts as no ranges; newuidmap could not use them either
  }
}

}  // namespace

std::string_view tier_name(TierKind kind) {
  switch (kind) {
    case TierKind::root: return "root";
    case TierKind::mapped_ids: return "mapped-ids";
    case TierKind::single_id: return "single-id";
    case TierKind::unavailable: return "unavailable";
  }
  return "unavailable";
}

std::optional<TierKind> parse_tier(std::string_view name) {
  for (const auto kind : {TierKind::root, TierKind::mapped_ids, TierKind::single_id, TierKind::unavailable}) {
    if (tier_name(kind) == name) return kind;
  }
  return std::nullopt;
}

TierFacts read_tier_facts() {
  TierFacts facts;
  facts.uid = ::geteuid();
  facts.gid = ::getegid();
  facts.sys_admin = has_capability(kCapSysAdmin);
  if (facts.uid == 0 && facts.sys_admin) return facts;  // nothing below is asked then
  const int error = try_user_namespace();
  facts.user_namespaces = error == 0;
  if (error != 0) facts.user_namespaces_reason = explain_userns_failure(error, read_userns_gates()).reason;
  facts.newuidmap = base::find_program("newuidmap").has_value() && base::find_program("newgidmap").has_value();
  const std::string user = user_name(facts.uid);
  facts.subuids = subordinate_ids("/etc/subuid", user, facts.uid);
  facts.subgids = subordinate_ids("/etc/subgid", user, facts.uid);
  return facts;
}

Tier choose_tier(const TierFacts& facts) {
  Tier tier;
  if (facts.uid == 0 && facts.sys_admin) {
    tier.kind = TierKind::root;
    return tier;
  }
  if (!facts.user_namespaces) {
    tier.reason = facts.user_namespaces_reason;
    return tier;
  }
  const bool ranges = !facts.subuids.empty() && !facts.subgids.empty();
  if (facts.newuidmap && ranges) {
    tier.kind = TierKind::mapped_ids;
    tier.uids = make_id_map(facts.uid, facts.subuids);
    tier.gids = make_id_map(facts.gid, facts.subgids);
    return tier;
  }
  return single_id_tier(facts, ranges ? "newuidmap and newgidmap are not installed (package uidmap)"
                                      : "/etc/subuid and /etc/subgid give this user no ids");
}

Tier single_id_tier(const TierFacts& facts, std::string reason) {
  return {TierKind::single_id, make_id_map(facts.uid, {}), make_id_map(facts.gid, {}), std::move(reason)};
}

std::string describe(const Tier& tier) {
  switch (tier.kind) {
    case TierKind::root: return "root: every id, no user namespace";
    case TierKind::mapped_ids: return base::format("rootless with {} ids in a user namespace", id_count(tier.uids));
    case TierKind::single_id:
      return base::format("rootless with a single id (files of other users cannot be made): {}", tier.reason);
    case TierKind::unavailable: return base::format("no container can be run: {}", tier.reason);
  }
  return "";
}

}  // namespace sandbox
