// SPDX-License-Identifier: Apache-2.0
#include "sandbox/seccomp.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sandbox/seccomp_calls.h"
#include "sandbox/seccomp_program.h"

namespace sandbox {
namespace {

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::uint32_t kX32 = 0x40000000;

/// Runs the program as the kernel would.
std::uint32_t run(std::uint32_t arch, std::uint32_t number, std::uint64_t argument = 0,
                  Socketcall socketcall = Socketcall::any) {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = arch;
  data.args[0] = argument;
  std::uint32_t a = 0;
  const auto& program = seccomp_program(socketcall);
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const sock_filter& op = program[pc];
    const auto branch = [&](bool taken) { pc += taken ? op.jt : op.jf; };
    switch (op.code) {
      case BPF_LD | BPF_W | BPF_ABS: std::memcpy(&a, reinterpret_cast<const char*>(&data) + op.k, 4); break;
      case BPF_ALU | BPF_AND | BPF_K: a &= op.k; break;
      case BPF_JMP | BPF_JA: pc += op.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: branch(a == op.k); break;
      case BPF_JMP | BPF_JGE | BPF_K: branch(a >= op.k); break;
      case BPF_JMP | BPF_JSET | BPF_K: branch((a & op.k) != 0); break;
      case BPF_RET | BPF_K: return op.k;
      default: ADD_FAILURE() << "unknown instruction " << op.code; return 0;
    }
  }
  ADD_FAILURE() << "the program has no end";
  return 0;
}

std::uint32_t run64(std::uint32_t number, std::uint64_t argument = 0) {
  return run(AUDIT_ARCH_X86_64, number, argument);
}

class SeccompProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    if (seccomp_program(Socketcall::any).empty()) GTEST_SKIP() << "no program for this architecture";
  }
};

TEST_F(SeccompProgram, AllowsEachAllowedCallOnEachArchitecture) {
  for (const auto& call : allowed_system_calls()) {
    const auto expect = [&](std::uint32_t arch, std::uint32_t bit, std::int16_t number) {
      if (number >= 0) {
        EXPECT_EQ(run(arch, bit | static_cast<std::uint32_t>(number)), kAllow) << call.name;
      }
    };
    expect(AUDIT_ARCH_X86_64, 0, call.x86_64);
    expect(AUDIT_ARCH_I386, 0, call.i386);
    expect(AUDIT_ARCH_X86_64, kX32, call.x32);
  }
}

TEST_F(SeccompProgram, RefusesEveryOtherNumberThatHasACall) {
  for (std::uint32_t number = 0; number <= 466; ++number) {
    const auto calls = allowed_system_calls();
    const bool allowed = std::any_of(calls.begin(), calls.end(),
                                     [&](const SystemCall& call) { return call.x86_64 == static_cast<int>(number); });
    const bool special =
        number == 41 || number == 135 || number == 56 || number == 435 || number == 158 || number == 154;
    if (!allowed && !special) {
      EXPECT_EQ(run64(number), kRefuse) << number;
    }
  }
  for (const std::uint32_t number :
       {165U, 272U, 321U, 155U, 246U, 304U}) {  // mount unshare bpf pivot_root kexec_load …
    EXPECT_EQ(run64(number), kRefuse) << number;
  }
}

TEST_F(SeccompProgram, SaysThatCallsNewerThanTheProfileDoNotExist) {
  for (const std::uint32_t number : {435U, 467U, 1000U, 0x3fffffffU}) EXPECT_EQ(run64(number), kUnknown) << number;
  EXPECT_EQ(run64(0xffffffffU), kUnknown);
  EXPECT_EQ(run(AUDIT_ARCH_I386, 467), kUnknown);
  EXPECT_EQ(run(AUDIT_ARCH_X86_64, kX32 | 548U), kUnknown);
}

TEST_F(SeccompProgram, LooksAtTheAddressFamilyOfSockets) {
  for (const std::uint64_t family : {0U, 1U, 2U, 10U, 16U, 37U, 39U, 41U}) EXPECT_EQ(run64(41, family), kAllow);
  for (const std::uint64_t family : {38U, 40U}) EXPECT_EQ(run64(41, family), kRefuse);
  EXPECT_EQ(run64(41, (1ULL << 32) | 38), kRefuse) << "the kernel ignores the upper half, so it must not help";
  EXPECT_EQ(run(AUDIT_ARCH_I386, 359, 40), kRefuse);
}

