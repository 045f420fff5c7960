// SPDX-License-Identifier: Apache-2.0
#include "ops/ssh_forward.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <list>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/strings.h"

namespace ops {
namespace {

constexpr std::size_t kMaxMessage = 256 << 10;
constexpr std::uint8_t kFailure = 5;
constexpr std::uint8_t kRequestIdentities = 11;
constexpr std::uint8_t kSignRequest = 13;
constexpr int kStartTries = 200;
constexpr int kStartPauseMs = 10;

/// An address for a path of any length, through its directory's descriptor.
sockaddr_un address_of(int directory, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = base::format("/proc/self/fd/{}/{}", directory, name);
  SLIP_CHECK(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

base::Fd new_socket() {
  return base::Fd(static_cast<int>(SLIP_SYSCALL(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket")));
}

/// A connection to the socket at a path; none when nobody listens there.
base::Fd connect_to(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const base::Fd parent(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return {};
  base::Fd socket = new_socket();
  const auto address = address_of(parent.get(), slash == std::string::npos ? path : path.substr(slash + 1));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return socket;
}

/// One message, with its length in front; nothing at the end of the stream, or when it is no message.
std::string read_message(int fd) {
  std::array<unsigned char, 4> head{};
  if (base::read_up_to(fd, head.data(), head.size()) < head.size()) return "";
  const std::size_t length =
      (std::size_t{head[0]} << 24) | (std::size_t{head[1]} << 16) | (std::size_t{head[2]} << 8) | head[3];
  if (length == 0 || length > kMaxMessage) return "";
  std::string message(head.begin(), head.end());
  message.resize(4 + length);
  if (base::read_up_to(fd, message.data() + 4, length) < length) return "";
  return message;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) base::fail_errno(errno, "send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string refusal() { return {'\0', '\0', '\0', '\1', static_cast<char>(kFailure)}; }

bool is_allowed(const std::string& message) {
  const auto type = static_cast<std::uint8_t>(message[4]);
  return type == kRequestIdentities || type == kSignRequest;
}

class Listener final : public SshSocket {
 public:
  Listener(std::string path, std::string agent) : path_(std::move(path)), agent_(std::move(agent)) {
    const auto slash = path_.rfind('/');
    const base::Fd parent = base::open_directory(path_.substr(0, slash));
    const auto address = address_of(parent.get(), path_.substr(slash + 1));
    socket_ = new_socket();
    SLIP_SYSCALL(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                 "make the socket {}", path_);
    SLIP_SYSCALL(::listen(socket_.get(), 16), "listen on {}", path_);
    end_ = base::Fd(static_cast<int>(SLIP_SYSCALL(::eventfd(0, EFD_CLOEXEC), "make an eventfd")));
    thread_ = std::thread([this] { accept_all(); });
  }
  ~Listener() override {
    (void)!::eventfd_write(end_.get(), 1);
    thread_.join();
    for (auto& connection : connections_) {
      ::shutdown(connection.client.get(), SHUT_RDWR);
      connection.thread.join();
    }
    ::unlink(path_.c_str());
  }

  const std::string& path() const override { return path_; }

 private:
  struct Connection {
    base::Fd client;
    std::thread thread;
    std::atomic<bool> ended = false;
  };

  void accept_all() {
    for (;;) {
      pollfd entries[] = {{socket_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}};
      if (::poll(entries, 2, -1) < 0 && errno != EINTR) return;
      if ((entries[1].revents & POLLIN) != 0) return;
      if ((entries[0].revents & POLLIN) == 0) continue;
      base::Fd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) continue;
      forget_ended();
      auto& connection = connections_.emplace_back();
      connection.client = std::move(client);
      connection.thread = std::thread([this, &connection] {
        serve(connection.client.get());
        connection.ended = true;
      });
    }
  }

  void forget_ended() {
    for (auto it = connections_.begin(); it != connections_.end();) {
      if (!it->ended) {
        ++it;
        continue;
      }
      it->thread.join();
      it = connections_.erase(it);
    }
  }

  /// One question, one answer, until either side ends.
  void serve(int client) const {
    try {
      const base::Fd agent = connect_to(agent_);
      for (;;) {
        const std::string question = read_message(client);
        if (question.empty()) break;
        if (!agent || !is_allowed(question)) {
          send_all(client, refusal());
          continue;
        }
        send_all(agent.get(), question);
        const std::string answer = read_message(agent.get());
        send_all(client, answer.empty() ? refusal() : answer);
        if (answer.empty()) break;
      }
    } catch (const std::exception& error) {
      base::log_warn("ssh agent: {}", error.what());
    }
    ::shutdown(client, SHUT_RDWR);
  }

  std::string path_;
  std::string agent_;
  base::Fd socket_;
  base::Fd end_;
  std::thread thread_;
  std::list<Connection> connections_;  ///< only the accepting thread touches the list while it runs
};

}  // namespace

/// An ssh-agent of this build's own, with keys from files.
struct SshForwards::KeyAgent {
  KeyAgent(std::string path, base::Child process) : socket(std::move(path)), child(std::move(process)) {}
  KeyAgent(const KeyAgent&) = delete;
  KeyAgent& operator=(const KeyAgent&) = delete;

  std::string socket;
  base::Child child;

  static std::unique_ptr<KeyAgent> start(const std::string& path, const std::vector<std::string>& keys) {
    base::Command command;
    command.argv = {"ssh-agent", "-D", "-a", path};
    auto agent = std::make_unique<KeyAgent>(path, base::Child::start(command));
    for (int i = 0; i < kStartTries && !connect_to(path); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kStartPauseMs));
    }
    for (const auto& key : keys) add(path, key);
    return agent;
  }

  static void add(const std::string& path, const std::string& key) {
    // ssh-add refuses keys that others can read; what is given on the command line is the user's word.
    base::Command command;
    command.argv = {"ssh-add", "-q", "-"};
    command.environment = {{"SSH_AUTH_SOCK=" + path, "PATH=" + std::string(::getenv("PATH") ? ::getenv("PATH") : ""),
                            "SSH_ASKPASS_REQUIRE=never"}};
    const auto output = base::run_collect(command, base::read_file(key, kMaxMessage));
    if (output.status.ok()) return;
    base::Error error(base::Code::invalid_argument,
                      base::format("--ssh: key {} cannot be used: {}", key, base::trim(output.err)));
    error.set_hint("a key with a passphrase has to be loaded into an agent first: --ssh default");
    throw error;
  }

  ~KeyAgent() {
    child.kill(SIGTERM);
    ::unlink(socket.c_str());
  }
};

SshForwards::SshForwards(std::string directory, std::map<std::string, SshSource> sources)
    : directory_(std::move(directory)), sources_(std::move(sources)) {}

SshForwards::~SshForwards() = default;

void SshForwards::remove_dead() {
  if (cleaned_ || !base::exists(directory_)) return;
  cleaned_ = true;
  for (const auto& name : base::list_directory(directory_)) {
    const std::string path = directory_ + "/" + name;
    // A socket is made and listened to in two steps: a young one may be on its way.
    const auto info = base::lstat_if_exists(path);
    if (info && ::time(nullptr) - info->st_mtime > 60 && !connect_to(path)) ::unlink(path.c_str());
  }
}

std::string SshForwards::agent_of(const std::string& id) {
  const SshSource& source = sources_.at(id);
  if (source.keys.empty()) return source.agent;
  auto& agent = agents_[id];
  if (!agent) agent = KeyAgent::start(directory_ + "/keys-" + base::random_id(12), source.keys);
  return agent->socket;
}

std::unique_ptr<SshSocket> SshForwards::open(const std::string& id) {
  if (!knows(id)) {
    base::Error error(base::Code::not_found, base::format("ssh agent {}: not found", id));
    error.set_hint(id == "default" ? "pass it with --ssh default, which takes the agent at $SSH_AUTH_SOCK"
                                   : base::format("pass it with --ssh {}=SOCKET or --ssh {}=KEY", id, id));
    throw error;
  }
  const std::lock_guard lock(mutex_);
  base::make_directories(directory_, 0700);
  remove_dead();
  const std::string agent = agent_of(id);
  if (!connect_to(agent)) {
    base::fail(base::Code::unavailable, "ssh agent {}: nobody answers at {}", id, agent);
  }
  return std::make_unique<Listener>(directory_ + "/agent-" + base::random_id(12), agent);
}

}  // namespace ops
