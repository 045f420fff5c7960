// SPDX-License-Identifier: Apache-2.0
// Clients are libcurl, told of the proxy by the environment as a step is, and bare sockets; the world outside is a
// function.
#include "proxy/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <mutex>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/task.h"

namespace proxy {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Answers with what the test says, and keeps what it was asked.
class FakeWorld final : public oci::HttpTransport {
 public:
  using Answering = std::function<oci::HttpResponse(const oci::HttpRequest&, oci::BodySink&, const std::stop_token&)>;

  oci::HttpResponse perform(const oci::HttpRequest& request, oci::BodySink* sink,
                            const std::stop_token& stop) override {
    Answering answering;
    {
      const std::lock_guard lock(mutex_);
      answering = answering_;
      asked_.push_back(request);
      if (request.body_fd >= 0) {
        std::string body(request.body_size, '\0');
        base::read_at(request.body_fd, body.data(), body.size(), 0);
        bodies_.push_back(std::move(body));
      }
    }
    return answering(request, *sink, stop);
  }

  std::vector<oci::HttpRequest> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::vector<std::string> bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

  void answer_with(Answering answering) {
    const std::lock_guard lock(mutex_);
    answering_ = std::move(answering);
  }

 private:
  mutable std::mutex mutex_;
  Answering answering_;
  std::vector<oci::HttpRequest> asked_;
  std::vector<std::string> bodies_;
};

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// An answer in pieces.
FakeWorld::Answering pieces(int status, const std::vector<std::string>& parts, const oci::HttpHeaders& headers = {},
                            std::optional<oci::TransportFault> fault = {}) {
  return [=](const oci::HttpRequest&, oci::BodySink& sink, const std::stop_token&) {
    oci::HttpResponse response;
    response.status = status;
    response.headers = headers;
    sink.head(response);
    for (const auto& part : parts) sink.write(bytes(part));
    response.fault = fault;
    response.fault_text = fault ? "the line is cut" : "";
    return response;
  };
}

base::Fd loopback_listener(int& port) {
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(socket.get(), 64), 0);
  EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  port = ntohs(address.sin_port);
  return socket;
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    server_ = std::make_unique<Server>(loopback_listener(port_), desk_);
    const std::string proxy = base::format("http://127.0.0.1:{}", port_);
    ::setenv("http_proxy", proxy.c_str(), 1);
    ::setenv("https_proxy", proxy.c_str(), 1);
    base::write_file_atomic(ca_, authority_.certificate());
    world_.answer_with(pieces(200, {"hel", "lo"}));
  }
  ~ServerTest() override {
    ::unsetenv("http_proxy");
    ::unsetenv("https_proxy");
  }

  oci::HttpResponse send(oci::HttpRequest request) {
    if (request.tls.ca_files.empty()) request.tls.ca_files = {ca_};
    return client_->perform(request, nullptr, {});
  }
  oci::HttpResponse get(const std::string& url) { return send({.url = url}); }

  /// A connection on which that was said.
  base::Fd ask(const std::string& text) const {
    base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{.sin_family = AF_INET,
                        .sin_port = htons(static_cast<std::uint16_t>(port_)),
                        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    (void)!::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    return socket;
  }

  /// What comes back for bytes, until the proxy closes.
  std::string raw(const std::string& text) const {
    const base::Fd socket = ask(text);
    ::shutdown(socket.get(), SHUT_WR);
    std::string all;
    std::array<char, 4096> part{};
    for (;;) {
      const auto got = ::recv(socket.get(), part.data(), part.size(), 0);
      if (got <= 0) return all;
      all.append(part.data(), static_cast<std::size_t>(got));
    }
  }

  void decide(Verdict verdict) {
    const std::lock_guard lock(mutex_);
    verdict_ = std::move(verdict);
  }

  /// What was told so far, once there is something.
  std::vector<std::string> told() {
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (!told_.empty()) return told_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  std::mutex mutex_;
  std::vector<std::string> told_;
  Authority authority_;
  FakeWorld world_;
  base::TemporaryDirectory directory_;
  std::string ca_ = directory_.path() + "/ca.pem";
  Capture capture_;
  Verdict verdict_;
  std::vector<std::string> judged_;
  Desk desk_{.authority = authority_,
             .upstream = world_,
             .spool = directory_.path(),
             .judge =
                 [this](const std::string& method, const std::string& url) {
                   const std::lock_guard lock(mutex_);
                   judged_.push_back(method + " " + url);
                   return verdict_;
                 },
             .tell =
                 [this](const std::string& line) {
                   const std::lock_guard lock(mutex_);
                   told_.push_back(line);
                 },
             .capture = capture_};
  int port_ = 0;
  std::unique_ptr<Server> server_;
  std::unique_ptr<oci::HttpTransport> client_ = oci::make_curl_transport({});
};

const std::string kHello = base::sha256("hello").str();

TEST_F(ServerTest, APlainGetIsPassedOnAndNoted) {
  const auto response = get("http://Example.org:80/a/../b?q=1");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  ASSERT_EQ(world_.asked().size(), 1U);
  EXPECT_EQ(world_.asked()[0].url, "http://example.org/b?q=1");
  EXPECT_EQ(judged_, std::vector<std::string>{"GET http://example.org/b?q=1"});
  EXPECT_EQ(capture_.seen().requests,
            (std::vector<Request>{
                {.method = "GET", .url = "http://example.org/b?q=1", .status = 200, .digest = kHello, .size = 5}}));
}

TEST_F(ServerTest, InTlsTheProxyAppearsAsTheHost) {
  for (const std::string host :
       {"example.org", "a-name-that-is-longer-than-what-the-common-name-of-a-certificate-holds.example.org",
        "192.0.2.1", "[2001:db8::1]"}) {
    const auto response = get("https://" + host + ":8443/f");
    EXPECT_EQ(response.body, "hello") << host << ": " << response.fault_text;
    EXPECT_EQ(world_.asked().back().url, "https://" + host + ":8443/f");
  }
  EXPECT_EQ(capture_.seen().materials().size(), 4U);
}

TEST_F(ServerTest, AClientThatDoesNotTrustTheProxyGetsNothing) {
  const std::string other = directory_.path() + "/other.pem";
  base::write_file_atomic(other, Authority().certificate());
  const auto response = send({.url = "https://example.org/f", .tls = {.ca_files = {other}}});
  EXPECT_EQ(response.fault, oci::TransportFault::certificate);
  EXPECT_THAT(told(), Contains(StartsWith("proxy: CONNECT example.org: no TLS came of it")));
  EXPECT_TRUE(world_.asked().empty());
  EXPECT_TRUE(capture_.seen().requests.empty());
}

TEST_F(ServerTest, WhatAClientHasIsNoted) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(get(base::format("http://example.org/{}", i)).body, "hello");
    ASSERT_EQ(capture_.seen().materials().size(), static_cast<std::size_t>(i) + 1);
  }
}

