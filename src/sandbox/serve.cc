// SPDX-License-Identifier: Apache-2.0
// The helper's request loop: one thread reads, a pool answers.
#include <map>
#include <memory>
#include <stop_token>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/sync.h"
#include "base/task.h"
#include "sandbox/channel.h"
#include "sandbox/helper.h"

namespace sandbox {
namespace {

/// The requests that have not been answered, so that a cancel finds its target.
using Running = base::Sync<std::map<std::uint64_t, std::stop_source>>;

class Server {
 public:
  Server(int socket, const Handlers& handlers, std::size_t threads)
      : socket_(socket), handlers_(handlers), writer_(socket), pool_("helper", threads) {}

  int run() {
    while (auto frame = receive_frame(socket_)) {
      if (frame->kind == FrameKind::request) {
        start(std::move(*frame));
      } else if (frame->kind == FrameKind::cancel) {
        cancel(frame->id);
      }
    }
    for (auto& [id, source] : *running_.lock()) source.request_stop();
    return 0;
  }

 private:
  void start(Frame frame) {
    std::stop_source source;
    running_.lock()->emplace(frame.id, source);
    // std::function wants a copyable target; the frame owns descriptors.
    auto shared = std::make_shared<Frame>(std::move(frame));
    pool_.post([this, shared, stop = source.get_token()] {
      try {
        answer(*shared, stop);
      } catch (const std::exception& error) {
        // The builder is gone; its end of the socket tells the read loop.
        base::log_debug("helper: answer lost: {}", error.what());
      }
    });
  }

  void cancel(std::uint64_t id) {
    std::stop_source source(std::nostopstate);
    {
      const auto running = running_.lock();
      if (const auto found = running->find(id); found != running->end()) source = found->second;
    }
    // Outside the lock: stop callbacks run here, and may wake the thread that answers.
    source.request_stop();
  }

  void answer(Frame& frame, const std::stop_token& stop) {
    try {
      Reply reply = handle(frame, stop);
      running_.lock()->erase(frame.id);
      std::vector<int> fds;
      for (const auto& fd : reply.fds) fds.push_back(fd.get());
      writer_.send(FrameKind::reply, frame.id, reply.result.dump(), fds);
    } catch (const base::Cancelled&) {
      running_.lock()->erase(frame.id);
      writer_.send(FrameKind::cancelled, frame.id, "");
    } catch (const base::Error& error) {
      running_.lock()->erase(frame.id);
      writer_.send(FrameKind::failure, frame.id, encode_error(error));
    } catch (const std::exception& error) {
      running_.lock()->erase(frame.id);
      writer_.send(FrameKind::failure, frame.id, encode_error({base::Code::internal, error.what()}));
    }
  }

  Reply handle(Frame& frame, const std::stop_token& stop) const {
    base::throw_if_stopped(stop);
    const base::Json body = base::Json::parse(frame.body);
    const std::string method = body["method"].string_or("");
    const auto handler = handlers_.find(method);
    if (handler == handlers_.end()) {
      base::fail(base::Code::unimplemented, "the helper knows no method \"{}\"", method);
    }
    return handler->second(body["params"], std::move(frame.fds), stop);
  }

  int socket_;
  const Handlers& handlers_;
  FrameWriter writer_;
  Running running_;
  base::ThreadPool pool_;  // last: its threads use everything above and are joined first
};

}  // namespace

int serve(int socket, const Handlers& handlers, std::size_t max_threads) {
  Server server(socket, handlers, max_threads);
  return server.run();
}

}  // namespace sandbox
