// SPDX-License-Identifier: Apache-2.0
#include "oci/testing/fake_registry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "base/base64.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/strings.h"
#include "oci/media_type.h"
#include "oci/url.h"

namespace oci::testing {
namespace {

constexpr std::string_view kToken = "fake-token";

/// Reads requests from and writes replies to one connection.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}

  std::optional<FakeRequest> read() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!more() || buffer_[0] == '\x16') return std::nullopt;  // a TLS client
    }
    FakeRequest request;
    const auto lines = base::split(buffer_.substr(0, end), '\n');
    const auto first = base::split(base::trim(lines[0]), ' ');
    if (first.size() < 2) return std::nullopt;
    request.method = first[0];
    request.target = first[1];
    for (std::size_t i = 1; i < lines.size(); ++i) {
      if (const auto parts = base::cut(lines[i], ":")) {
        request.headers[base::lower(parts->first)] = std::string(base::trim(parts->second));
      }
    }
    buffer_.erase(0, end + 4);
    const auto length = base::parse_int(request.header("content-length")).value_or(0);
    while (buffer_.size() < static_cast<std::size_t>(length)) {
      if (!more()) return std::nullopt;
    }
    request.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return request;
  }

  /// True when the connection may be used again.
  bool write(const FakeReply& reply, bool head_only) {
    if (reply.connection == FakeReply::Connection::reset) {
      // Unread bytes or a zero linger make the kernel send RST instead of FIN.
      const linger now{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      return false;
    }
    std::string head = base::format("HTTP/1.1 {} X\r\n", reply.status);
    for (const auto& [name, value] : reply.headers) head += base::format("{}: {}\r\n", name, value);
    const bool length = reply.framing == FakeReply::Framing::length;
    if (length) head += base::format("Content-Length: {}\r\n", reply.claim_length.value_or(reply.body.size()));
    head += "\r\n";
    if (!send(head)) return false;
    if (head_only) return true;
    if (reply.cut_after) {
      send(std::string_view(reply.body).substr(0, *reply.cut_after));
      return false;
    }
    do {
      if (!send(reply.body)) return false;
    } while (reply.framing == FakeReply::Framing::endless);
    return length && !reply.claim_length;
  }

 private:
  bool more() {
    char chunk[1 << 16];
    const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
    if (got <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(got));
    return true;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  int fd_;
  std::string buffer_;
};

}  // namespace

std::string FakeRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

struct FakeRegistry::State {
  struct StoredManifest {
    std::string media_type;
    std::string bytes;
  };

  mutable std::mutex mutex;
  base::Fd listener;
  int port = 0;
  std::atomic<bool> closing = false;
  std::vector<int> open_sockets;
  std::vector<std::thread> threads;
  std::thread accepter;
  int connections = 0;

  std::map<std::string, std::string> blobs;         // digest text
  std::map<std::string, StoredManifest> manifests;  // "name:reference"
  std::vector<Interceptor> interceptors;
  std::vector<FakeRequest> requests;