TEST_F(ServerTest, ARefusedRequestIsNotMade) {
  decide({.refusal = "rule 7 says no"});
  const auto response = get("https://example.org/f?token=t");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body, "rule 7 says no\n");
  EXPECT_TRUE(world_.asked().empty());
  EXPECT_EQ(capture_.refusals(), std::vector<std::string>{"rule 7 says no"});
  EXPECT_EQ(capture_.seen().requests[0].url, "https://example.org/f?token=xxxxx");
  EXPECT_THAT(told(), Contains("proxy: GET https://example.org/f?token=xxxxx refused: rule 7 says no"));
}

TEST_F(ServerTest, AnotherUrlMayBeFetchedInItsPlace) {
  decide({.instead = "https://mirror.example.org/f"});
  EXPECT_EQ(get("http://example.org/f").body, "hello");
  EXPECT_EQ(world_.asked()[0].url, "https://mirror.example.org/f");
  EXPECT_EQ(capture_.seen().requests[0].url, "https://mirror.example.org/f");
  decide({.instead = "docker-image://busybox"});
  EXPECT_EQ(get("http://example.org/f").status, 502);
  decide({.unavailable = "the build is offline"});
  EXPECT_EQ(get("http://example.org/f").body, "the build is offline\n");
  EXPECT_EQ(world_.asked().size(), 1U);
}

TEST_F(ServerTest, CredentialsStayWithTheServerTheyAreFor) {
  const auto ask = [&](const std::string& instead) {
    decide({.instead = instead});
    raw("GET http://me:word@example.org/f HTTP/1.0\r\nCookie: c=1\r\n\r\n");
    raw("GET http://example.org/f HTTP/1.0\r\nCookie: c=1\r\nAuthorization: Bearer b\r\nX-Kept: k\r\n\r\n");
    const auto asked = world_.asked();
    EXPECT_EQ(asked.back().headers.find("X-Kept"), "k");
    return std::pair(asked[asked.size() - 2].headers, asked.back().headers);
  };
  for (const char* other : {"http://mirror.example.org/f", "https://example.org/f", "http://example.org:81/f"}) {
    const auto [with_user, with_header] = ask(other);
    for (const char* name : {"Authorization", "Cookie"}) {
      EXPECT_FALSE(with_user.find(name)) << other;
      EXPECT_FALSE(with_header.find(name)) << other;
    }
  }
  const auto [with_user, with_header] = ask("http://example.org/g");
  EXPECT_EQ(with_user.find("Authorization"), "Basic bWU6d29yZA==");
  EXPECT_EQ(with_header.find("Authorization"), "Bearer b");
  EXPECT_EQ(with_header.find("Cookie"), "c=1");
}

