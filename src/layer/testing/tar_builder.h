// SPDX-License-Identifier: Apache-2.0
#pragma once
// Short ways to write and read tars, and to list trees, in tests.
#include <string>
#include <vector>

#include "layer/tar_entry.h"

namespace layer::testing {

/// Tars in a chain of calls: TarBuilder().dir("d/").file("d/f", "text").end().
class TarBuilder {
 public:
  TarBuilder& file(const std::string& name, const std::string& content = "", std::uint32_t mode = 0644);
  TarBuilder& dir(const std::string& name, std::uint32_t mode = 0755);
  TarBuilder& symlink(const std::string& name, const std::string& target);
  TarBuilder& link(const std::string& name, const std::string& target);
  TarBuilder& add(const TarEntry& entry, const std::string& content = "");
  /// The whole archive.
  std::string end() const;

 private:
  struct Member {
    TarEntry entry;
    std::string content;
  };
  std::vector<Member> members_;
};

/// Entry names of a tar in order; hard links as "name => target", symlinks as "name -> target".
std::vector<std::string> names_of(const std::string& tar);
/// All entries of a tar, without content.
std::vector<TarEntry> entries_of(const std::string& tar);

/// Every file below a directory: "path type mode" with " -> target" or " = content"; whiteouts are
/// "path whiteout", opaque directories have " opaque" at their end.
std::vector<std::string> describe_tree(const std::string& directory);

}  // namespace layer::testing
