// SPDX-License-Identifier: Apache-2.0
#include "attest/licenses.h"

#include <gtest/gtest.h>

namespace attest {
namespace {

TEST(Licenses, NamesOfDistributionsBecomeSpdx) {
  EXPECT_EQ(spdx_expression("MIT"), "MIT");
  EXPECT_EQ(spdx_expression("mit"), "MIT");
  EXPECT_EQ(spdx_expression("GPL-2+"), "GPL-2.0-or-later");
  EXPECT_EQ(spdx_expression("GPL-2.0+"), "GPL-2.0-or-later");
  EXPECT_EQ(spdx_expression("GPLv3"), "GPL-3.0-only");
  EXPECT_EQ(spdx_expression("LGPL-2.1"), "LGPL-2.1-only");
  EXPECT_EQ(spdx_expression("GFDL-1.3+"), "GFDL-1.3-or-later");
  EXPECT_EQ(spdx_expression("Expat"), "MIT");
  EXPECT_EQ(spdx_expression("Apache License, Version 2.0"), "Apache-2.0");
}

TEST(Licenses, ExpressionsKeepTheirOperators) {
  EXPECT_EQ(spdx_expression("GPL-2+ or Artistic"), "GPL-2.0-or-later OR Artistic-1.0-Perl");
  EXPECT_EQ(spdx_expression("(MIT OR Apache-2.0) AND BSD-3-Clause"), "(MIT OR Apache-2.0) AND BSD-3-Clause");
  EXPECT_EQ(spdx_expression("BSD-3-clause, and LGPL-2+"), "BSD-3-Clause AND LGPL-2.0-or-later");
  EXPECT_EQ(spdx_expression("GPL-3+ with Autoconf exception"), "LicenseRef-GPL-3.0-or-later-with-Autoconf-exception");
}

TEST(Licenses, WhatIsInNoListIsARefAndNeverLost) {
  EXPECT_EQ(spdx_expression("Some own (odd) licence!"), "LicenseRef-Some-own-odd-licence");
  EXPECT_EQ(spdx_expression("public-domain"), "LicenseRef-public-domain");
  EXPECT_EQ(spdx_expression("UNKNOWN"), "");
  EXPECT_EQ(spdx_expression(""), "");
  EXPECT_EQ(spdx_expression("AND"), "LicenseRef-AND");
  EXPECT_EQ(spdx_expression("(MIT"), "LicenseRef-MIT");
  EXPECT_EQ(license_refs("MIT AND (LicenseRef-a OR LicenseRef-b)"),
            (std::vector<std::string>{"LicenseRef-a", "LicenseRef-b"}));
}

TEST(Licenses, DebianFilesAreReadInBothForms) {
  EXPECT_EQ(debian_licenses(
                "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
                "Files: *\nLicense: GPL-2+\n text\nFiles: x\nLicense: Expat or GPL-2+\n\nLicense: GPL-2+\n text\n"),
            "GPL-2.0-or-later AND (MIT OR GPL-2.0-or-later)");
  EXPECT_EQ(debian_licenses("See /usr/share/common-licenses/GPL-2 and `/usr/share/common-licenses/LGPL-2.1'."),
            "GPL-2.0-only AND LGPL-2.1-only");
  EXPECT_EQ(debian_licenses("do what you like"), "");
}

}  // namespace
}  // namespace attest
