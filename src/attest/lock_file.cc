// SPDX-License-Identifier: Apache-2.0
#include "attest/lock_file.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/digest.h"
#include "base/error.h"
#include "base/strings.h"
#include "base/time.h"

namespace attest {
namespace {

constexpr std::string_view kHead =
    "# What the names in the Dockerfile stand for: kind, name, platform, pin, since. Written by 'slipway lock'.\n"
    "version 1\n";

bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool is_pin(const LockEntry& entry) {
  return entry.kind == "git" ? is_commit(entry.pin) : base::Digest::parse(entry.pin).has_value();
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (auto& word : base::split(line, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

[[noreturn]] void refuse(const std::string& name, std::size_t line, std::string_view what) {
  base::Error error(base::Code::invalid_argument, base::format("{}:{}: {}", name, line, what));
  error.set_hint(
      "'slipway lock' writes the file anew; a merge conflict in it is resolved by keeping both sides' lines");
  throw error;
}

LockEntry parse_entry(const std::vector<std::string>& words, const std::string& name, std::size_t line) {
  static constexpr std::string_view kKinds[] = {"image", "git", "http"};
  if (words.size() != 5) refuse(name, line, "an entry has five fields: kind, name, platform, pin, since");
  LockEntry entry{words[0], words[1], words[2] == "-" ? "" : words[2], words[3], words[4]};
  if (!base::is_one_of(entry.kind, kKinds)) refuse(name, line, base::format("unknown kind \"{}\"", entry.kind));
  if ((entry.kind == "image") == entry.platform.empty())
    refuse(name, line, "images have a platform, other sources none");
  if (!is_pin(entry))
    refuse(name, line, base::format("\"{}\" is no {}", entry.pin, entry.kind == "git" ? "commit" : "digest"));
  if (!base::parse_rfc3339(entry.since)) refuse(name, line, base::format("\"{}\" is no time", entry.since));
  return entry;
}

void sort(std::vector<LockEntry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const LockEntry& a, const LockEntry& b) { return a.key() < b.key(); });
}

std::map<std::string, LockEntry> by_key(const LockFile& lock) {
  std::map<std::string, LockEntry> map;
  for (const auto& entry : lock.entries) map[entry.key()] = entry;
  return map;
}

}  // namespace

LockFile parse_lock(std::string_view text, const std::string& name) {
  LockFile lock;
  bool has_version = false;
  std::size_t number = 0;
  std::set<std::string> seen;
  for (const auto& raw : base::split(text, '\n')) {
    ++number;
    const auto line = base::trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    const auto words = words_of(line);
    if (!has_version) {
      if (words != std::vector<std::string>{"version", "1"})
        refuse(name, number, "want \"version 1\" before the entries");
      has_version = true;
      continue;
    }
    lock.entries.push_back(parse_entry(words, name, number));
    if (!seen.insert(lock.entries.back().key()).second) {
      refuse(name, number, base::format("a second entry for {} {}", words[0], words[1]));
    }
  }
  sort(lock.entries);
  return lock;
}

std::string format_lock(const LockFile& lock) {
  std::vector<LockEntry> entries = lock.entries;
  sort(entries);
  std::string text(kHead);
  for (const auto& entry : entries) {
    text += base::format("{} {} {} {} {}\n", entry.kind, entry.name, entry.platform.empty() ? "-" : entry.platform,
                         entry.pin, entry.since);
  }
  return text;
}

std::vector<LockChange> compare_locks(const LockFile& before, const LockFile& now) {
  const auto old_entries = by_key(before);
  const auto new_entries = by_key(now);
  std::vector<LockChange> changes;
  for (const auto& [key, entry] : new_entries) {
    const auto old = old_entries.find(key);
    if (old == old_entries.end()) {
      changes.push_back({"", entry});
    } else if (old->second.pin != entry.pin) {
      changes.push_back({old->second.pin, entry});
    }
  }
  for (const auto& [key, entry] : old_entries) {
    if (new_entries.contains(key)) continue;
    LockEntry gone = entry;
    gone.pin.clear();
    changes.push_back({entry.pin, std::move(gone)});
  }
  return changes;
}

LockFile merge_locks(const LockFile& before, std::vector<LockEntry> found) {
  const auto old_entries = by_key(before);
  for (auto& entry : found) {
    const auto old = old_entries.find(entry.key());
    if (old != old_entries.end() && old->second.pin == entry.pin) entry.since = old->second.since;
  }
  LockFile lock{std::move(found)};
  sort(lock.entries);
  return lock;
}

}  // namespace attest
