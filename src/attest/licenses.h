// SPDX-License-Identifier: Apache-2.0
#pragma once
// Licences as SPDX expressions, from what packages declare in words of their own.
//
//     attest::spdx_expression("GPL-2+ or Artistic")     // "GPL-2.0-or-later OR Artistic-1.0-Perl"
//     attest::spdx_expression("Some own licence")       // "LicenseRef-Some-own-licence"
//     attest::debian_licenses(copyright_file)           // "GPL-2.0-or-later AND LGPL-2.1-or-later"
//
// A name that is in no list becomes a LicenseRef: never dropped, never guessed. Sources: the SPDX licence list 3.x and
// annex D (expressions); Debian's copyright-format 1.0.
#include <string>
#include <string_view>
#include <vector>

namespace attest {

/// "" for an empty text.
std::string spdx_expression(std::string_view text);

/// All of a list, joined by AND; each once, in their order.
std::string all_of(const std::vector<std::string>& expressions);

/// What a package's /usr/share/doc/…/copyright declares: its License fields where it is written in the machine-readable
/// form, otherwise the common licences that it points to.
std::string debian_licenses(std::string_view copyright);

/// The LicenseRef names in an expression.
std::vector<std::string> license_refs(std::string_view expression);

}  // namespace attest
