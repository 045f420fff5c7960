// SPDX-License-Identifier: Apache-2.0
#include "ops/trusted_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace ops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kPem = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\nAwIBAgIUQ2Fy\n-----END CERTIFICATE-----\n";
const std::string kPath = "/etc/ssl/certs/ca-certificates.crt";

/// A root with a bundle, and what a step may have written over it.
class TrustedBundleTest : public ::testing::Test {
 protected:
  TrustedBundleTest() : bundle_(kPem, directory_.path() + "/bundle") {
    put("/root" + kPath, "# trusted\n");
    const auto mounts =
        bundle_.mounts(base::open_directory(directory_.path() + "/root").get(), snapshot::Driver::native);
    changed_ = base::read_file(mounts.at(0).source);
    base::make_directories(upper());
  }

  std::string upper() const { return directory_.path() + "/upper"; }
  void put(const std::string& path, const std::string& text) {
    const std::string full = directory_.path() + path;
    base::make_directories(full.substr(0, full.rfind('/')));
    base::write_file_atomic(full, text);
  }
  std::string written(const std::string& path) const { return base::read_file(upper() + path); }
  std::vector<std::string> clean() const { return bundle_.clean(upper(), {}); }

  base::TemporaryDirectory directory_;
  TrustedBundle bundle_;
  std::string changed_;  ///< the bundle as the step sees it
};

TEST_F(TrustedBundleTest, HasTheCertificateForTheStep) {
  EXPECT_THAT(changed_, HasSubstr(kPem));
  EXPECT_TRUE(changed_.starts_with("# trusted\n"));
}

TEST_F(TrustedBundleTest, IsCleanWhereverAStepMovedIt) {
  const std::vector<std::string> paths = {kPath, "/etc/tls/bundle.old", "/kept"};
  for (const auto& path : paths) {
    put("/upper" + path, changed_ + "mine\n");
  }
  EXPECT_THAT(clean(), IsEmpty());
  for (const auto& path : paths) {
    EXPECT_EQ(written(path), "# trusted\nmine\n") << path;
  }
}

TEST_F(TrustedBundleTest, IsCleanWithoutItsComments) {
  put("/upper" + kPath, "\n" + kPem + "mine\n");
  put("/upper/other", "mine\n");
  ASSERT_EQ(::link((upper() + kPath).c_str(), (upper() + "/linked").c_str()), 0);
  EXPECT_THAT(clean(), IsEmpty());
  EXPECT_EQ(written(kPath), "mine\n");
  EXPECT_EQ(written("/linked"), "mine\n");
}

TEST_F(TrustedBundleTest, SaysWhereTheCertificateStays) {
  put("/upper/archive", std::string(512, '\0') + changed_);
  put("/upper/own", kPem);
  EXPECT_THAT(clean(), ::testing::UnorderedElementsAre("/archive", "/own"));
  EXPECT_EQ(written("/archive"), std::string(512, '\0') + changed_);
  EXPECT_EQ(written("/own"), kPem);
}

TEST_F(TrustedBundleTest, IsNotReadWithoutEnd) {
  put("/upper" + kPath, changed_);
  ASSERT_EQ(::truncate((upper() + kPath).c_str(), 300 << 20), 0);
  try {
    clean();
    FAIL() << "300 MiB are no bundle";
  } catch (const base::Error& error) {
    EXPECT_THAT(error.text(), HasSubstr("--proxy-network) out of " + kPath + ": the step left 314572800 bytes there"));
  }
  ::unlink((upper() + kPath).c_str());
  put("/upper/large", changed_);
  ASSERT_EQ(::truncate((upper() + "/large").c_str(), 11 << 20), 0);
  EXPECT_THAT(clean(), ElementsAre("/large"));
}

TEST_F(TrustedBundleTest, TooLongAnOriginalNamesTheOption) {
  put("/root" + kPath, "");
  ASSERT_EQ(::truncate((directory_.path() + "/root" + kPath).c_str(), 11 << 20), 0);
  TrustedBundle bundle(kPem, directory_.path() + "/second");
  try {
    bundle.mounts(base::open_directory(directory_.path() + "/root").get(), snapshot::Driver::native);
    FAIL() << "11 MiB are no bundle";
  } catch (const base::Error& error) {
    EXPECT_THAT(error.text(), HasSubstr("(--proxy-network) to " + kPath + ": more than 10485760 bytes"));
  }
}

}  // namespace
}  // namespace ops
