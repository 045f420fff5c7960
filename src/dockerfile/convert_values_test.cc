// SPDX-License-Identifier: Apache-2.0
// The small values that instructions are made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "dockerfile/context.h"
#include "dockerfile/convert_epoch.h"
#include "dockerfile/convert_paths.h"
#include "dockerfile/convert_ports.h"
#include "dockerfile/convert_sources.h"
#include "dockerfile/convert_text.h"

namespace dockerfile {
namespace {

using testing::ElementsAre;

template <typename Function>
std::string error_of(Function&& function) {
  try {
    function();
  } catch (const base::Error& error) {
    return error.text();
  }
  return "";
}

TEST(Ports, AreExpanded) {
  EXPECT_THAT(parse_exposed_port("80").ports, ElementsAre("80/tcp"));
  EXPECT_THAT(parse_exposed_port("1-3/UDP").ports, ElementsAre("1/udp", "2/udp", "3/udp"));
  EXPECT_TRUE(parse_exposed_port("1/UDP").upper_case_protocol);
  EXPECT_TRUE(parse_exposed_port("127.0.0.1:8080:80").has_host_part);
  EXPECT_THAT(parse_exposed_port("[::1]:8080:80").ports, ElementsAre("80/tcp"));
}

TEST(Ports, AreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "invalid port: \"\": no port specified"},
      {"/tcp", "invalid port: \"/tcp\": no port specified"},
      {"80/bogus", "invalid port: \"80/bogus\": invalid proto: bogus"},
      {"84-82", "invalid containerPort: 84-82"},
      {"65536", "invalid containerPort: 65536"},
      {"x:80", "invalid hostPort: x"},
      {"1-2:80-82", "invalid ranges specified for container and host Ports: 80-82 and 1-2"},
      {"300.0.0.1:1:2", "invalid IP address: 300.0.0.1"},
  };
  for (const auto& [port, text] : cases) {
    EXPECT_EQ(error_of([&, p = port] { parse_exposed_port(p); }), text);
  }
}

TEST(Paths, OfLinuxAreJoinedOnly) {
  EXPECT_EQ(normalize_workdir("/a", "b/../c", "linux"), "/a/c");
  EXPECT_EQ(normalize_workdir("", "b", ""), "/b");
  EXPECT_EQ(normalize_path("/", "/a/", "linux", TrailingSlash::keep), "/a/");
  EXPECT_EQ(normalize_path("/w", "a/.", "linux", TrailingSlash::keep), "/w/a/.");
}

TEST(Paths, OfWindowsLoseDriveAndBackslash) {
  EXPECT_EQ(normalize_path("/", "C:\\a\\b", "windows", TrailingSlash::drop), "/a/b");
  EXPECT_EQ(normalize_workdir("C:\\x", "y", "windows"), "\\x\\y");
  EXPECT_TRUE(is_absolute_on("c:\\a", "windows"));
  EXPECT_FALSE(is_absolute_on("d:\\a", "windows"));
  EXPECT_EQ(error_of([] { without_drive("c:", "windows", TrailingSlash::drop); }),
            "No relative path specified in \"c:\"");
  EXPECT_THROW(without_drive("\\\\host\\x", "windows", TrailingSlash::drop), base::Error);
  EXPECT_EQ(without_drive("c:a", "linux", TrailingSlash::drop), "c:a");
}

TEST(Sources, AreToldApart) {
  EXPECT_TRUE(is_http_source("https://example.com/a.tgz"));
  EXPECT_FALSE(is_http_source("https://example.com/a.git"));
  EXPECT_TRUE(is_git_source("https://example.com/a.git"));
  EXPECT_FALSE(is_http_source("a/b"));
}

TEST(Sources, NameTheirFiles) {
  EXPECT_EQ(url_file_name("https://example.com/a/b%20c?x=/y#/z"), "b c");
  EXPECT_EQ(url_file_name("https://example.com"), "__unnamed__");
  EXPECT_EQ(url_file_name("https://example.com/"), "__unnamed__");
  EXPECT_EQ(url_file_name("https://example.com/%zz"), "__unnamed__");
}

TEST(Sources, CheckDigests) {
  const auto good = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(checked_digest(good), good);
  EXPECT_EQ(error_of([] { checked_digest("sha256"); }), "invalid checksum digest format");
  EXPECT_EQ(error_of([] { checked_digest("sha256:aa"); }), "invalid checksum digest length");
  EXPECT_EQ(error_of([] { checked_digest("md5:aa"); }), "unsupported digest algorithm");
  EXPECT_EQ(error_of([] { checked_digest("sha256:" + std::string(64, 'A')); }), "invalid checksum digest format");
}

TEST(Modes, AreOctalOrSymbolic) {
  EXPECT_EQ(parse_chmod("0755").octal, 0755U);
  for (const char* mode : {"u+x", "a=rX,go-w", "+t", "u+r-w", "g=u"}) EXPECT_FALSE(parse_chmod(mode).octal) << mode;
  for (const char* mode : {"10000", "888", "u", "x", "u+x,", "u~x", ",", "7x"}) {
    EXPECT_THROW(parse_chmod(mode), base::Error) << mode;
  }
}

TEST(Text, IsAsGoWritesIt) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(1), "1ns");
  EXPECT_EQ(duration_text(1'500'000), "1.5ms");
  EXPECT_EQ(duration_text(90'000'000'000), "1m30s");
  EXPECT_EQ(duration_text(3'600'500'000'000), "1h0m0.5s");
  EXPECT_EQ(duration_text(-2'000), "-2µs");
  EXPECT_EQ(quoted_list({"a", "\"b\""}), R"(["a" "\"b\""])");
  EXPECT_EQ(plain_list({}), "[]");
  EXPECT_EQ(with_upper_command("run x"), "RUN x");
  EXPECT_EQ(heredoc_summary("\n a\r\nb\n"), "a...");
}

TEST(CommitTime, IsTheCommittersInItsZone) {
  const auto epoch =
      commit_time("tree 1\nauthor A <a> 1 +0000\ncommitter B <b> 1700000000 -0530\n\ncommitter X <x> 5 +0000\n");
  EXPECT_EQ(epoch.seconds, 1700000000);
  EXPECT_EQ(epoch.text, "2023-11-14T16:43:20-05:30");
  EXPECT_THROW(commit_time("tree 1\n\nmessage"), base::Error);
  EXPECT_THROW(commit_time("committer B <b> soon +0000\n"), base::Error);
}

std::string tar_header(char type, const char* size, const char* time) {
  std::string block(512, '\0');
  block.replace(0, 1, "f");
  block.replace(124, 11, size);
  block.replace(136, 11, time);
  block[156] = type;
  unsigned sum = 8 * ' ';
  for (const unsigned char c : block) sum += c;
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  return block.replace(148, 6, text);
}

TEST(Tar, IsKnownByItsChecksum) {
  auto tar = tar_header('0', "00000000000", "00000000017");
  EXPECT_TRUE(looks_like_archive(tar));
  EXPECT_TRUE(looks_like_archive("BZh9"));
  EXPECT_FALSE(looks_like_archive("FROM a"));
  EXPECT_FALSE(looks_like_archive(std::string_view(tar).substr(0, 100)));
  tar += tar_header('5', "00000000000", "00000000077") + tar_header('0', "00000000000", "00000000020");
  EXPECT_EQ(latest_in_tar(tar)->seconds, 020);
  EXPECT_FALSE(latest_in_tar("FROM a"));
  EXPECT_FALSE(latest_in_tar(tar_header('0', "77777777777", "00000000017")));
}

}  // namespace
}  // namespace dockerfile
