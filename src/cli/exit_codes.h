// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the program's exit code says; the README lists them for people.

namespace cli {

constexpr int kFailed = 1;    ///< the build failed
constexpr int kFindings = 1;  ///< a check found something
constexpr int kUsage = 2;
constexpr int kGateRefused = 3;  ///< a gate or policy said no
constexpr int kInterrupted = 130;

}  // namespace cli