  void listen() {
    listener = base::Fd(SLIP_SYSCALL(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SLIP_SYSCALL(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
    SLIP_SYSCALL(::listen(listener.get(), 64), "listen");
    socklen_t size = sizeof address;
    SLIP_SYSCALL(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    port = ntohs(address.sin_port);
    accepter = std::thread([this] { accept_all(); });
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) {
        if (closing) return;
        continue;
      }
      const std::scoped_lock lock(mutex);
      ++connections;
      open_sockets.push_back(fd);
      threads.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection connection(fd);
    while (auto request = connection.read()) {
      const FakeReply reply = answer(*request);
      if (!connection.write(reply, request->method == "HEAD")) break;
    }
    const std::scoped_lock lock(mutex);
    std::erase(open_sockets, fd);
    ::close(fd);
  }

  FakeReply answer(const FakeRequest& request) {
    std::vector<Interceptor> asked;
    {
      const std::scoped_lock lock(mutex);
      requests.push_back(request);
      asked = interceptors;
    }
    for (const Interceptor& interceptor : asked) {
      if (auto reply = interceptor(request)) return *reply;
    }
    const std::scoped_lock lock(mutex);
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path == "/v2/") return {.status = 200};
    if (const auto at = path.find("/manifests/"); at != std::string::npos) return manifest(request, path, at);
    if (const auto at = path.find("/blobs/uploads/"); at != std::string::npos) return upload(request, path, at);
    if (const auto at = path.find("/blobs/"); at != std::string::npos) return blob(request, path.substr(at + 7));
    return {.status = 404};
  }

  FakeReply manifest(const FakeRequest& request, const std::string& path, std::size_t at) {
    const std::string key = path.substr(4, at - 4) + ":" + path.substr(at + 11);
    if (request.method == "PUT") {
      const std::string digest = base::sha256(request.body).str();
      manifests[key] = {request.header("content-type"), request.body};
      manifests[path.substr(4, at - 4) + ":" + digest] = manifests[key];
      return {.status = 201, .headers = {{"Docker-Content-Digest", digest}}};
    }
    const auto found = manifests.find(key);
    if (found == manifests.end()) {
      return {.status = 404, .body = R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})"};
    }
    return {.status = 200,
            .headers = {{"Content-Type", found->second.media_type},
                        {"Docker-Content-Digest", base::sha256(found->second.bytes).str()}},
            .body = found->second.bytes};
  }

  FakeReply blob(const FakeRequest& request, const std::string& digest) {
    const auto found = blobs.find(digest);
    if (found == blobs.end()) return {.status = 404, .body = R"({"errors":[{"code":"BLOB_UNKNOWN"}]})"};
    const std::string range = request.header("range");
    if (!range.starts_with("bytes=")) return {.status = 200, .body = found->second};
    const auto first = static_cast<std::size_t>(base::parse_int(base::split(range.substr(6), '-')[0]).value_or(0));
    if (first >= found->second.size()) return {.status = 416};
    return {.status = 206,
            .headers = {{"Content-Range",
                         base::format("bytes {}-{}/{}", first, found->second.size() - 1, found->second.size())}},
            .body = found->second.substr(first)};
  }

  FakeReply upload(const FakeRequest& request, const std::string& path, std::size_t at) {
    const std::string query = request.target.substr(std::min(request.target.find('?'), request.target.size()));
    const auto digest_at = query.find("sha256%3A");
    const std::string digest = digest_at == std::string::npos ? "" : "sha256:" + query.substr(digest_at + 9, 64);
    if (request.method == "POST") {
      if (query.starts_with("?mount=") && blobs.contains(digest)) return {.status = 201};
      return {.status = 202, .headers = {{"Location", path.substr(0, at) + "/blobs/uploads/session?state=x"}}};
    }
    if (base::sha256(request.body).str() != digest)
      return {.status = 400, .body = R"({"errors":[{"code":"DIGEST_INVALID"}]})"};
    blobs[digest] = request.body;
    return {.status = 201};
  }
};

FakeRegistry::FakeRegistry() : state_(std::make_unique<State>()) { state_->listen(); }

FakeRegistry::~FakeRegistry() {
  state_->closing = true;
  ::shutdown(state_->listener.get(), SHUT_RDWR);
  state_->accepter.join();
  {
    const std::scoped_lock lock(state_->mutex);
    for (const int fd : state_->open_sockets) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : state_->threads) thread.join();
}

int FakeRegistry::port() const { return state_->port; }
std::string FakeRegistry::domain() const { return base::format("127.0.0.1:{}", port()); }

Descriptor FakeRegistry::add_blob(const std::string& bytes, std::string media_type) {
  Descriptor descriptor;
  descriptor.media_type = std::move(media_type);
  descriptor.digest = base::sha256(bytes);
  descriptor.size = bytes.size();
  const std::scoped_lock lock(state_->mutex);
  state_->blobs[descriptor.digest.str()] = bytes;
  return descriptor;
}

Descriptor FakeRegistry::add_manifest(const std::string& name, const std::string& tag, const std::string& media_type,
                                      const std::string& bytes) {
  Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = base::sha256(bytes);
  descriptor.size = bytes.size();
  const std::scoped_lock lock(state_->mutex);
  state_->manifests[name + ":" + tag] = {media_type, bytes};
  state_->manifests[name + ":" + descriptor.digest.str()] = {media_type, bytes};
  return descriptor;
}

FakeImage FakeRegistry::add_image(const std::string& name, const std::string& tag,
                                  const std::vector<std::string>& layers) {
  FakeImage image;
  std::vector<std::string> diff_ids;
  base::Json layer_list = base::Json::array();
  for (const std::string& bytes : layers) {
    image.layers.push_back(add_blob(bytes, std::string(kOciLayer)));
    diff_ids.push_back(image.layers.back().digest.str());
    layer_list.push(to_json(image.layers.back()));
  }
  base::Json rootfs = base::Json::object();
  rootfs.set("type", "layers").set("diff_ids", base::Json::strings(diff_ids));
  base::Json config = base::Json::object();
  config.set("architecture", "amd64").set("os", "linux").set("rootfs", rootfs);
  image.config = add_blob(config.dump(), std::string(kOciConfig));
  base::Json manifest = base::Json::object();
  manifest.set("schemaVersion", 2).set("mediaType", kOciManifest).set("config", to_json(image.config));
  manifest.set("layers", layer_list);
  image.manifest_bytes = manifest.dump();
  image.manifest = add_manifest(name, tag, std::string(kOciManifest), image.manifest_bytes);
  return image;
}

void FakeRegistry::intercept(Interceptor interceptor) {
  const std::scoped_lock lock(state_->mutex);
  state_->interceptors.push_back(std::move(interceptor));
}

void FakeRegistry::require_basic(const std::string& user, const std::string& password) {
  const std::string wanted = "Basic " + base::base64_encode(user + ":" + password);
  intercept([wanted](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.header("authorization") == wanted) return std::nullopt;
    return FakeReply{.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"fake\""}}};
  });
}