TEST_F(SeccompProgram, MakesNoSocketsWhoseFamilyItCannotSeeInAClosedNetwork) {
  constexpr std::uint32_t kSocketcall = 102;
  constexpr auto kClosed = Socketcall::no_socket;
  EXPECT_EQ(run(AUDIT_ARCH_I386, kSocketcall, 1), kAllow);
  EXPECT_EQ(run(AUDIT_ARCH_I386, kSocketcall, 1, kClosed), kUnknown);
  EXPECT_EQ(run(AUDIT_ARCH_I386, kSocketcall, (1ULL << 32) | 1, kClosed), kUnknown) << "the upper half is nothing";
  for (const std::uint64_t other : {0U, 2U, 3U, 8U, 11U, 20U}) {
    EXPECT_EQ(run(AUDIT_ARCH_I386, kSocketcall, other, kClosed), kAllow) << other;
  }
  // The rest is the same; 102 is another call elsewhere.
  EXPECT_EQ(run(AUDIT_ARCH_I386, 359, 1, kClosed), kAllow);
  EXPECT_EQ(run(AUDIT_ARCH_I386, 359, 40, kClosed), kRefuse);
  EXPECT_EQ(run(AUDIT_ARCH_X86_64, 102, 1, kClosed), kAllow);
  EXPECT_EQ(run(AUDIT_ARCH_X86_64, 41, 40, kClosed), kRefuse);
}

TEST_F(SeccompProgram, LooksAtTheFlagsOfClone) {
  EXPECT_EQ(run64(56, 0x01200011), kAllow);  // fork
  for (const std::uint64_t flag :
       {0x00020000U, 0x02000000U, 0x04000000U, 0x08000000U, 0x10000000U, 0x20000000U, 0x40000000U}) {
    EXPECT_EQ(run64(56, flag | 17), kRefuse) << flag;
    EXPECT_EQ(run(AUDIT_ARCH_I386, 120, flag | 17), kRefuse) << flag;
    EXPECT_EQ(run(AUDIT_ARCH_X86_64, kX32 | 56U, flag | 17), kRefuse) << flag;
  }
}

TEST_F(SeccompProgram, KnowsFivePersonalities) {
  for (const std::uint64_t value : {0x0U, 0x8U, 0x20000U, 0x20008U, 0xffffffffU}) EXPECT_EQ(run64(135, value), kAllow);
  EXPECT_EQ(run64(135, 0x0040000), kRefuse);  // ADDR_NO_RANDOMIZE
}

TEST_F(SeccompProgram, EndsProcessesOfUnknownArchitectures) {
  EXPECT_EQ(run(AUDIT_ARCH_AARCH64, 0), static_cast<std::uint32_t>(SECCOMP_RET_KILL_THREAD));
}

TEST_F(SeccompProgram, HasItsTextInBase64) {
  for (const auto socketcall : {Socketcall::any, Socketcall::no_socket}) {
    const std::string& text = seccomp_program_text(socketcall);
    EXPECT_EQ(text.size(), (seccomp_program(socketcall).size() * 8 + 2) / 3 * 4);
    EXPECT_EQ(text.substr(0, 8), "IAAAAAQA");  // load the architecture
  }
}

TEST(SeccompProfile, NamesEachCallOnceAndRefusesByDefault) {
  const base::Json profile = seccomp_profile();
  EXPECT_EQ(profile["defaultAction"].as_string(), "SCMP_ACT_ERRNO");
  EXPECT_EQ(profile["defaultErrnoRet"].as_int(), EPERM);
  const auto names = profile["syscalls"].items().at(0)["names"].string_items();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  for (const char* refused : {"mount", "unshare", "setns", "bpf", "keyctl", "kexec_load", "io_uring_setup", "swapon"}) {
    EXPECT_EQ(std::find(names.begin(), names.end(), refused), names.end()) << refused;
  }
}

}  // namespace
}  // namespace sandbox