TEST_F(ServerTest, OnlyWhatConcernsBothEndsIsPassedOn) {
  oci::HttpRequest request{.url = "http://example.org/f"};
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"Connection", "close, X-Hop"},
                                                                                    {"X-Hop", "1"},
                                                                                    {"X-Kept", "2"},
                                                                                    {"Proxy-Authorization", "secret"},
                                                                                    {"If-None-Match", "\"e\""},
                                                                                    {"Accept-Encoding", "gzip"},
                                                                                    {"Host", "other.example.org"},
                                                                                    {"Upgrade", "h2c"}}) {
    request.headers.add(name, value);
  }
  oci::HttpHeaders answer;
  answer.add("X-Answer", "3");
  answer.add("Transfer-Encoding", "chunked");
  answer.add("X-Split", "a\rSet-Cookie: b");
  answer.add("Alt-Svc", "h3");
  world_.answer_with(pieces(200, {"hello"}, answer));
  const auto response = send(request);
  const oci::HttpHeaders headers = world_.asked()[0].headers;
  EXPECT_EQ(headers.find("X-Kept"), "2");
  for (const char* name :
       {"Connection", "X-Hop", "Proxy-Authorization", "If-None-Match", "Accept-Encoding", "Host", "Upgrade"}) {
    EXPECT_FALSE(headers.find(name)) << name;
  }
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.headers.find("X-Answer"), "3");
  for (const char* name : {"X-Split", "Alt-Svc", "Set-Cookie"}) EXPECT_FALSE(response.headers.find(name)) << name;
}

TEST_F(ServerTest, AUserInTheUrlBecomesAHeader) {
  raw("GET http://me:pass%20word@example.org/f HTTP/1.0\r\n\r\n");
  raw("GET http://me:word@example.org/f HTTP/1.0\r\nAuthorization: Bearer b\r\n\r\n");
  ASSERT_EQ(world_.asked().size(), 2U);
  EXPECT_EQ(world_.asked()[0].url, "http://example.org/f");
  EXPECT_EQ(world_.asked()[0].headers.find("Authorization"), "Basic bWU6cGFzcyB3b3Jk");
  EXPECT_EQ(world_.asked()[1].headers.find("Authorization"), "Bearer b");
  EXPECT_EQ(judged_[0], "GET http://example.org/f");
}

