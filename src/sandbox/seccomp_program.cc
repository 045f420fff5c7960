// SPDX-License-Identifier: Apache-2.0
#include "sandbox/seccomp_program.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

#include "base/base64.h"
#include "base/error.h"
#include "sandbox/seccomp_calls.h"
#include "sandbox/seccomp_rules.h"

namespace sandbox {
namespace {

using Program = std::vector<sock_filter>;

/// What happens to a call. Those below `socket` depend on its first argument.
enum class Verdict { refuse, allow, unknown, socket, personality, clone, socketcall };

constexpr std::uint32_t kX32Bit = 0x40000000;
constexpr std::uint32_t kNumberOffset = offsetof(seccomp_data, nr);
constexpr std::uint32_t kArchOffset = offsetof(seccomp_data, arch);
/// The low half of the first argument: all that the kernel looks at in the calls concerned.
constexpr std::uint32_t kArgumentOffset = offsetof(seccomp_data, args);

sock_filter statement(std::uint16_t code, std::uint32_t value) { return {code, 0, 0, value}; }
sock_filter load(std::uint32_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, offset); }
sock_filter answer(std::uint32_t action) { return statement(BPF_RET | BPF_K, action); }
sock_filter jump(std::uint16_t comparison, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
  return {static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), if_true, if_false, value};
}

sock_filter refuse() { return answer(SECCOMP_RET_ERRNO | EPERM); }
sock_filter allow() { return answer(SECCOMP_RET_ALLOW); }

Program verdict_program(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow: return {allow()};
    case Verdict::refuse: return {refuse()};
    case Verdict::unknown: return {answer(SECCOMP_RET_ERRNO | ENOSYS)};
    case Verdict::clone: return {load(kArgumentOffset), jump(BPF_JSET, kNamespaceFlags, 0, 1), refuse(), allow()};
    case Verdict::socket:
      return {load(kArgumentOffset), jump(BPF_JEQ, kAfAlg, 1, 0), jump(BPF_JEQ, kAfVsock, 0, 1), refuse(), allow()};
    case Verdict::socketcall:
      return {load(kArgumentOffset), jump(BPF_JEQ, kSocketcallSocket, 0, 1), answer(SECCOMP_RET_ERRNO | ENOSYS),
              allow()};
    case Verdict::personality: {
      Program program = {load(kArgumentOffset)};
      auto left = static_cast<std::uint8_t>(std::size(kPersonalities));
      for (const auto value : kPersonalities) program.push_back(jump(BPF_JEQ, value, left--, 0));
      program.push_back(refuse());
      program.push_back(allow());
      return program;
    }
  }
  return {refuse()};
}

/// Where each verdict begins to hold: from its number up to the next one's.
using Ranges = std::vector<std::pair<std::uint32_t, Verdict>>;

Ranges ranges_of(const std::map<std::uint32_t, Verdict>& calls, std::uint32_t newest) {
  Ranges ranges = {{0, Verdict::refuse}};
  const auto put = [&](std::uint32_t number, Verdict verdict) {
    if (ranges.back().first == number) ranges.pop_back();
    if (ranges.empty() || ranges.back().second != verdict) ranges.emplace_back(number, verdict);
  };
  for (const auto& [number, verdict] : calls) {
    put(number, verdict);
    ranges.emplace_back(number + 1, Verdict::refuse);
  }
  put(newest + 1, Verdict::unknown);
  return ranges;
}

void append(Program& program, const Program& more) { program.insert(program.end(), more.begin(), more.end()); }

/// A binary search for the number in the accumulator.
Program search(const Ranges& ranges, std::size_t begin, std::size_t end) {
  if (end - begin == 1) return verdict_program(ranges[begin].second);
  const std::size_t middle = begin + (end - begin) / 2;
  const Program below = search(ranges, begin, middle);
  Program program;
  if (below.size() <= UINT8_MAX) {
    program.push_back(jump(BPF_JGE, ranges[middle].first, static_cast<std::uint8_t>(below.size()), 0));
  } else {
    program.push_back(jump(BPF_JGE, ranges[middle].first, 0, 1));
    program.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(below.size())));
  }
  append(program, below);
  append(program, search(ranges, middle, end));
  return program;
}

/// The calls with rules of their own, by their numbers on one architecture.
struct SpecialNumbers {
  std::uint32_t socket;
  std::uint32_t personality;
  std::uint32_t clone;
  std::uint32_t clone3;
  std::uint32_t newest;  ///< the highest number the profile speaks of
};

Program architecture_program(std::int16_t SystemCall::* number, const SpecialNumbers& special, Socketcall socketcall) {
  std::map<std::uint32_t, Verdict> calls;
  for (const auto list : {allowed_system_calls(), architecture_system_calls()}) {
    for (const auto& call : list) {
      if (call.*number < 0) continue;
      const bool judged = call.name == "socketcall" && socketcall == Socketcall::no_socket;
      calls[static_cast<std::uint32_t>(call.*number)] = judged ? Verdict::socketcall : Verdict::allow;
    }
  }
  calls[special.socket] = Verdict::socket;
  calls[special.personality] = Verdict::personality;
  calls[special.clone] = Verdict::clone;
  calls[special.clone3] = Verdict::unknown;
  const Ranges ranges = ranges_of(calls, special.newest);
  return search(ranges, 0, ranges.size());
}

/// Jumps over `body` unless the accumulator compares so.
void append_if(Program& program, std::uint16_t comparison, std::uint32_t value, const Program& body) {
  program.push_back(jump(comparison, value, 1, 0));
  program.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(body.size())));
  append(program, body);
}

Program x86_program(Socketcall socketcall) {
  constexpr SpecialNumbers kX86_64{41, 135, 56, 435, 466};
  constexpr SpecialNumbers kI386{359, 136, 120, 435, 466};
  constexpr SpecialNumbers kX32{41, 135, 56, 435, 547};
  Program x32 = {statement(BPF_ALU | BPF_AND | BPF_K, ~kX32Bit)};
  append(x32, architecture_program(&SystemCall::x32, kX32, socketcall));
  Program native = {load(kNumberOffset)};
  append_if(native, BPF_JGE, kX32Bit, x32);
  append(native, architecture_program(&SystemCall::x86_64, kX86_64, socketcall));
  Program legacy = {load(kNumberOffset)};
  append(legacy, architecture_program(&SystemCall::i386, kI386, socketcall));

  Program program = {load(kArchOffset)};
  append_if(program, BPF_JEQ, AUDIT_ARCH_X86_64, native);
  append_if(program, BPF_JEQ, AUDIT_ARCH_I386, legacy);
  program.push_back(answer(SECCOMP_RET_KILL_THREAD));
  SLIP_CHECK(program.size() <= BPF_MAXINSNS);
  return program;
}

}  // namespace

const std::vector<sock_filter>& seccomp_program([[maybe_unused]] Socketcall socketcall) {
#if defined(__x86_64__)
  static const Program any = x86_program(Socketcall::any);
  static const Program no_socket = x86_program(Socketcall::no_socket);
  return socketcall == Socketcall::any ? any : no_socket;
#else
  static const Program program;
  return program;
#endif
}

const std::string& seccomp_program_text(Socketcall socketcall) {
  const auto text_of = [](const Program& program) {
    return base::base64_encode({reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)});
  };
  static const std::string any = text_of(seccomp_program(Socketcall::any));
  static const std::string no_socket = text_of(seccomp_program(Socketcall::no_socket));
  return socketcall == Socketcall::any ? any : no_socket;
}

}  // namespace sandbox
