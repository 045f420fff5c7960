// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fuzz targets: what hostile bytes must never do to the readers of Dockerfiles, settings, package databases, signatures
// and addresses.
//
// A target takes any bytes. base::Error is a fine answer to them; a crash, any other exception, a
// sanitizer's complaint, a hang or a broken promise (`require`) is a finding. The same targets run
// under libFuzzer (libfuzzer_main.cc) and under a plain driver (plain_main.cc) that every
// developer's build has: it replays seeds/ and findings/ as a unit test.
//
// A new target: a file here that defines it, a line in targets.cc, a folder in seeds/.
#include <span>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::string_view input);
};

std::span<const Target> targets();
/// Null when there is no such target.
const Target* find_target(std::string_view name);

/// Ends the program with `promise` on standard error unless it is kept.
void require(bool kept, std::string_view promise);

/// Whether `body` went through; a refusal is all right.
template <typename Body>
bool accepted(Body&& body) {
  try {
    std::forward<Body>(body)();
    return true;
  } catch (const base::Error&) {
    return false;
  }
}

/// Cuts the input at its first line end: targets with two arguments take a line and the rest.
std::pair<std::string_view, std::string_view> first_line(std::string_view input);

void parser(std::string_view input);
void expander(std::string_view input);
void ignore(std::string_view input);
void reference(std::string_view input);
void git_ref(std::string_view input);
void json_form(std::string_view input);
void run_mount(std::string_view input);
void platform(std::string_view input);
void packages(std::string_view input);
void trust(std::string_view input);
void proxied_url(std::string_view input);
void toml(std::string_view input);
void rego(std::string_view input);

}  // namespace fuzz
