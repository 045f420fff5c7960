// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lock files: what the names in a Dockerfile stood for when somebody last looked.
//
//     # Dockerfile.lock …
//     image docker.io/library/debian:bookworm linux/amd64 sha256:4c2… 2026-11-28T10:00:00Z
//     git   https://example.org/x.git#v1 - 8f1… 2026-11-28T10:00:00Z
//     http  https://example.org/f.tgz - sha256:ab… 2026-11-28T10:00:00Z
//
// One line an entry, sorted, so that two branches that each add one merge without a conflict. Fields: kind, name as the
// Dockerfile says it (images in full), platform or "-", pin, and since when the pin is that one. docs/formats/lock.md.
// Failure: invalid_argument with the line for what cannot be read; a lock is a trust decision, nothing in it is
// skipped.
#include <string>
#include <string_view>
#include <vector>

namespace attest {

struct LockEntry {
  std::string kind;  ///< image, git, http
  std::string name;
  std::string platform;  ///< of an image; "" for the others
  std::string pin;       ///< "sha256:…", a commit for git
  std::string since;     ///< RFC 3339

  /// Equal for entries about the same source.
  std::string key() const { return kind + " " + name + " " + platform; }
  bool operator==(const LockEntry&) const = default;
};

struct LockFile {
  std::vector<LockEntry> entries;  ///< sorted by key
};

/// `name` is the file's, for messages.
LockFile parse_lock(std::string_view text, const std::string& name);
std::string format_lock(const LockFile& lock);

/// An entry that is new, gone or has another pin.
struct LockChange {
  std::string before;  ///< pin, "" = was not there
  LockEntry entry;     ///< as it is now; its pin is "" when it is gone
};
std::vector<LockChange> compare_locks(const LockFile& before, const LockFile& now);

/// `found` with the date of an entry kept where its pin is the old one.
LockFile merge_locks(const LockFile& before, std::vector<LockEntry> found);

}  // namespace attest
