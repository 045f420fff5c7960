// SPDX-License-Identifier: Apache-2.0
#include "sandbox/device_gate.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

namespace sandbox {
namespace {

struct DeviceRule {
  int major;
  int minor;  ///< -1 for all
};

/// null, zero, full, random, urandom; tty, ptmx; pseudo terminals.
constexpr std::array kOpenable = {DeviceRule{1, 3}, DeviceRule{1, 5}, DeviceRule{1, 7}, DeviceRule{1, 8},
                                  DeviceRule{1, 9}, DeviceRule{5, 0}, DeviceRule{5, 2}, DeviceRule{136, -1}};

void write_control(const std::string& path, std::string_view text) {
  const base::Fd file = base::open_file(path, O_WRONLY);
  base::with_context([&] { base::write_all(file.get(), text); }, "writing \"{}\" to {}", text, path);
}

std::vector<DeviceRule> openable(FuseDevice fuse) {
  std::vector<DeviceRule> rules(kOpenable.begin(), kOpenable.end());
  if (fuse == FuseDevice::open) rules.push_back({10, 229});
  return rules;
}

void close_v1(const std::string& directory, FuseDevice fuse) {
  write_control(directory + "/devices.deny", "a");
  write_control(directory + "/devices.allow", "c *:* m");
  write_control(directory + "/devices.allow", "b *:* m");
  for (const auto& rule : openable(fuse)) {
    const std::string minor = rule.minor < 0 ? "*" : std::to_string(rule.minor);
    write_control(directory + "/devices.allow", base::format("c {}:{} rwm", rule.major, minor));
  }
}

bpf_insn instruction(std::uint8_t code, std::uint8_t to, std::uint8_t from, std::int16_t offset, std::int32_t value) {
  bpf_insn result{};
  result.code = code;
  result.dst_reg = to & 0xf;
  result.src_reg = from & 0xf;
  result.off = offset;
  result.imm = value;
  return result;
}

bpf_insn load_word(std::uint8_t to, std::int16_t offset) {
  return instruction(BPF_LDX | BPF_W | BPF_MEM, to, BPF_REG_1, offset, 0);
}
bpf_insn compute(std::uint8_t operation, std::uint8_t to, std::int32_t value) {
  return instruction(BPF_ALU | BPF_K | operation, to, 0, 0, value);
}
/// Skips `count` instructions when the register differs from the value.
bpf_insn skip_unless(std::uint8_t which, std::int32_t value, std::int16_t count) {
  return instruction(BPF_JMP | BPF_JNE | BPF_K, which, 0, count, value);
}

void append_verdict(std::vector<bpf_insn>& program, std::int32_t verdict) {
  program.push_back(instruction(BPF_ALU64 | BPF_K | BPF_MOV, BPF_REG_0, 0, 0, verdict));
  program.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

/// The rules as a program over struct bpf_cgroup_dev_ctx: 1 allows, 0 refuses.
std::vector<bpf_insn> gate_program(FuseDevice fuse) {
  std::vector<bpf_insn> program = {
      load_word(BPF_REG_2, offsetof(bpf_cgroup_dev_ctx, access_type)),
      load_word(BPF_REG_3, offsetof(bpf_cgroup_dev_ctx, access_type)),
      load_word(BPF_REG_4, offsetof(bpf_cgroup_dev_ctx, major)),
      load_word(BPF_REG_5, offsetof(bpf_cgroup_dev_ctx, minor)),
      compute(BPF_AND, BPF_REG_2, 0xffff),  // kind of device
      compute(BPF_RSH, BPF_REG_3, 16),      // kind of access
      skip_unless(BPF_REG_3, BPF_DEVCG_ACC_MKNOD, 2),
  };
  append_verdict(program, 1);
  program.push_back(instruction(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_2, 0, 2, BPF_DEVCG_DEV_CHAR));
  append_verdict(program, 0);
  for (const auto& rule : openable(fuse)) {
    if (rule.minor < 0) {
      program.push_back(skip_unless(BPF_REG_4, rule.major, 2));
    } else {
      program.push_back(skip_unless(BPF_REG_4, rule.major, 3));
      program.push_back(skip_unless(BPF_REG_5, rule.minor, 2));
    }
    append_verdict(program, 1);
  }
  append_verdict(program, 0);
  return program;
}

int bpf(int command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

void close_v2(const std::string& directory, FuseDevice fuse) {
  const auto program = gate_program(fuse);
  bpf_attr load;
  std::memset(&load, 0, sizeof load);
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = reinterpret_cast<std::uintptr_t>(program.data());
  load.insn_cnt = static_cast<std::uint32_t>(program.size());
  load.license = reinterpret_cast<std::uintptr_t>("Apache-2.0");
  const base::Fd loaded(SLIP_SYSCALL(bpf(BPF_PROG_LOAD, load), "load the device filter of {}", directory));
  const base::Fd group = base::open_directory(directory);
  bpf_attr attach;
  std::memset(&attach, 0, sizeof attach);
  attach.target_fd = static_cast<std::uint32_t>(group.get());
  attach.attach_bpf_fd = static_cast<std::uint32_t>(loaded.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  SLIP_SYSCALL(bpf(BPF_PROG_ATTACH, attach), "attach the device filter to {}", directory);
}

}  // namespace

std::string device_group_path(CgroupLayout layout, const std::string& name, const std::string& root) {
  return root + (layout == CgroupLayout::v2 ? "" : "/devices") + name;
}

void close_device_gate(CgroupLayout layout, const std::string& directory, FuseDevice fuse) {
  if (layout == CgroupLayout::v2) {
    close_v2(directory, fuse);
  } else {
    close_v1(directory, fuse);
  }
}

void enter_device_gate(CgroupLayout layout, const std::string& name, FuseDevice fuse) {
  const std::string directory = device_group_path(layout, name);
  base::make_directories(directory);
  close_device_gate(layout, directory, fuse);
  write_control(directory + "/cgroup.procs", "0");
}

void remove_device_gate(CgroupLayout layout, const std::string& name) {
  (void)::rmdir(device_group_path(layout, name).c_str());
}

}  // namespace sandbox
