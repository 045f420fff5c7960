// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where in the Dockerfile something is, and errors that know it.
//
// A statement covers whole lines, so its location is one range per line with both characters 0,
// which is what BuildKit's clients expect. An error can gather several locations on its way up
// (the word inside ONBUILD, then the ONBUILD line): innermost first.
//
//     with_location(statement.location(), [&] { parse_flags(...); });   // any base::Error leaves as LocatedError
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace dockerfile {

using Range = base::SourceSpan;
using Ranges = std::vector<Range>;

/// One range for each line from `first` to `last`; just `first` when `last` is not beyond it.
Ranges line_ranges(int first, int last);

/// A failed operation with its places in the Dockerfile.
class LocatedError : public base::Error {
 public:
  LocatedError(base::Error cause, Ranges where) : base::Error(std::move(cause)) {
    locations_.push_back(std::move(where));
  }

  /// Innermost first.
  const std::vector<Ranges>& locations() const { return locations_; }
  void add_location(Ranges where) { locations_.push_back(std::move(where)); }
  /// Forgets the other locations.
  void set_location(Ranges where) { locations_ = {std::move(where)}; }

 private:
  std::vector<Ranges> locations_;
};

/// Runs `body`; an error that leaves it has `where` as its last (outermost) location.
template <typename Body>
decltype(auto) with_location(const Ranges& where, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (LocatedError& error) {
    error.add_location(where);
    throw;
  } catch (base::Error& error) {
    throw LocatedError(std::move(error), where);
  }
}

/// Throws LocatedError(invalid_argument, text) for `where`.
[[noreturn]] void fail_at(Ranges where, std::string text);

}  // namespace dockerfile
