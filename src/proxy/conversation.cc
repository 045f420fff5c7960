// SPDX-License-Identifier: Apache-2.0
#include "proxy/conversation.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/strings.h"
#include "base/task.h"

#include "proxy/address.h"

namespace proxy {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
using ErrorCode = boost::system::error_code;

constexpr std::size_t kMaxHead = 64U << 10;
/// The longest that is registered has 18 characters.
constexpr std::size_t kMaxMethod = 32;
constexpr std::uint64_t kMaxBody = 4ULL << 30;
/// How long a client may say nothing.
constexpr int kPatienceMs = 300'000;
constexpr int kFarewellMs = 2'000;

/// A connected socket as Asio wants one, read and written with patience, and no longer than until the end.
class PatientSocket {
 public:
  using lowest_layer_type = PatientSocket;
  using executor_type = net::io_context::executor_type;

  PatientSocket(net::io_context& context, int socket, int end) : context_(context), socket_(socket), end_(end) {}

  executor_type get_executor() { return context_.get_executor(); }
  lowest_layer_type& lowest_layer() { return *this; }
  void set_patience(int milliseconds) { patience_ms_ = milliseconds; }

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, ErrorCode& error) {
    for (auto it = net::buffer_sequence_begin(buffers); it != net::buffer_sequence_end(buffers); ++it) {
      const net::mutable_buffer part(*it);
      if (part.size() != 0) return receive(part.data(), part.size(), error);
    }
    error = {};
    return 0;
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    ErrorCode error;
    const std::size_t got = read_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return got;
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, ErrorCode& error) {
    for (auto it = net::buffer_sequence_begin(buffers); it != net::buffer_sequence_end(buffers); ++it) {
      const net::const_buffer part(*it);
      if (part.size() != 0) return send(part.data(), part.size(), error);
    }
    error = {};
    return 0;
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    ErrorCode error;
    const std::size_t put = write_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return put;
  }

 private:
  /// Whether the socket can be used so now; otherwise the error says why not.
  bool wait(short events, int timeout_ms, ErrorCode& error) const {
    std::array<pollfd, 2> entries{pollfd{socket_, events, 0}, pollfd{end_, POLLIN, 0}};
    const int ready = ::poll(entries.data(), entries.size(), timeout_ms);
    // What was said before the end still counts.
    const bool readable = events == POLLIN && entries[0].revents != 0;
    error = {};
    if (ready < 0 && errno != EINTR) error.assign(errno, boost::system::system_category());
    if (ready == 0) error = net::error::timed_out;
    if (entries[1].revents != 0 && !readable) error = net::error::operation_aborted;
    return !error;
  }

  std::size_t receive(void* data, std::size_t size, ErrorCode& error) const {
    while (wait(POLLIN, patience_ms_, error)) {
      const auto got = ::recv(socket_, data, size, MSG_DONTWAIT);
      if (got > 0) return static_cast<std::size_t>(got);
      if (got == 0) {
        error = net::error::eof;
        return 0;
      }
      if (errno == EAGAIN || errno == EINTR) continue;
      error.assign(errno, boost::system::system_category());
      return 0;
    }
    return 0;
  }

  /// A client may take its time to read: its step waits for nobody else.
  std::size_t send(const void* data, std::size_t size, ErrorCode& error) const {
    while (wait(POLLOUT, -1, error)) {
      const auto put = ::send(socket_, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (put >= 0) return static_cast<std::size_t>(put);
      if (errno == EAGAIN || errno == EINTR) continue;
      error.assign(errno, boost::system::system_category());
      return 0;
    }
    return 0;
  }

  net::io_context& context_;
  int socket_;
  int end_;
  int patience_ms_ = kPatienceMs;
};

[[noreturn]] void client_gone(const ErrorCode& error) {
  base::fail(base::Code::unavailable, "a client of the proxy has gone: {}", error.message());
}

bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
}
bool is_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); });
}

/// Writes an answer in HTTP/1.x.
template <typename Stream>
class HttpAnswer final : public Answer {
 public:
  /// `persists`: whether the client would go on with the connection.
  HttpAnswer(Stream& stream, unsigned version, bool to_head, bool persists)
      : stream_(stream), version_(version), to_head_(to_head), persists_(persists) {}

