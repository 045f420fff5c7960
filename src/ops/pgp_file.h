// SPDX-License-Identifier: Apache-2.0
#pragma once
// Detached OpenPGP signatures of files, verified by gpg.
#include <stop_token>
#include <string>
#include <string_view>

namespace ops {

/// Whether a key of the armored `keys` made the armored `signature` over the file; a key that has expired or was
/// revoked does not count. gpg is given these keys alone, in a directory below `scratch`. Throws invalid_argument for
/// keys that cannot be read, failed_precondition without gpg.
bool is_signed_by(int file, std::string_view signature, std::string_view keys, const std::string& scratch,
                  const std::stop_token& stop);

}  // namespace ops