void FakeRegistry::require_bearer(const std::string& user, const std::string& password) {
  const std::string realm = url() + "/token";
  const std::string wanted = user.empty() ? "" : "Basic " + base::base64_encode(user + ":" + password);
  intercept([=](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.target.starts_with("/token")) {
      if (request.header("authorization") != wanted) {
        return FakeReply{.status = 401, .body = R"({"details":"incorrect username or password"})"};
      }
      return FakeReply{.status = 200, .body = base::format(R"({{"token":"{}","expires_in":300}})", kToken)};
    }
    if (request.header("authorization") == base::format("Bearer {}", kToken)) return std::nullopt;
    return FakeReply{
        .status = 401,
        .headers = {{"WWW-Authenticate",
                     base::format(R"(Bearer realm="{}",service="fake",scope="repository:x:pull")", realm)}}};
  });
}

std::vector<FakeRequest> FakeRegistry::requests() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->requests;
}

std::size_t FakeRegistry::count(const std::string& method, const std::string& part_of_target) const {
  std::size_t n = 0;
  for (const FakeRequest& request : requests()) {
    if (request.method == method && request.target.find(part_of_target) != std::string::npos) ++n;
  }
  return n;
}

int FakeRegistry::connections() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->connections;
}

bool FakeRegistry::has_blob(const base::Digest& digest) const {
  const std::scoped_lock lock(state_->mutex);
  return state_->blobs.contains(digest.str());
}

std::optional<std::string> FakeRegistry::manifest(const std::string& name, const std::string& reference) const {
  const std::scoped_lock lock(state_->mutex);
  const auto found = state_->manifests.find(name + ":" + reference);
  if (found == state_->manifests.end()) return std::nullopt;
  return found->second.bytes;
}

}  // namespace oci::testing