  void head(int status, const oci::HttpHeaders& headers, std::optional<std::uint64_t> length) override {
    if (status < 200 || status > 999) base::fail(base::Code::unavailable, "a server answered with status {}", status);
    http::response<http::empty_body> response;
    response.version(version_);
    response.result(static_cast<unsigned>(status));
    for (const auto& [name, value] : headers.lines()) {
      if (is_token(name) && is_value(value)) response.insert(name, value);
    }
    has_body_ = !to_head_ && status != 204 && status != 304;
    if (length && status != 204) response.content_length(*length);
    if (has_body_ && !length) {
      chunked_ = version_ >= 11;
      response.chunked(chunked_);
      persists_ = persists_ && chunked_;
    }
    response.keep_alive(persists_);
    http::response_serializer<http::empty_body> serializer(response);
    ErrorCode error;
    http::write_header(stream_, serializer, error);
    if (error && error != http::error::end_of_stream) client_gone(error);
  }

  void write(std::span<const std::byte> bytes) override {
    if (!has_body_ || bytes.empty()) return;
    const net::const_buffer buffer(bytes.data(), bytes.size());
    ErrorCode error;
    if (chunked_) {
      net::write(stream_, http::make_chunk(buffer), error);
    } else {
      net::write(stream_, buffer, error);
    }
    if (error) client_gone(error);
  }

  void end() override {
    ErrorCode error;
    if (chunked_) net::write(stream_, http::make_chunk_last(), error);
    if (error) client_gone(error);
  }

  bool persists() const { return persists_; }

 private:
  Stream& stream_;
  unsigned version_;
  bool to_head_;
  bool persists_;
  bool has_body_ = false;
  bool chunked_ = false;
};

/// A file without a name.
base::Fd nameless_file(const std::string& directory) {
  std::string path = directory + "/proxied-XXXXXX";
  base::Fd file(static_cast<int>(SLIP_SYSCALL(::mkostemp(path.data(), O_CLOEXEC), "make a file in {}", directory)));
  ::unlink(path.c_str());
  return file;
}

/// The requests on one stream. Within a tunnel (`authority` of its CONNECT) they name paths, outside whole URLs.
template <typename Stream>
class Talk {
 public:
  Talk(Stream& stream, const Desk& desk, std::string authority, const std::stop_token& stop)
      : stream_(stream), desk_(desk), authority_(std::move(authority)), stop_(stop) {}

  /// Answers until the client goes; with the authority of a CONNECT when one came.
  std::optional<std::string> run() {
    for (;;) {
      base::throw_if_stopped(stop_);
      Parser parser;
      parser.header_limit(kMaxHead);
      parser.body_limit(kMaxBody);
      ErrorCode error;
      http::read_header(stream_, buffer_, parser, error);
      if (error) {
        if (error.category() == http::make_error_code(http::error::bad_method).category() &&
            error != http::error::end_of_stream && error != http::error::partial_message) {
          refuse(11, 400, "not understood: " + error.message());
        }
        return std::nullopt;
      }
      if (parser.get().method() == http::verb::connect) return accept_tunnel(parser);
      if (!answer(parser)) return std::nullopt;
    }
  }

 private:
  using Parser = http::request_parser<http::buffer_body>;

  void refuse(unsigned version, int status, const std::string& text) {
    HttpAnswer<Stream> answer(stream_, version, false, false);
    answer_with_text(answer, status, text);
  }

  std::optional<std::string> accept_tunnel(const Parser& parser) {
    const std::string target(parser.get().target());
    const auto url = normal_url("https://" + target);
    if (!authority_.empty() || !url || url->target != "/" || target.find_first_of("/?#@") != std::string::npos) {
      refuse(11, 400, "CONNECT wants HOST:PORT");
      return std::nullopt;
    }
    // A client that speaks on before it is answered is none that we know.
    if (buffer_.size() != 0) return std::nullopt;
    static constexpr std::string_view kAccepted = "HTTP/1.1 200 Connection established\r\n\r\n";
    ErrorCode error;
    net::write(stream_, net::buffer(kAccepted.data(), kAccepted.size()), error);
    return error ? std::nullopt : std::optional(url->authority);
  }

  std::optional<oci::Url> url_of(std::string_view target) const {
    if (authority_.empty()) return normal_url(target);
    return target.starts_with('/') ? normal_url("https://" + authority_ + std::string(target)) : std::nullopt;
  }