TEST_F(ServerTest, ABodyGoesThroughAFile) {
  const std::string big(3'000'000, 'b');
  EXPECT_EQ(send({.method = "POST", .url = "https://example.org/form", .body = big}).body, "hello");
  EXPECT_EQ(world_.bodies(), std::vector<std::string>{big});
  EXPECT_TRUE(raw("PUT http://example.org/c HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
                  "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
                  .starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(world_.bodies().back(), "abcde");
  EXPECT_EQ(send({.method = "GET", .url = "http://example.org/b", .body = "asks"}).body, "hello");
  std::vector<std::string> gaps;
  for (const auto& request : capture_.seen().gaps()) gaps.push_back(request.method + " " + request.gap);
  EXPECT_EQ(gaps, (std::vector<std::string>{"POST method_not_materializable", "PUT method_not_materializable",
                                            "GET request_has_body"}));
  EXPECT_EQ(base::list_directory(directory_.path()), std::vector<std::string>{"ca.pem"});
}

TEST_F(ServerTest, AnswersWithoutABodyHaveNone) {
  oci::HttpHeaders length;
  length.add("Content-Length", "5");
  world_.answer_with(pieces(200, {}, length));
  const std::string head = raw("HEAD http://example.org/f HTTP/1.1\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  // What a head says may be all that a step wants, and no digest names it.
  ASSERT_EQ(capture_.seen().gaps().size(), 1U);
  EXPECT_EQ(capture_.seen().gaps()[0].gap, "method_not_materializable");
  EXPECT_TRUE(capture_.seen().materials().empty());
  world_.answer_with(pieces(304, {}));
  EXPECT_TRUE(raw("GET http://example.org/f HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n"));
  EXPECT_EQ(capture_.seen().gaps().at(1).gap, "not_modified");
  world_.answer_with(pieces(204, {}));
  EXPECT_THAT(raw("GET http://example.org/g HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 204"));
}

TEST_F(ServerTest, ARedirectSaysWhereToAndNothingElse) {
  oci::HttpHeaders to;
  to.add("Location", "/there");
  to.add("Content-Length", "5");
  world_.answer_with(pieces(302, {"hello"}, to));
  const std::string answer = raw("GET http://example.org/f HTTP/1.1\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 302"));
  EXPECT_THAT(answer, HasSubstr("Location: /there\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 0\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
  EXPECT_TRUE(capture_.seen().gaps().empty());
  EXPECT_EQ(capture_.seen().requests.at(0).location, "http://example.org/there");
  // What leads nowhere is an answer of its own.
  world_.answer_with(pieces(300, {"hello"}, to));
  EXPECT_TRUE(raw("GET http://example.org/g HTTP/1.1\r\n\r\n").ends_with("hello"));
  world_.answer_with(pieces(302, {"hello"}));
  raw("GET http://example.org/h HTTP/1.1\r\n\r\n");
  oci::HttpHeaders away;
  away.add("Location", "ftp://example.org/");
  world_.answer_with(pieces(302, {}, away));
  raw("GET http://example.org/i HTTP/1.1\r\n\r\n");
  ASSERT_EQ(capture_.seen().gaps().size(), 3U);
  for (const auto& request : capture_.seen().gaps()) EXPECT_EQ(request.gap, "unsuccessful_response") << request.url;
  EXPECT_EQ(capture_.seen().requests.at(1).location, "");
}

TEST_F(ServerTest, AnOldClientGetsNoChunks) {
  EXPECT_TRUE(raw("GET http://example.org/f HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nhello"));
  EXPECT_TRUE(raw("GET http://example.org/f HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"));
}

TEST_F(ServerTest, WhatBreaksOffIsAGap) {
  world_.answer_with([](const oci::HttpRequest&, oci::BodySink&, const std::stop_token&) {
    oci::HttpResponse response;
    response.fault = oci::TransportFault::connect;
    response.fault_text = "nobody is there";
    return response;
  });
  const auto response = get("http://example.org/1");
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.body, "nobody is there\n");
  // With a piece held back there is still time to say so; after more it can only be cut off.
  world_.answer_with(pieces(200, {"hel"}, {}, oci::TransportFault::reset));
  EXPECT_EQ(get("http://example.org/2").status, 502);
  world_.answer_with(pieces(200, {"hel", "l"}, {}, oci::TransportFault::reset));
  EXPECT_TRUE(get("http://example.org/3").fault);
  world_.answer_with(pieces(404, {"none"}));
  EXPECT_EQ(get("http://example.org/4").body, "none");
  world_.answer_with(pieces(206, {"part"}));
  EXPECT_EQ(get("http://example.org/5").body, "part");
  std::vector<std::string> gaps;
  for (const auto& request : capture_.seen().gaps()) gaps.push_back(request.gap);
  EXPECT_EQ(gaps, (std::vector<std::string>{"upstream_error", "upstream_error", "body_read_failed",
                                            "unsuccessful_response", "partial_response"}));
  EXPECT_TRUE(capture_.seen().materials().empty());
}

TEST_F(ServerTest, AnErrorOfTheProxysOwnIsTold) {
  world_.answer_with([](const oci::HttpRequest&, oci::BodySink&, const std::stop_token&) -> oci::HttpResponse {
    base::fail(base::Code::not_found, "no certificates are there");
  });
  const auto response = get("https://example.org/f");
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.body, "no certificates are there\n");
  EXPECT_THAT(told(), Contains("proxy: GET https://example.org/f failed: no certificates are there"));
  EXPECT_EQ(capture_.seen().gaps().at(0).gap, "upstream_error");
}

TEST_F(ServerTest, WhatIsNoRequestToAProxyIsRefused) {
  for (const std::string text :
       {"GET /relative HTTP/1.1\r\nHost: a\r\n\r\n", "nonsense\r\n\r\n", "GET ftp://a/ HTTP/1.1\r\n\r\n",
        "CONNECT a/b HTTP/1.1\r\n\r\n", "CONNECT me@a:443 HTTP/1.1\r\n\r\n", "CONNECT a,b:443 HTTP/1.1\r\n\r\n",
        "AMETHODTHATISLONGERTHANANYBODYHAS http://a/ HTTP/1.1\r\n\r\n",
        "POST http://a/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "GET http://a/ HTTP/1.1\r\nX: "}) {
    const std::string answer = raw(text.ends_with("X: ") ? text + std::string(200'000, 'x') + "\r\n\r\n" : text);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << text;
  }
  EXPECT_EQ(raw(""), "");
  EXPECT_EQ(raw("GET http://a/ HT"), "");
  EXPECT_TRUE(world_.asked().empty());
}

TEST_F(ServerTest, OneConnectionTakesManyRequests) {
  const std::string twice =
      "GET http://example.org/f HTTP/1.1\r\n\r\nGET http://example.org/g HTTP/1.1\r\nConnection: close\r\n\r\n";
  const std::string answers = raw(twice);
  EXPECT_EQ(world_.asked().size(), 2U);
  EXPECT_NE(answers.find("HTTP/1.1 200"), answers.rfind("HTTP/1.1 200"));
}

TEST_F(ServerTest, TheEndCutsOffWhatIsGoingOn) {
  std::mutex mutex;
  std::condition_variable_any changed;
  bool asked = false;
  world_.answer_with([&](const oci::HttpRequest&, oci::BodySink& sink, const std::stop_token& stop) {
    oci::HttpResponse response;
    response.status = 200;
    sink.head(response);
    sink.write(bytes("begin"));
    std::unique_lock lock(mutex);
    asked = true;
    changed.notify_all();
    changed.wait(lock, stop, [] { return false; });
    base::throw_if_stopped(stop);
    return response;
  });
  std::thread client([&] { EXPECT_TRUE(get("https://example.org/endless").fault); });
  std::thread idle([&] { raw("GET http://exam"); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked; });
  }
  server_.reset();
  client.join();
  idle.join();
  ASSERT_EQ(capture_.seen().gaps().size(), 1U);
  EXPECT_EQ(capture_.seen().gaps()[0].gap, "body_read_failed");
}

TEST_F(ServerTest, MoreClientsThanConnectionsWaitForTheirTurn) {
  std::vector<std::thread> clients;
  std::atomic<int> served = 0;
  for (std::size_t i = 0; i < Server::kMaxConnections + 20; ++i) {
    clients.emplace_back([&] {
      if (raw("GET http://example.org/f HTTP/1.0\r\n\r\n").ends_with("hello")) ++served;
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(served, static_cast<int>(Server::kMaxConnections) + 20);
}

TEST_F(ServerTest, ClientsThatHaveGoneMakeRoom) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::size_t asked = 0;
  world_.answer_with([&](const oci::HttpRequest& request, oci::BodySink& sink, const std::stop_token& stop) {
    if (!request.url.ends_with("/hang")) return pieces(200, {"hello"})(request, sink, stop);
    std::unique_lock lock(mutex);
    ++asked;
    changed.notify_all();
    changed.wait(lock, stop, [] { return false; });
    base::throw_if_stopped(stop);
    return oci::HttpResponse{};
  });
  std::vector<base::Fd> clients;
  for (std::size_t i = 0; i < Server::kMaxConnections; ++i)
    clients.push_back(ask("GET http://example.org/hang HTTP/1.1\r\n\r\n"));
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked == Server::kMaxConnections; });
  }
  // Those that still listen keep their places.
  clients.resize(Server::kMaxConnections - 1);
  EXPECT_EQ(get("http://example.org/f").body, "hello");
  EXPECT_EQ(capture_.seen().gaps().size(), 1U);
  clients.clear();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get("http://example.org/f").body, "hello");
  server_.reset();
}

TEST(Authority, ItsCertificatesAreWellFormedEveryTime) {
  // A serial number that begins with a zero octet would spoil one in a hundred.
  const Authority authority;
  for (int i = 0; i < 500; ++i) {
    const std::string text = authority.identity("example.org").certificate;
    BIO* const bio = ::BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    X509* const certificate = ::PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    EXPECT_NE(certificate, nullptr);
    ::X509_free(certificate);
    ::BIO_free(bio);
  }
}

TEST(Authority, RefusesWhatIsNoHost) {
  const Authority authority;
  EXPECT_THROW(authority.identity("a,DNS:b"), base::Error);
  EXPECT_THROW(authority.identity(""), base::Error);
  EXPECT_THAT(authority.certificate(), StartsWith("-----BEGIN CERTIFICATE-----\n"));
}

}  // namespace
}  // namespace proxy
