// SPDX-License-Identifier: Apache-2.0
#include "sandbox/seccomp_calls.h"

namespace sandbox {
namespace {

// clang-format off
constexpr SystemCall kAllowed[] = {
    {"_llseek", -1, 140, -1}, {"_newselect", -1, 142, -1}, {"accept", 43, -1, 43}, {"accept4", 288, 364, 288},
    {"access", 21, 33, 21}, {"adjtimex", 159, 124, 159}, {"alarm", 37, 27, 37}, {"bind", 49, 361, 49},
    {"brk", 12, 45, 12}, {"cachestat", 451, 451, 451}, {"capget", 125, 184, 125}, {"capset", 126, 185, 126},
    {"chdir", 80, 12, 80}, {"chmod", 90, 15, 90}, {"chown", 92, 182, 92}, {"chown32", -1, 212, -1},
    {"chroot", 161, 61, 161}, {"clock_adjtime", 305, 343, 305}, {"clock_adjtime64", -1, 405, -1},
    {"clock_getres", 229, 266, 229}, {"clock_getres_time64", -1, 406, -1}, {"clock_gettime", 228, 265, 228},
    {"clock_gettime64", -1, 403, -1}, {"clock_nanosleep", 230, 267, 230}, {"clock_nanosleep_time64", -1, 407, -1},
    {"close", 3, 6, 3}, {"close_range", 436, 436, 436}, {"connect", 42, 362, 42}, {"copy_file_range", 326, 377, 326},
    {"creat", 85, 8, 85}, {"dup", 32, 41, 32}, {"dup2", 33, 63, 33}, {"dup3", 292, 330, 292},
    {"epoll_create", 213, 254, 213}, {"epoll_create1", 291, 329, 291}, {"epoll_ctl", 233, 255, 233},
    {"epoll_ctl_old", 214, -1, -1}, {"epoll_pwait", 281, 319, 281}, {"epoll_pwait2", 441, 441, 441},
    {"epoll_wait", 232, 256, 232}, {"epoll_wait_old", 215, -1, -1}, {"eventfd", 284, 323, 284},
    {"eventfd2", 290, 328, 290}, {"execve", 59, 11, 520}, {"execveat", 322, 358, 545}, {"exit", 60, 1, 60},
    {"exit_group", 231, 252, 231}, {"faccessat", 269, 307, 269}, {"faccessat2", 439, 439, 439},
    {"fadvise64", 221, 250, 221}, {"fadvise64_64", -1, 272, -1}, {"fallocate", 285, 324, 285},
    {"fanotify_mark", 301, 339, 301}, {"fchdir", 81, 133, 81}, {"fchmod", 91, 94, 91}, {"fchmodat", 268, 306, 268},
    {"fchmodat2", 452, 452, 452}, {"fchown", 93, 95, 93}, {"fchown32", -1, 207, -1}, {"fchownat", 260, 298, 260},
    {"fcntl", 72, 55, 72}, {"fcntl64", -1, 221, -1}, {"fdatasync", 75, 148, 75}, {"fgetxattr", 193, 231, 193},
    {"flistxattr", 196, 234, 196}, {"flock", 73, 143, 73}, {"fork", 57, 2, 57}, {"fremovexattr", 199, 237, 199},
    {"fsetxattr", 190, 228, 190}, {"fstat", 5, 108, 5}, {"fstat64", -1, 197, -1}, {"fstatat64", -1, 300, -1},
    {"fstatfs", 138, 100, 138}, {"fstatfs64", -1, 269, -1}, {"fsync", 74, 118, 74}, {"ftruncate", 77, 93, 77},
    {"ftruncate64", -1, 194, -1}, {"futex", 202, 240, 202}, {"futex_requeue", 456, 456, 456},
    {"futex_time64", -1, 422, -1}, {"futex_wait", 455, 455, 455}, {"futex_waitv", 449, 449, 449},
    {"futex_wake", 454, 454, 454}, {"futimesat", 261, 299, 261}, {"get_robust_list", 274, 312, 531},
    {"get_thread_area", 211, 244, -1}, {"getcpu", 309, 318, 309}, {"getcwd", 79, 183, 79}, {"getdents", 78, 141, 78},
    {"getdents64", 217, 220, 217}, {"getegid", 108, 50, 108}, {"getegid32", -1, 202, -1}, {"geteuid", 107, 49, 107},
    {"geteuid32", -1, 201, -1}, {"getgid", 104, 47, 104}, {"getgid32", -1, 200, -1}, {"getgroups", 115, 80, 115},
    {"getgroups32", -1, 205, -1}, {"getitimer", 36, 105, 36}, {"getpeername", 52, 368, 52},
    {"getpgid", 121, 132, 121}, {"getpgrp", 111, 65, 111}, {"getpid", 39, 20, 39}, {"getppid", 110, 64, 110},
    {"getpriority", 140, 96, 140}, {"getrandom", 318, 355, 318}, {"getresgid", 120, 171, 120},
    {"getresgid32", -1, 211, -1}, {"getresuid", 118, 165, 118}, {"getresuid32", -1, 209, -1},
    {"getrlimit", 97, 76, 97}, {"getrusage", 98, 77, 98}, {"getsid", 124, 147, 124}, {"getsockname", 51, 367, 51},
    {"getsockopt", 55, 365, 542}, {"gettid", 186, 224, 186}, {"gettimeofday", 96, 78, 96}, {"getuid", 102, 24, 102},
    {"getuid32", -1, 199, -1}, {"getxattr", 191, 229, 191}, {"getxattrat", 464, 464, 464},
    {"inotify_add_watch", 254, 292, 254}, {"inotify_init", 253, 291, 253}, {"inotify_init1", 294, 332, 294},
    {"inotify_rm_watch", 255, 293, 255}, {"io_cancel", 210, 249, 210}, {"io_destroy", 207, 246, 207},
    {"io_getevents", 208, 247, 208}, {"io_pgetevents", 333, 385, 333}, {"io_pgetevents_time64", -1, 416, -1},
    {"io_setup", 206, 245, 543}, {"io_submit", 209, 248, 544}, {"ioctl", 16, 54, 514}, {"ioprio_get", 252, 290, 252},
    {"ioprio_set", 251, 289, 251}, {"ipc", -1, 117, -1}, {"kill", 62, 37, 62}, {"landlock_add_rule", 445, 445, 445},
    {"landlock_create_ruleset", 444, 444, 444}, {"landlock_restrict_self", 446, 446, 446}, {"lchown", 94, 16, 94},
    {"lchown32", -1, 198, -1}, {"lgetxattr", 192, 230, 192}, {"link", 86, 9, 86}, {"linkat", 265, 303, 265},
    {"listen", 50, 363, 50}, {"listmount", 458, 458, 458}, {"listxattr", 194, 232, 194},
    {"listxattrat", 465, 465, 465}, {"llistxattr", 195, 233, 195}, {"lremovexattr", 198, 236, 198},
    {"lseek", 8, 19, 8}, {"lsetxattr", 189, 227, 189}, {"lstat", 6, 107, 6}, {"lstat64", -1, 196, -1},
    {"madvise", 28, 219, 28}, {"map_shadow_stack", 453, 453, 453}, {"membarrier", 324, 375, 324},
    {"memfd_create", 319, 356, 319}, {"memfd_secret", 447, 447, 447}, {"mincore", 27, 218, 27}, {"mkdir", 83, 39, 83},
    {"mkdirat", 258, 296, 258}, {"mknod", 133, 14, 133}, {"mknodat", 259, 297, 259}, {"mlock", 149, 150, 149},
    {"mlock2", 325, 376, 325}, {"mlockall", 151, 152, 151}, {"mmap", 9, 90, 9}, {"mmap2", -1, 192, -1},
    {"mprotect", 10, 125, 10}, {"mq_getsetattr", 245, 282, 245}, {"mq_notify", 244, 281, 527},
    {"mq_open", 240, 277, 240}, {"mq_timedreceive", 243, 280, 243}, {"mq_timedreceive_time64", -1, 419, -1},
    {"mq_timedsend", 242, 279, 242}, {"mq_timedsend_time64", -1, 418, -1}, {"mq_unlink", 241, 278, 241},
    {"mremap", 25, 163, 25}, {"mseal", 462, 462, 462}, {"msgctl", 71, 402, 71}, {"msgget", 68, 399, 68},
    {"msgrcv", 70, 401, 70}, {"msgsnd", 69, 400, 69}, {"msync", 26, 144, 26}, {"munlock", 150, 151, 150},
    {"munlockall", 152, 153, 152}, {"munmap", 11, 91, 11}, {"name_to_handle_at", 303, 341, 303},
    {"nanosleep", 35, 162, 35}, {"newfstatat", 262, -1, 262}, {"open", 2, 5, 2}, {"openat", 257, 295, 257},
    {"openat2", 437, 437, 437}, {"pause", 34, 29, 34}, {"pidfd_open", 434, 434, 434},
    {"pidfd_send_signal", 424, 424, 424}, {"pipe", 22, 42, 22}, {"pipe2", 293, 331, 293},
    {"pkey_alloc", 330, 381, 330}, {"pkey_free", 331, 382, 331}, {"pkey_mprotect", 329, 380, 329},
    {"poll", 7, 168, 7}, {"ppoll", 271, 309, 271}, {"ppoll_time64", -1, 414, -1}, {"prctl", 157, 172, 157},
    {"pread64", 17, 180, 17}, {"preadv", 295, 333, 534}, {"preadv2", 327, 378, 546}, {"prlimit64", 302, 340, 302},
    {"process_mrelease", 448, 448, 448}, {"process_vm_readv", 310, 347, 539}, {"process_vm_writev", 311, 348, 540},
    {"pselect6", 270, 308, 270}, {"pselect6_time64", -1, 413, -1}, {"ptrace", 101, 26, 521},
    {"pwrite64", 18, 181, 18}, {"pwritev", 296, 334, 535}, {"pwritev2", 328, 379, 547}, {"read", 0, 3, 0},
    {"readahead", 187, 225, 187}, {"readlink", 89, 85, 89}, {"readlinkat", 267, 305, 267}, {"readv", 19, 145, 515},
    {"recv", -1, -1, -1}, {"recvfrom", 45, 371, 517}, {"recvmmsg", 299, 337, 537}, {"recvmmsg_time64", -1, 417, -1},
    {"recvmsg", 47, 372, 519}, {"remap_file_pages", 216, 257, 216}, {"removexattr", 197, 235, 197},
    {"removexattrat", 466, 466, 466}, {"rename", 82, 38, 82}, {"renameat", 264, 302, 264},
    {"renameat2", 316, 353, 316}, {"restart_syscall", 219, 0, 219}, {"riscv_hwprobe", -1, -1, -1},
    {"rmdir", 84, 40, 84}, {"rseq", 334, 386, 334}, {"rt_sigaction", 13, 174, 512}, {"rt_sigpending", 127, 176, 522},
    {"rt_sigprocmask", 14, 175, 14}, {"rt_sigqueueinfo", 129, 178, 524}, {"rt_sigreturn", 15, 173, 513},
    {"rt_sigsuspend", 130, 179, 130}, {"rt_sigtimedwait", 128, 177, 523}, {"rt_sigtimedwait_time64", -1, 421, -1},
    {"rt_tgsigqueueinfo", 297, 335, 536}, {"sched_get_priority_max", 146, 159, 146},
    {"sched_get_priority_min", 147, 160, 147}, {"sched_getaffinity", 204, 242, 204}, {"sched_getattr", 315, 352, 315},
    {"sched_getparam", 143, 155, 143}, {"sched_getscheduler", 145, 157, 145},
    {"sched_rr_get_interval", 148, 161, 148}, {"sched_rr_get_interval_time64", -1, 423, -1},
    {"sched_setaffinity", 203, 241, 203}, {"sched_setattr", 314, 351, 314}, {"sched_setparam", 142, 154, 142},
    {"sched_setscheduler", 144, 156, 144}, {"sched_yield", 24, 158, 24}, {"seccomp", 317, 354, 317},
    {"select", 23, 82, 23}, {"semctl", 66, 394, 66}, {"semget", 64, 393, 64}, {"semop", 65, -1, 65},
    {"semtimedop", 220, -1, 220}, {"semtimedop_time64", -1, 420, -1}, {"send", -1, -1, -1}, {"sendfile", 40, 187, 40},
    {"sendfile64", -1, 239, -1}, {"sendmmsg", 307, 345, 538}, {"sendmsg", 46, 370, 518}, {"sendto", 44, 369, 44},
    {"set_robust_list", 273, 311, 530}, {"set_thread_area", 205, 243, -1}, {"set_tid_address", 218, 258, 218},
    {"setfsgid", 123, 139, 123}, {"setfsgid32", -1, 216, -1}, {"setfsuid", 122, 138, 122},
    {"setfsuid32", -1, 215, -1}, {"setgid", 106, 46, 106}, {"setgid32", -1, 214, -1}, {"setgroups", 116, 81, 116},
    {"setgroups32", -1, 206, -1}, {"setitimer", 38, 104, 38}, {"setpgid", 109, 57, 109},
    {"setpriority", 141, 97, 141}, {"setregid", 114, 71, 114}, {"setregid32", -1, 204, -1},
    {"setresgid", 119, 170, 119}, {"setresgid32", -1, 210, -1}, {"setresuid", 117, 164, 117},
    {"setresuid32", -1, 208, -1}, {"setreuid", 113, 70, 113}, {"setreuid32", -1, 203, -1},
    {"setrlimit", 160, 75, 160}, {"setsid", 112, 66, 112}, {"setsockopt", 54, 366, 541}, {"setuid", 105, 23, 105},
    {"setuid32", -1, 213, -1}, {"setxattr", 188, 226, 188}, {"setxattrat", 463, 463, 463}, {"shmat", 30, 397, 30},
    {"shmctl", 31, 396, 31}, {"shmdt", 67, 398, 67}, {"shmget", 29, 395, 29}, {"shutdown", 48, 373, 48},
    {"sigaltstack", 131, 186, 525}, {"signalfd", 282, 321, 282}, {"signalfd4", 289, 327, 289},
    {"sigprocmask", -1, 126, -1}, {"sigreturn", -1, 119, -1}, {"socketcall", -1, 102, -1},
    {"socketpair", 53, 360, 53}, {"splice", 275, 313, 275}, {"stat", 4, 106, 4}, {"stat64", -1, 195, -1},
    {"statfs", 137, 99, 137}, {"statfs64", -1, 268, -1}, {"statmount", 457, 457, 457}, {"statx", 332, 383, 332},
    {"symlink", 88, 83, 88}, {"symlinkat", 266, 304, 266}, {"sync", 162, 36, 162}, {"sync_file_range", 277, 314, 277},
    {"syncfs", 306, 344, 306}, {"sysinfo", 99, 116, 99}, {"tee", 276, 315, 276}, {"tgkill", 234, 270, 234},
    {"time", 201, 13, 201}, {"timer_create", 222, 259, 526}, {"timer_delete", 226, 263, 226},
    {"timer_getoverrun", 225, 262, 225}, {"timer_gettime", 224, 261, 224}, {"timer_gettime64", -1, 408, -1},
    {"timer_settime", 223, 260, 223}, {"timer_settime64", -1, 409, -1}, {"timerfd_create", 283, 322, 283},
    {"timerfd_gettime", 287, 326, 287}, {"timerfd_gettime64", -1, 410, -1}, {"timerfd_settime", 286, 325, 286},
    {"timerfd_settime64", -1, 411, -1}, {"times", 100, 43, 100}, {"tkill", 200, 238, 200}, {"truncate", 76, 92, 76},
    {"truncate64", -1, 193, -1}, {"ugetrlimit", -1, 191, -1}, {"umask", 95, 60, 95}, {"uname", 63, 122, 63},
    {"unlink", 87, 10, 87}, {"unlinkat", 263, 301, 263}, {"uretprobe", 335, -1, 335}, {"utime", 132, 30, 132},
    {"utimensat", 280, 320, 280}, {"utimensat_time64", -1, 412, -1}, {"utimes", 235, 271, 235},
    {"vfork", 58, 190, 58}, {"vmsplice", 278, 316, 532}, {"wait4", 61, 114, 61}, {"waitid", 247, 284, 529},
    {"waitpid", -1, 7, -1}, {"write", 1, 4, 1}, {"writev", 20, 146, 516},
};
// clang-format on

#if defined(__x86_64__)
constexpr SystemCall kArchitecture[] = {{"arch_prctl", 158, 384, 158}, {"modify_ldt", 154, 123, 154}};
#elif defined(__aarch64__)
constexpr SystemCall kArchitecture[] = {{"arm_fadvise64_64", -1, -1, -1}, {"arm_sync_file_range", -1, -1, -1},
                                        {"breakpoint", -1, -1, -1},       {"cacheflush", -1, -1, -1},
                                        {"set_tls", -1, -1, -1},          {"sync_file_range2", -1, -1, -1}};
#elif defined(__riscv)
constexpr SystemCall kArchitecture[] = {{"riscv_flush_icache", -1, -1, -1}};
#else
#error "the seccomp profile does not know this architecture yet"
#endif

}  // namespace

std::span<const SystemCall> allowed_system_calls() { return kAllowed; }
std::span<const SystemCall> architecture_system_calls() { return kArchitecture; }

}  // namespace sandbox