  /// Whether the connection may go on.
  bool answer(Parser& parser) {
    const auto& message = parser.get();
    const std::string_view target(message.target().data(), message.target().size());
    ClientRequest request;
    request.method = std::string(message.method_string());
    const auto url = url_of(target);
    if (!url || !is_token(request.method) || request.method.size() > kMaxMethod) {
      refuse(message.version(), 400, "this is the proxy of a build: it takes whole http and https URLs, and CONNECT");
      return false;
    }
    request.url = *url;
    for (const auto& field : message) {
      request.headers.add({field.name_string().data(), field.name_string().size()},
                          {field.value().data(), field.value().size()});
    }
    if (!take_body(parser, request)) return false;
    HttpAnswer<Stream> answer(stream_, message.version(), request.method == "HEAD", message.keep_alive());
    answer_request(request, desk_, answer, stop_);
    return answer.persists();
  }

  /// The request's body into a file; false when it did not come whole.
  bool take_body(Parser& parser, ClientRequest& request) {
    if (parser.is_done()) return true;
    const auto expect = request.headers.find("Expect");
    if (expect && base::lower(*expect) == "100-continue") {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      ErrorCode error;
      net::write(stream_, net::buffer(kContinue.data(), kContinue.size()), error);
      if (error) return false;
    }
    base::Fd file = nameless_file(desk_.spool);
    std::array<char, 64U << 10> piece{};
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = piece.data();
      body.size = piece.size();
      ErrorCode error;
      http::read(stream_, buffer_, parser, error);
      if (error == http::error::body_limit) refuse(parser.get().version(), 413, "the body is too long for this proxy");
      if (error && error != http::error::need_buffer) return false;
      const std::size_t got = piece.size() - body.size;
      base::write_all(file.get(), std::string_view(piece.data(), got));
      request.body_size += got;
    }
    if (request.body_size > 0) request.body = std::move(file);
    return true;
  }

  Stream& stream_;
  const Desk& desk_;
  std::string authority_;
  const std::stop_token& stop_;
  boost::beast::flat_buffer buffer_{kMaxHead + (64U << 10)};
};

/// "http/1.1", of whatever else a client offers.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr std::string_view kHttp11 = "http/1.1";
  for (unsigned int i = 0; i + 1 < offered_size; i += 1U + offered[i]) {
    if (offered[i] == kHttp11.size() && i + 1 + offered[i] <= offered_size &&
        std::memcmp(offered + i + 1, kHttp11.data(), kHttp11.size()) == 0) {
      *out = offered + i + 1;
      *size = offered[i];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;
}

/// What is said within a tunnel, in TLS.
void converse_in_tunnel(PatientSocket& socket, const std::string& authority, const Desk& desk,
                        const std::stop_token& stop) {
  const auto url = normal_url("https://" + authority);
  const Identity identity = desk.authority.identity(url->host);
  net::ssl::context context(net::ssl::context::tls_server);
  context.set_options(net::ssl::context::default_workarounds | net::ssl::context::no_tlsv1 |
                      net::ssl::context::no_tlsv1_1 | net::ssl::context::no_compression);
  context.use_certificate(net::buffer(identity.certificate), net::ssl::context::pem);
  context.use_private_key(net::buffer(identity.key), net::ssl::context::pem);
  ::SSL_CTX_set_alpn_select_cb(context.native_handle(), &choose_protocol, nullptr);
  net::ssl::stream<PatientSocket&> stream(socket, context);
  ErrorCode error;
  if (stream.handshake(net::ssl::stream_base::server, error)) {
    if (error != net::error::operation_aborted) {
      desk.tell(
          base::format("proxy: CONNECT {}: no TLS came of it ({}); a program with a set of certificates of its own "
                       "has to be told of SSL_CERT_FILE",
                       authority, error.message()));
    }
    return;
  }
  Talk talk(stream, desk, authority, stop);
  talk.run();
  socket.set_patience(kFarewellMs);
  error = stream.shutdown(error);
}

}  // namespace

void converse(int client, const Desk& desk, int end, const std::stop_token& stop) {
  try {
    net::io_context context;
    PatientSocket socket(context, client, end);
    Talk talk(socket, desk, "", stop);
    if (const auto authority = talk.run()) converse_in_tunnel(socket, *authority, desk, stop);
  } catch (const base::Cancelled&) {
    // The step has ended.
  } catch (const std::exception& error) {
    base::log_debug("proxy: {}", error.what());
  }
}

}  // namespace proxy
