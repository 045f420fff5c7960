// SPDX-License-Identifier: Apache-2.0
#pragma once
// Files that are, byte for byte, what a Debian package put there, by the checksums that dpkg keeps
// (var/lib/dpkg/info/*.md5sums; status.d/*.md5sums in distroless images).
//
// What everybody can download is nobody's secret: libraries of TLS, for one, carry private keys for their own tests.
// The checksums are MD5: they tell an untouched file from a changed one, not an honest image from a malicious one.
#include <map>
#include <optional>
#include <string>

#include "base/fd.h"

namespace attest {

class DeliveredFiles {
 public:
  /// The directory stays the caller's; its database is read when something is first asked.
  explicit DeliveredFiles(int root) : root_(root) {}
  /// `file`, which lies at `path` in the image, is as it was delivered.
  bool has(const std::string& path, const base::Fd& file);

 private:
  void read_database();
  void read_sums(const std::string& path);

  int root_;
  std::optional<std::map<std::string, std::string>> sums_;  ///< by path
};

}  // namespace attest
