// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/exit_codes.h"

namespace cli {
namespace {}  // namespace

Interrupt::Interrupt() : end_(base::make_pipe()) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // NOLINT: a closed pipe is an error of the write
  signals_ = base::Fd(SLIP_SYSCALL(::signalfd(-1, &set, SFD_CLOEXEC), "watch for signals"));
  thread_ = std::thread([this] { watch(); });
}

Interrupt::~Interrupt() {
  end_.write.reset();
  thread_.join();
}

void Interrupt::watch() {
  for (;;) {
    pollfd entries[] = {{signals_.get(), POLLIN, 0}, {end_.read.get(), POLLIN, 0}};
    if (::poll(entries, 2, -1) < 0) continue;
    if (entries[1].revents != 0) return;
    signalfd_siginfo info;
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) continue;
    if (stop_.stop_requested()) ::_exit(kInterrupted);
    stop_.request_stop();
  }
}

}  // namespace cli
