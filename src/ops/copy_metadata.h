// SPDX-License-Identifier: Apache-2.0
#pragma once
// Bytes, owners, modes, times and extended attributes of one file, from one descriptor to another.
#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ops/chmod.h"
#include "ops/copy.h"

namespace ops {

/// What the copies get, apart from what the originals have.
struct CopyRules {
  std::optional<Owner> owner;
  std::optional<mode_t> mode;        ///< octal, for files and directories alike
  std::optional<ModeChange> change;  ///< symbolic; wins over `mode`
  std::optional<std::int64_t> time;  ///< nanoseconds

  Owner owner_for(const struct stat& info) const;
  mode_t mode_for(const struct stat& info) const;
};

/// Extended attributes that belong to a file's content as an image sees it: overlayfs's own and
/// those of the host's security modules do not.
std::map<std::string, std::string> read_xattrs(int fd);

/// Copies from the file positions to the end of `from`, by reflink or inside the kernel where that goes.
/// `expected`: how many bytes there should be.
void copy_bytes(int from, int to, std::uint64_t expected);

/// What a file has from its creation and need not be given.
struct Birth {
  bool mode = false;   ///< it was created with the mode it shall have
  bool owner = false;  ///< it belongs to this process's user and group
};

/// Owner, mode, attributes and times of an open file or directory; `from` < 0: no attributes.
/// In this order, since a change of owner takes set-id bits and capabilities away.
void apply_metadata(int from, int to, const struct stat& info, const CopyRules& rules, const Birth& birth = {});
/// The same by name, for what cannot be opened: symlinks, devices, pipes. No attributes.
void apply_metadata_at(int directory, const char* name, const struct stat& info, const CopyRules& rules);
/// Only the times.
void apply_times(int to, const struct stat& info, const CopyRules& rules);
/// Owner as given and the time, where there is one, for what was made rather than copied.
void apply_made(int directory, const char* name, const std::optional<Owner>& owner,
                const std::optional<std::int64_t>& time);

enum class UserNamespace : std::uint8_t {
  none,    ///< ids are the machine's
  mapped,  ///< a range of ids is ours; device nodes cannot be made
  single,  ///< there is one id: all files belong to it
};
UserNamespace user_namespace();

/// The timestamp of a request as rules have it: -1 means none.
std::optional<std::int64_t> time_of(std::int64_t timestamp);

}  // namespace ops
