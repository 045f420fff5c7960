// SPDX-License-Identifier: Apache-2.0
#include "sandbox/seccomp.h"

#include <cerrno>

namespace sandbox {
namespace {

constexpr std::string_view kAllowed[] = {
    "_llseek", "_newselect", "accept", "accept4", "access", "adjtimex", "alarm", "bind", "brk", "cachestat", "capget",
    "capset", "chdir", "chmod", "chown", "chown32", "chroot", "clock_adjtime", "clock_adjtime64", "clock_getres",
    "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "close",
    "close_range", "connect", "copy_file_range", "creat", "dup", "dup2", "dup3", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait", "epoll_wait_old", "eventfd",
    "eventfd2", "execve", "execveat", "exit", "exit_group", "faccessat", "faccessat2", "fadvise64", "fadvise64_64",
    "fallocate", "fanotify_mark", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchown32", "fchownat",
    "fcntl", "fcntl64", "fdatasync", "fgetxattr", "flistxattr", "flock", "fork", "fremovexattr", "fsetxattr", "fstat",
    "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "futex", "futex_requeue",
    "futex_time64", "futex_wait", "futex_waitv", "futex_wake", "futimesat", "get_robust_list", "get_thread_area",
    "getcpu", "getcwd", "getdents", "getdents64", "getegid", "getegid32", "geteuid", "geteuid32", "getgid",
    "getgid32", "getgroups", "getgroups32", "getitimer", "getpeername", "getpgid", "getpgrp", "getpid", "getppid",
    "getpriority", "getrandom", "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "getrusage",
    "getsid", "getsockname", "getsockopt", "gettid", "gettimeofday", "getuid", "getuid32", "getxattr", "getxattrat",
    "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "io_cancel", "io_destroy",
    "io_getevents", "io_pgetevents", "io_pgetevents_time64", "io_setup", "io_submit", "ioctl", "ioprio_get",
    "ioprio_set", "ipc", "kill", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "lchown",
    "lchown32", "lgetxattr", "link", "linkat", "listen", "listmount", "listxattr", "listxattrat", "llistxattr",
    "lremovexattr", "lseek", "lsetxattr", "lstat", "lstat64", "madvise", "map_shadow_stack", "membarrier",
    "memfd_create", "memfd_secret", "mincore", "mkdir", "mkdirat", "mknod", "mknodat", "mlock", "mlock2", "mlockall",
    "mmap", "mmap2", "mprotect", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64",
    "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "mremap", "mseal", "msgctl", "msgget", "msgrcv", "msgsnd",
    "msync", "munlock", "munlockall", "munmap", "name_to_handle_at", "nanosleep", "newfstatat", "open", "openat",
    "openat2", "pause", "pidfd_open", "pidfd_send_signal", "pipe", "pipe2", "pkey_alloc", "pkey_free",
    "pkey_mprotect", "poll", "ppoll", "ppoll_time64", "prctl", "pread64", "preadv", "preadv2", "prlimit64",
    "process_mrelease", "process_vm_readv", "process_vm_writev", "pselect6", "pselect6_time64", "ptrace", "pwrite64",
    "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "recv", "recvfrom", "recvmmsg",
    "recvmmsg_time64", "recvmsg", "remap_file_pages", "removexattr", "removexattrat", "rename", "renameat",
    "renameat2", "restart_syscall", "riscv_hwprobe", "rmdir", "rseq", "rt_sigaction", "rt_sigpending",
    "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64",
    "rt_tgsigqueueinfo", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
    "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
    "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield", "seccomp", "select",
    "semctl", "semget", "semop", "semtimedop", "semtimedop_time64", "send", "sendfile", "sendfile64", "sendmmsg",
    "sendmsg", "sendto", "set_robust_list", "set_thread_area", "set_tid_address", "setfsgid", "setfsgid32",
    "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32", "setitimer", "setpgid", "setpriority",
    "setregid", "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32",
    "setrlimit", "setsid", "setsockopt", "setuid", "setuid32", "setxattr", "setxattrat", "shmat", "shmctl", "shmdt",
    "shmget", "shutdown", "sigaltstack", "signalfd", "signalfd4", "sigprocmask", "sigreturn", "socketcall",
    "socketpair", "splice", "stat", "stat64", "statfs", "statfs64", "statmount", "statx", "symlink", "symlinkat",
    "sync", "sync_file_range", "syncfs", "sysinfo", "tee", "tgkill", "time", "timer_create", "timer_delete",
    "timer_getoverrun", "timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64", "timerfd_create",
    "timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64", "times", "tkill", "truncate",
    "truncate64", "ugetrlimit", "umask", "uname", "unlink", "unlinkat", "uretprobe", "utime", "utimensat",
    "utimensat_time64", "utimes", "vfork", "vmsplice", "wait4", "waitid", "waitpid", "write", "writev",
};

/// Further calls that exist on one architecture alone.
#if defined(__x86_64__)
constexpr std::string_view kArchitectureCalls[] = {"arch_prctl", "modify_ldt"};
constexpr std::string_view kArchitectures[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
#elif defined(__aarch64__)
constexpr std::string_view kArchitectureCalls[] = {"arm_fadvise64_64", "arm_sync_file_range", "sync_file_range2",
                                                   "breakpoint",       "cacheflush",          "set_tls"};
constexpr std::string_view kArchitectures[] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
#elif defined(__riscv)
constexpr std::string_view kArchitectureCalls[] = {"riscv_flush_icache"};
constexpr std::string_view kArchitectures[] = {"SCMP_ARCH_RISCV64"};
#else
#error "the seccomp profile does not know this architecture yet"
#endif

/// clone(2) with any of NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWCGROUP makes a namespace.
constexpr std::int64_t kNamespaceFlags = 0x7e020000;
constexpr std::int64_t kAfAlg = 38;
constexpr std::int64_t kAfVsock = 40;
/// PER_LINUX, PER_LINUX32, UNAME26, both, and the question for the current one.
constexpr std::int64_t kPersonalities[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};

base::Json strings(std::span<const std::string_view> values) {
  base::Json array = base::Json::array();
  for (const auto value : values) array.push(value);
  return array;
}

base::Json rule(base::Json names, std::string_view action) {
  base::Json json = base::Json::object();
  json.set("names", std::move(names)).set("action", action);
  return json;
}

/// Allows the call when its first argument compares so; several rules for a call are alternatives.
base::Json argument_rule(std::string_view name, std::string_view op, std::int64_t value) {
  base::Json argument = base::Json::object();
  argument.set("index", 0).set("value", value);
  if (op == "SCMP_CMP_MASKED_EQ") argument.set("valueTwo", 0);
  argument.set("op", op);
  base::Json arguments = base::Json::array();
  arguments.push(std::move(argument));
  base::Json json = rule(base::Json::strings({std::string(name)}), "SCMP_ACT_ALLOW");
  json.set("args", std::move(arguments));
  return json;
}

}  // namespace

std::span<const std::string_view> allowed_system_calls() { return kAllowed; }

base::Json seccomp_profile() {
  base::Json rules = base::Json::array();
  rules.push(rule(strings(kAllowed), "SCMP_ACT_ALLOW"));
  rules.push(rule(strings(kArchitectureCalls), "SCMP_ACT_ALLOW"));
  rules.push(argument_rule("socket", "SCMP_CMP_LT", kAfAlg));
  rules.push(argument_rule("socket", "SCMP_CMP_EQ", kAfAlg + 1));
  rules.push(argument_rule("socket", "SCMP_CMP_GT", kAfVsock));
  for (const auto value : kPersonalities) rules.push(argument_rule("personality", "SCMP_CMP_EQ", value));
  rules.push(argument_rule("clone", "SCMP_CMP_MASKED_EQ", kNamespaceFlags));
  base::Json clone3 = rule(base::Json::strings({"clone3"}), "SCMP_ACT_ERRNO");
  clone3.set("errnoRet", ENOSYS);
  rules.push(std::move(clone3));
  base::Json profile = base::Json::object();
  profile.set("defaultAction", "SCMP_ACT_ERRNO").set("defaultErrnoRet", EPERM);
  profile.set("architectures", strings(kArchitectures)).set("syscalls", std::move(rules));
  return profile;
}

}  // namespace sandbox
