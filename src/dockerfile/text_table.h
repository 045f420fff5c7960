// SPDX-License-Identifier: Apache-2.0
#pragma once
// Columns of text, laid out as Go's text/tabwriter does it: answers of subrequests are compared by bytes.
#include <cstddef>
#include <string>
#include <string_view>

namespace dockerfile {

/// `text` has lines of cells, each cell ended by a tab; what follows a line's last tab is no cell.
/// A column reaches over adjacent lines and is as wide as its widest cell plus `padding` spaces.
std::string align_columns(std::string_view text, std::size_t padding);

}  // namespace dockerfile
