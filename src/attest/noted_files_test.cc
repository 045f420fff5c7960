// SPDX-License-Identifier: Apache-2.0
#include "attest/noted_files.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "base/path.h"

namespace attest {
namespace {

class NotedFilesTest : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    base::make_directories(std::string(base::dir_name(room_.path() + "/" + path)));
    base::write_file_atomic(room_.path() + "/" + path, text);
  }
  std::vector<std::string> secrets() {
    const base::Fd root = base::open_directory(room_.path());
    std::vector<std::string> paths;
    for (const auto& file : note_files(root.get(), {{room_.path(), "RUN it"}}, 0, {}).secrets) {
      paths.push_back(file.path);
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  base::TemporaryDirectory room_;
};

TEST_F(NotedFilesTest, NoPlaceInALargeFileHidesACredential) {
  const std::string token = "ghp_" + std::string(36, 'a');
  constexpr std::size_t kWindow = 16U << 20;
  for (const std::size_t at : {kWindow - 20, kWindow + 1, 5 * kWindow, 5 * kWindow - 4096}) {
    std::string bytes(5 * kWindow + 100, '.');
    bytes.replace(at, token.size(), token);
    put("big", bytes);
    EXPECT_EQ(secrets(), (std::vector<std::string>{"big"})) << at;
  }
}

TEST_F(NotedFilesTest, AKeyOfAPackageIsNoSecretAndACopyOfItIs) {
  const std::string key = "-----BEGIN PRIVATE KEY-----\n" + std::string(64, 'A') + "\n-----END PRIVATE KEY-----\n";
  put("usr/share/test.pem", key);
  put("srv/test.pem", key);
  EXPECT_EQ(secrets(), (std::vector<std::string>{"srv/test.pem", "usr/share/test.pem"}));
  put("var/lib/dpkg/info/t.md5sums", "6ffba89417f4736068ec63e6c7131027  usr/share/test.pem\n");
  EXPECT_EQ(secrets(), (std::vector<std::string>{"srv/test.pem"}));
}

}  // namespace
}  // namespace attest
