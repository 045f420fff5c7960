// SPDX-License-Identifier: Apache-2.0
#pragma once
// Symbolic modes of COPY --chmod ("u=rwX,go=rX", "g=u", "a-w,+x"), applied file by file with umask 0.
#include <sys/types.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace ops {

/// A parsed mode, octal or symbolic, as chmod(1) reads it.
class ModeChange {
 public:
  /// Throws invalid_argument.
  static ModeChange parse(std::string_view text);

  /// The permission bits (0–07777) that `mode`, with its file type, gets.
  mode_t apply(mode_t mode) const;

 private:
  /// What one letter group does; copies read the mode as it is by then.
  enum class Kind : std::uint8_t { add, remove, add_if_executable, copy_add, copy_remove, copy_set };
  struct Step {
    Kind kind = Kind::add;
    mode_t bits = 0;  ///< bits to add or remove; for copies the bits of the classes written
    int from = 0;     ///< copies: shift of the class read (6 user, 3 group, 0 other)
  };
  class Parser;

  std::vector<Step> steps_;
};

}  // namespace ops
