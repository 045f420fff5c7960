// SPDX-License-Identifier: Apache-2.0
#include "attest/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>

#include "base/file.h"
#include "base/path.h"

namespace attest {
namespace {

class TraceTest : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    base::make_directories(std::string(base::dir_name(at(path))));
    base::write_file_atomic(at(path), text);
  }
  std::string at(const std::string& path) const { return room_.path() + "/" + path; }
  base::Fd open(const std::string& path) const { return base::open_directory(at(path)); }

  /// A stage with one Debian package that owns a library.
  void make_stage(const std::string& name) {
    put(name + "/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    put(name + "/var/lib/dpkg/status",
        "Package: zlib1g\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
        "Package: gcc\nStatus: install ok installed\nVersion: 12\n");
    put(name + "/var/lib/dpkg/info/zlib1g:amd64.list", "/.\n/usr\n/lib/libz.so.1\n");
    put(name + "/usr/share/doc/zlib1g/copyright",
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nLicense: Zlib\n");
    put(name + "/usr/lib/libz.so.1", "library");
    put(name + "/usr/lib/own.so", "built here");
  }

  Components trace(const std::vector<TracedCopy>& copies) {
    const base::Fd root = open("image");
    const base::Fd stage = open("stage");
    return trace_components(root.get(), {{at("image"), "COPY it"}}, {{"libs", stage.get()}}, copies, room_.path(), {});
  }

 private:
  base::TemporaryDirectory room_;
};

const Component* named(const Components& all, const std::string& name) {
  for (const auto& component : all) {
    if (component.name == name) return &component;
  }
  return nullptr;
}

TEST_F(TraceTest, ACopiedFileKeepsItsPackage) {
  make_stage("stage");
  put("image/app/libz.so.1", "library");
  put("image/app/own.so", "built here");
  const auto all = trace({{0, 0, "/usr/lib", "/app"}});
  const Component* zlib = named(all, "zlib1g");
  ASSERT_NE(zlib, nullptr);
  EXPECT_EQ(zlib->scope, Scope::runtime);
  EXPECT_EQ(zlib->license, "Zlib");
  EXPECT_EQ(zlib->stage, "libs");
  EXPECT_EQ(zlib->step, "COPY it");
  EXPECT_THAT(zlib->copied, testing::ElementsAre("app/libz.so.1"));
  ASSERT_NE(named(all, "gcc"), nullptr);
  EXPECT_EQ(named(all, "gcc")->scope, Scope::build);
}

TEST_F(TraceTest, EveryFormOfCopyIsFollowed) {
  make_stage("stage");
  for (const auto& [source, destination, file] :
       std::vector<std::array<std::string, 3>>{{"/usr/lib/libz.so.1", "/x/renamed", "x/renamed"},
                                               {"/usr/lib/libz*", "/x/", "x/libz.so.1"},
                                               {"/", "/", "usr/lib/libz.so.1"},
                                               {"/usr/lib/libz.so.1", "/", "usr/lib/libz.so.1"}}) {
    base::remove_tree(at("image"));
    put("image/" + file, "library");
    const auto all = trace({{0, 0, source, destination}});
    ASSERT_NE(named(all, "zlib1g"), nullptr);
    EXPECT_EQ(named(all, "zlib1g")->scope, Scope::runtime) << source << " " << destination;
  }
}

TEST_F(TraceTest, OtherBytesAreNoCopy) {
  make_stage("stage");
  put("image/app/libz.so.1", "replaced");
  const auto all = trace({{0, 0, "/usr/lib", "/app"}});
  EXPECT_EQ(named(all, "zlib1g")->scope, Scope::build);
}

TEST_F(TraceTest, AStageThatIsNotListedStillExplainsItsCopies) {
  make_stage("stage");
  put("image/app/libz.so.1", "library");
  const base::Fd root = open("image");
  const base::Fd stage = open("stage");
  const TracedStage quiet{"libs", stage.get(), TreeKind::filesystem, false};
  const auto all = trace_components(root.get(), {{at("image"), "COPY it"}}, {quiet},
                                    {{0, 0, "/usr/lib/libz.so.1", "/app/"}}, at(""), {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "zlib1g");
  EXPECT_EQ(all[0].scope, Scope::runtime);
}

TEST_F(TraceTest, LockFilesCountInSourcesOnly) {
  put("image/go.mod", "require example.org/a v1.0.0\n");
  put("sources/sub/go.mod", "require example.org/b v1.0.0\n");
  const base::Fd root = open("image");
  const base::Fd sources = open("sources");
  const auto all = trace_components(root.get(), {{at("image"), ""}}, {{"context", sources.get(), TreeKind::sources}},
                                    {}, at(""), {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].purl(), "pkg:golang/example.org/b@v1.0.0");
  EXPECT_EQ(all[0].scope, Scope::build);
  EXPECT_EQ(all[0].stage, "context");
  EXPECT_EQ(all[0].found_in, "sub/go.mod");
}

TEST_F(TraceTest, PackagesAreInTheLayerThatBroughtThem) {
  put("image/var/lib/dpkg/status",
      "Package: a\nStatus: install ok installed\nVersion: 1\n\n"
      "Package: b\nStatus: install ok installed\nVersion: 1\n");
  put("base/var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n");
  put("top/var/lib/dpkg/status", base::read_file(at("image/var/lib/dpkg/status")));
  put("image/srv/node_modules/x/package.json", R"({"name":"x","version":"1"})");
  put("top/srv/node_modules/x/package.json", R"({"name":"x","version":"1"})");
  put("image/srv/node_modules/x/test/package.json", R"({"name":"no-package","version":"1"})");
  const base::Fd root = open("image");
  const auto all = trace_components(root.get(), {{at("base"), ""}, {at("top"), "RUN install"}}, {}, {}, at(""), {});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(named(all, "a")->layer, 0);
  EXPECT_EQ(named(all, "b")->layer, 1);
  EXPECT_EQ(named(all, "b")->step, "RUN install");
  EXPECT_EQ(named(all, "x")->layer, 1);
}

}  // namespace
}  // namespace attest
