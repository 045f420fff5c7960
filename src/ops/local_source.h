// SPDX-License-Identifier: Apache-2.0
#pragma once
// Local directories as sources: the build context, named contexts, the Dockerfile's own directory.
//
// The engine never learns where a directory lies; a definition says "local://context" and this
// interface says what that is. The CLI implements it with paths, a daemon with its clients' sessions.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ops {

/// Whose the files of a local directory are. `nobody`: owners read as 0:0 and extended attributes as
/// absent, so that a build does not depend on who made the files. `keep`: an unpacked archive.
enum class LocalOwners : std::uint8_t { nobody, keep };

/// A live directory, seen through its ignore patterns.
struct LocalView {
  std::string directory;              ///< absolute
  std::vector<std::string> excludes;  ///< patterns of the ignore file
  std::vector<std::string> includes;  ///< when not empty, only these
  LocalOwners owners = LocalOwners::nobody;
  bool operator==(const LocalView&) const = default;
};

struct LocalDirectory {
  std::string path;
  LocalOwners owners = LocalOwners::nobody;
};

class LocalSources {
 public:
  virtual ~LocalSources() = default;
  /// The directory behind "local://NAME"; nothing when the build was given none.
  virtual std::optional<LocalDirectory> directory(const std::string& name) const = 0;
  /// The directory of the OCI layout that the build knows by this store id.
  virtual std::optional<std::string> layout(const std::string& store_id) const = 0;
};

}  // namespace ops
