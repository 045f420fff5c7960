// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/subprocess.h"
#include "base/task.h"
#include "base/time.h"

namespace base {
namespace {

TEST(Digest, ParsesOnlyItsOwnForm) {
  const Digest digest = sha256("abc");
  EXPECT_EQ(digest.str(), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Digest::parse(digest.str()), digest);
  EXPECT_FALSE(Digest::parse("sha256:BA7816"));
  EXPECT_FALSE(Digest::parse("md5:" + digest.hex()));
  EXPECT_THROW(Digest::parse_or_throw("nonsense"), Error);
}

TEST(Digest, MacIsTheOneOfTheStandard) {
  // RFC 4231, test case 2.
  EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?").hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Error, FramesReadFromTheOutsideIn) {
  try {
    with_context([] { fail(Code::not_found, "no {}", "file"); }, "opening {}", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.text(), "opening x: no file");
    EXPECT_EQ(error.message(), "no file");
    EXPECT_EQ(error.code(), Code::not_found);
  }
}

TEST(Strings, SplitCsvTakesGoQuoting) {
  EXPECT_EQ(split_csv(R"(a,"b,c","d""e",)"), (std::vector<std::string>{"a", "b,c", "d\"e", ""}));
  EXPECT_THROW(split_csv(R"(a"b)"), Error);
  EXPECT_THROW(split_csv(R"("a)"), Error);
}

TEST(Strings, NearestSuggestsOnlyWhatIsNear) {
  EXPECT_EQ(nearest("buidler", {"builder", "runtime"}), "builder");
  EXPECT_EQ(nearest("zzz", {"builder", "runtime"}), std::nullopt);
}

TEST(Strings, ParseIntRefusesJunkAndOverflow) {
  EXPECT_EQ(parse_int("-12"), -12);
  EXPECT_EQ(parse_int("755", 8), 0755);
  EXPECT_FALSE(parse_int("1 "));
  EXPECT_FALSE(parse_int(""));
  EXPECT_FALSE(parse_int("99999999999999999999"));
}

TEST(Strings, Utf8RefusesSurrogatesAndOverlongForms) {
  EXPECT_TRUE(is_utf8("h\xc3\xa9\xf0\x9f\x98\x80"));
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));
  EXPECT_FALSE(is_utf8("\xc0\xaf"));
  EXPECT_FALSE(is_utf8("\xe2\x82"));
}

TEST(Time, FormatsAndParsesRfc3339) {
  EXPECT_EQ(format_rfc3339(1'577'934'245 * kSecond), "2020-01-02T03:04:05Z");
  EXPECT_EQ(format_rfc3339(120'000'000), "1970-01-01T00:00:00.12Z");
  EXPECT_EQ(parse_rfc3339("2020-01-02T04:04:05.5+01:00"), 1'577'934'245 * kSecond + kSecond / 2);
  for (const char* bad :
       {"", "2020-13-01T00:00:00Z", "2020-06-31T00:00:00Z", "2020-01-02 03:04:05Z", "2020-01-02T03:04:05"}) {
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
  }
  EXPECT_EQ(parse_http_date("Thu, 02 Jan 2020 03:04:05 GMT"), 1'577'934'245 * kSecond);
}

TEST(RemoveTree, TakesReadOnlyDirectoriesAndKeepsWhatLinksPointTo) {
  const TemporaryDirectory outside;
  write_file_atomic(outside.path() + "/keep", "x");
  const TemporaryDirectory inside;
  make_directories(inside.path() + "/tree/locked");
  write_file_atomic(inside.path() + "/tree/locked/file", "x");
  ASSERT_EQ(::symlink(outside.path().c_str(), (inside.path() + "/tree/link").c_str()), 0);
  ASSERT_EQ(::chmod((inside.path() + "/tree/locked").c_str(), 0500), 0);
  remove_tree(inside.path() + "/tree");
  EXPECT_FALSE(exists(inside.path() + "/tree"));
  EXPECT_TRUE(exists(outside.path() + "/keep"));
}

TEST(FileLock, SecondHolderIsRefusedUntilTheFirstIsGone) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/lock";
  auto first = FileLock::try_lock(path);
  ASSERT_TRUE(first);
  EXPECT_FALSE(FileLock::try_lock(path));
  first.reset();
  EXPECT_TRUE(FileLock::try_lock(path));
}

TEST(TaskGroup, FirstFailureStopsTheOthersAndIsRethrown) {
  ThreadPool pool("test", 4);
  TaskGroup group(pool, {});
  std::atomic<int> started{0};
  std::atomic<int> stopped{0};
  for (int i = 0; i < 3; ++i) {
    group.run([&](const std::stop_token& stop) {
      ++started;
      while (!stop.stop_requested()) std::this_thread::yield();
      ++stopped;
    });
  }
  group.run([&](const std::stop_token&) {
    while (started < 3) std::this_thread::yield();  // a task that has not begun is not begun any more
    fail(Code::internal, "broken");
  });
  EXPECT_THROW(group.wait(), Error);
  EXPECT_EQ(stopped, 3);
}

TEST(TaskGroup, StopFromOutsideReachesTheTasks) {
  ThreadPool pool("test", 1);
  std::stop_source source;
  TaskGroup group(pool, source.get_token());
  group.run([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
    throw_if_stopped(stop);
  });
  source.request_stop();
  EXPECT_THROW(group.wait(), Cancelled);
}

TEST(Subprocess, CollectsBothStreamsAndTheStatus) {
  const Output output = run_collect({.argv = {"sh", "-c", "cat; echo err >&2; exit 3"}}, "hello");
  EXPECT_EQ(output.out, "hello");
  EXPECT_EQ(output.err, "err\n");
  EXPECT_EQ(output.status.code, 3);
}

TEST(Subprocess, NamesAMissingProgram) {
  try {
    run_collect({.argv = {"no-such-program-here"}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
    EXPECT_NE(error.text().find("no-such-program-here"), std::string::npos);
  }
}

TEST(Subprocess, StopEndsAChildThatIgnoresTerm) {
  std::stop_source source;
  Child child = Child::start({.argv = {"sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"}});
  std::jthread stopper([&] { source.request_stop(); });
  EXPECT_THROW(child.wait(source.get_token(), 100), Cancelled);
}

TEST(Subprocess, PassesDescriptorsToTheirNumbers) {
  const Pipe pipe = make_pipe();
  Child child = Child::start({.argv = {"sh", "-c", "echo from-five >&5"}, .keep = {{pipe.write.get(), 5}}});
  EXPECT_TRUE(child.wait().ok());
  char text[32] = {};
  EXPECT_GT(::read(pipe.read.get(), text, sizeof text), 0);
  EXPECT_STREQ(text, "from-five\n");
}

}  // namespace
}  // namespace base
