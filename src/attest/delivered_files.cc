// SPDX-License-Identifier: Apache-2.0
#include "attest/delivered_files.h"

#include <fcntl.h>
#include <openssl/evp.h>

#include <array>
#include <memory>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"

namespace attest {
namespace {

constexpr std::size_t kMaxSums = 32U << 20;
constexpr std::size_t kMd5Digits = 32;

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};

std::string md5_of(const base::Fd& file) {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(::EVP_MD_CTX_new());
  if (!context || ::EVP_DigestInit_ex(context.get(), ::EVP_md5(), nullptr) != 1) {
    base::fail(base::Code::unimplemented, "MD5 is not to be had here");
  }
  std::array<char, 1U << 16> buffer;
  for (std::uint64_t at = 0;;) {
    const auto count = base::read_at(file.get(), buffer.data(), buffer.size(), at);
    if (count == 0) break;
    ::EVP_DigestUpdate(context.get(), buffer.data(), count);
    at += count;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  ::EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return base::to_hex({digest.data(), size});
}

}  // namespace

bool DeliveredFiles::has(const std::string& path, const base::Fd& file) {
  if (!sums_) read_database();
  auto known = sums_->find(path);
  // Packages from before the merge of /usr name the old places.
  if (known == sums_->end() && path.starts_with("usr/")) known = sums_->find(path.substr(4));
  return known != sums_->end() && known->second == md5_of(file);
}

void DeliveredFiles::read_database() {
  sums_.emplace();
  for (const std::string directory : {"var/lib/dpkg/info", "var/lib/dpkg/status.d"}) {
    const auto opened = base::open_in_root_if_exists(root_, directory, O_RDONLY | O_DIRECTORY);
    if (!opened) continue;
    for (const auto& name : base::list_directory(opened->get())) {
      if (name.ends_with(".md5sums")) read_sums(directory + "/" + name);
    }
  }
}

void DeliveredFiles::read_sums(const std::string& path) {
  const auto file = base::open_in_root_if_exists(root_, path, O_RDONLY | O_NONBLOCK);
  if (!file) return;
  for (const auto& line : base::split(base::read_all(file->get(), kMaxSums), '\n')) {
    if (line.size() < kMd5Digits + 3 || line.substr(kMd5Digits, 2) != "  ") continue;
    sums_->emplace(line.substr(kMd5Digits + 2), line.substr(0, kMd5Digits));
  }
}

}  // namespace attest
