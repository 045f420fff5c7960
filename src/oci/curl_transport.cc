// SPDX-License-Identifier: Apache-2.0
// One exchange runs on one "lane": a multi handle with one easy handle, which keeps its connections.
// Lanes are pooled; a request prefers the lane that talked to its host last. The multi interface is
// used for one transfer only because it can be woken at once when a stop is requested.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <list>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sync.h"
#include "base/task.h"
#include "oci/address_scope.h"
#include "oci/shared_library.h"
#include "oci/transport.h"
#include "oci/url.h"

namespace oci {
namespace {

constexpr std::size_t kMaxHeaderBytes = 256U << 10;
constexpr std::size_t kMaxIdleLanes = 8;

/// The functions of libcurl that are called here, by its own names.
struct CurlLibrary {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_perform) multi_perform = nullptr;
  decltype(&::curl_multi_poll) multi_poll = nullptr;
  decltype(&::curl_multi_wakeup) multi_wakeup = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;

  explicit CurlLibrary(const std::string& name) {
    const SharedLibrary library(name, "libcurl for network access",
                                "install libcurl 7.85 or newer (Debian: apt install libcurl4)");
    library.bind(global_init, "curl_global_init");
    library.bind(easy_init, "curl_easy_init");
    library.bind(easy_setopt, "curl_easy_setopt");
    library.bind(easy_getinfo, "curl_easy_getinfo");
    library.bind(easy_reset, "curl_easy_reset");
    library.bind(easy_cleanup, "curl_easy_cleanup");
    library.bind(easy_strerror, "curl_easy_strerror");
    library.bind(multi_init, "curl_multi_init");
    library.bind(multi_cleanup, "curl_multi_cleanup");
    library.bind(multi_add_handle, "curl_multi_add_handle");
    library.bind(multi_remove_handle, "curl_multi_remove_handle");
    library.bind(multi_perform, "curl_multi_perform");
    library.bind(multi_poll, "curl_multi_poll");
    library.bind(multi_wakeup, "curl_multi_wakeup");
    library.bind(multi_info_read, "curl_multi_info_read");
    library.bind(slist_append, "curl_slist_append");
    library.bind(slist_free_all, "curl_slist_free_all");
    if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      base::fail(base::Code::failed_precondition, "libcurl cannot be initialised");
    }
  }
};

struct Lane {
  explicit Lane(const CurlLibrary& library) : curl(library), multi(curl.multi_init()), easy(curl.easy_init()) {
    if (multi == nullptr || easy == nullptr) base::fail(base::Code::resource_exhausted, "libcurl has no memory");
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane() {
    curl.easy_cleanup(easy);
    curl.multi_cleanup(multi);
  }

  const CurlLibrary& curl;
  CURLM* multi;
  CURL* easy;
  std::string origin;  ///< whom it talked to last
};

TransportFault fault_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return TransportFault::resolve;
    case CURLE_COULDNT_CONNECT: return TransportFault::connect;
    case CURLE_OPERATION_TIMEDOUT: return TransportFault::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER: return TransportFault::tls;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE: return TransportFault::certificate;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return TransportFault::reset;
    default: return TransportFault::other;
  }
}

/// One exchange: options in, callbacks, result out.
class Exchange {
 public:
  Exchange(Lane& lane, const CurlOptions& options, const HttpRequest& request, BodySink* sink)
      : lane_(lane), curl_(lane.curl), options_(options), request_(request), sink_(sink) {
    curl_.easy_reset(lane_.easy);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() {
    curl_.easy_reset(lane_.easy);  // it points into this object
    curl_.slist_free_all(header_list_);
  }

  HttpResponse run(const std::stop_token& stop) {
    set_general();
    set_method_and_body();
    set_headers();
    set_tls();
    set_reach();
    const CURLcode code = transfer(stop);
    if (problem_) std::rethrow_exception(problem_);
    base::throw_if_stopped(stop);
    if (code != CURLE_OK && !stopped_by_sink_ && !response_.fault) {
      response_.fault = fault_of(code);
      response_.fault_text = error_[0] != '\0' ? error_ : curl_.easy_strerror(code);
      if (!refused_address_.empty()) response_.fault_text = refused_address_ + " leads back to this machine";
    }
    if (!response_.fault && sink_ != nullptr && !head_given_) sink_->head(response_);
    return std::move(response_);
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    if (curl_.easy_setopt(lane_.easy, option, value) != CURLE_OK) {
      base::fail(base::Code::internal, "libcurl refuses option {}", static_cast<int>(option));
    }
  }

  void set_general() {
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    // HTTP/2 uploads of Debian 12's libcurl are reported to spin; downloads gain nothing from it
    // because every exchange has a connection of its own.
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_CONNECTTIMEOUT_MS, options_.connect_timeout_ms);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, options_.stall_timeout_s);
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    set(CURLOPT_ERRORBUFFER, error_);
    set(CURLOPT_BUFFERSIZE, 256L << 10);
    set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(CURLOPT_HEADERDATA, this);
  }

  void set_method_and_body() {
    const std::string& method = request_.method;
    if (method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request_.body_fd >= 0) {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body_size));
      set(CURLOPT_READFUNCTION, &Exchange::on_read);
      set(CURLOPT_READDATA, this);
      set(CURLOPT_CUSTOMREQUEST, method.c_str());
    } else if (method == "POST" || method == "PUT" || method == "PATCH" || !request_.body.empty()) {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_POSTFIELDS, request_.body.c_str());
      set(CURLOPT_CUSTOMREQUEST, method.c_str());
    } else {
      set(CURLOPT_HTTPGET, 1L);
      if (method != "GET") set(CURLOPT_CUSTOMREQUEST, method.c_str());
    }
  }

  void set_headers() {
    // Nobody waits for "100 Continue" here, and libcurl must not invent a form's content type.
    append_header("Expect:");
    if (!request_.headers.find("Content-Type")) append_header("Content-Type:");
    for (const auto& [name, value] : request_.headers.lines()) {
      if (name.find_first_of("\r\n:") != std::string::npos || value.find_first_of("\r\n") != std::string::npos) {
        base::fail(base::Code::invalid_argument, "HTTP header \"{}\" has a line break", name.substr(0, 64));
      }
      append_header(value.empty() ? name + ";" : name + ": " + value);
    }
    set(CURLOPT_HTTPHEADER, header_list_);
  }

  void append_header(const std::string& line) {
    curl_slist* list = curl_.slist_append(header_list_, line.c_str());
    if (list == nullptr) base::fail(base::Code::resource_exhausted, "libcurl has no memory");
    header_list_ = list;
  }

  void set_tls() {
    const TlsSettings& tls = request_.tls;
    if (tls.verify == TlsSettings::Verify::no) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!tls.client_certificate.empty()) {
      set(CURLOPT_SSLCERT, tls.client_certificate.c_str());
      set(CURLOPT_SSLKEY, tls.client_key.c_str());
    }
    if (tls.ca_files.empty()) return;
    // A bundle given to libcurl replaces its own; ours are meant in addition.
    char* standard = nullptr;
    if (curl_.easy_getinfo(lane_.easy, CURLINFO_CAINFO, &standard) == CURLE_OK && standard != nullptr) {
      ca_bundle_ = base::read_file_if_exists(standard).value_or("");
    }
    for (const std::string& file : tls.ca_files) ca_bundle_ += "\n" + base::read_file(file, 16U << 20);
    curl_blob blob{.data = ca_bundle_.data(), .len = ca_bundle_.size(), .flags = CURL_BLOB_NOCOPY};
    set(CURLOPT_CAINFO_BLOB, &blob);
  }

  void set_reach() {
    if (options_.proxies == CurlOptions::Proxies::none) set(CURLOPT_PROXY, "");
    if (options_.path_as_is) set(CURLOPT_PATH_AS_IS, 1L);
    if (options_.reach == Reach::anywhere) return;
    set(CURLOPT_OPENSOCKETFUNCTION, &Exchange::on_connect);
    set(CURLOPT_OPENSOCKETDATA, this);
  }

  CURLcode transfer(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { curl_.multi_wakeup(lane_.multi); });
    curl_.multi_add_handle(lane_.multi, lane_.easy);
    int running = 1;
    while (running > 0 && !stop.stop_requested()) {
      if (curl_.multi_perform(lane_.multi, &running) != CURLM_OK) break;
      if (running > 0) curl_.multi_poll(lane_.multi, nullptr, 0, 1000, nullptr);
    }
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    int left = 0;
    while (const CURLMsg* message = curl_.multi_info_read(lane_.multi, &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    curl_.multi_remove_handle(lane_.multi, lane_.easy);
    return code;
  }

  // The callbacks run inside libcurl: no exception may pass through it.
  template <typename Body>
  std::size_t guarded(std::size_t failure, const Body& body) {
    try {
      return body();
    } catch (...) {
      problem_ = std::current_exception();
      return failure;
    }
  }

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    return exchange.guarded(0, [&] { return exchange.take_header({data, size * count}); });
  }
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    return exchange.guarded(0, [&] { return exchange.take_body({data, size * count}); });
  }
  static std::size_t on_read(char* data, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    return exchange.guarded(CURL_READFUNC_ABORT, [&] { return exchange.give_body(data, size * count); });
  }

  static curl_socket_t on_connect(void* self, curlsocktype, curl_sockaddr* address) {
    auto& exchange = *static_cast<Exchange*>(self);
    const std::size_t refused = exchange.guarded(1, [&]() -> std::size_t {
      const std::string inner = inner_address(&address->addr, static_cast<socklen_t>(address->addrlen));
      if (!inner.empty()) exchange.refused_address_ = inner;
      return inner.empty() ? 0 : 1;
    });
    if (refused != 0) return CURL_SOCKET_BAD;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  std::size_t take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > kMaxHeaderBytes) {
      response_.fault = TransportFault::other;
      response_.fault_text = "the response's header is too long";
      return 0;
    }
    if (line.starts_with("HTTP/")) {
      // Also after "100 Continue" and a proxy's answer to CONNECT: the last head counts.
      response_.headers = {};
      const std::size_t space = line.find(' ');
      response_.status = space == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(space + 1)).c_str());
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      response_.headers.add(line.substr(0, colon), line.substr(colon + 1));
    }
    return line.size();
  }

  std::size_t take_body(std::string_view bytes) {
    if (sink_ == nullptr) {
      if (response_.body.size() + bytes.size() > kMaxInlineBody) {
        response_.fault = TransportFault::other;
        response_.fault_text = "the response is too long";
        return 0;
      }
      response_.body += bytes;
      return bytes.size();
    }
    BodySink::Next next = BodySink::Next::more;
    if (!head_given_) {
      head_given_ = true;
      next = sink_->head(response_);
    }
    if (next == BodySink::Next::more) next = sink_->write(std::as_bytes(std::span(bytes)));
    if (next == BodySink::Next::more) return bytes.size();
    stopped_by_sink_ = true;
    return 0;
  }

  std::size_t give_body(char* buffer, std::size_t size) {
    const std::size_t want = std::min<std::uint64_t>(size, request_.body_size - sent_);
    const std::size_t got = want == 0 ? 0 : base::read_at(request_.body_fd, buffer, want, request_.body_offset + sent_);
    sent_ += got;
    return got;
  }

  Lane& lane_;
  const CurlLibrary& curl_;
  const CurlOptions& options_;
  const HttpRequest& request_;
  BodySink* sink_;
  HttpResponse response_;
  curl_slist* header_list_ = nullptr;
  char error_[CURL_ERROR_SIZE] = {};
  std::string ca_bundle_;
  std::string refused_address_;
  std::size_t header_bytes_ = 0;
  std::uint64_t sent_ = 0;
  bool head_given_ = false;
  bool stopped_by_sink_ = false;
  std::exception_ptr problem_;
};

class CurlTransport final : public HttpTransport {
 public:
  explicit CurlTransport(CurlOptions options) : options_(std::move(options)) {}

  void prepare() override {
    if (preparing_.joinable()) return;
    preparing_ = std::thread([this] {
      try {
        load();
      } catch (const base::Error&) {
        // The exchange that needs it tries again, and says so.
      }
    });
  }

  ~CurlTransport() override {
    if (preparing_.joinable()) preparing_.join();
  }

  HttpResponse perform(const HttpRequest& request, BodySink* sink, const std::stop_token& stop) override {
    base::throw_if_stopped(stop);
    const auto url = parse_url(request.url);
    if (!url) base::fail(base::Code::invalid_argument, "\"{}\" is no http or https URL", request.url.substr(0, 200));
    std::unique_ptr<Lane> lane = take_lane(url->origin());
    HttpResponse response = Exchange(*lane, options_, request, sink).run(stop);
    idle_.lock()->push_back(std::move(lane));  // an exchange that threw loses its lane
    return response;
  }

 private:
  void load() {
    std::call_once(loaded_, [this] { curl_ = std::make_unique<CurlLibrary>(options_.library); });
  }

  std::unique_ptr<Lane> take_lane(const std::string& origin) {
    load();
    auto idle = idle_.lock();
    auto found = std::find_if(idle->begin(), idle->end(), [&](const auto& lane) { return lane->origin == origin; });
    if (found == idle->end() && idle->size() >= kMaxIdleLanes) found = idle->begin();
    std::unique_ptr<Lane> lane;
    if (found != idle->end()) {
      lane = std::move(*found);
      idle->erase(found);
    } else {
      lane = std::make_unique<Lane>(*curl_);
    }
    lane->origin = origin;
    return lane;
  }

  CurlOptions options_;
  std::once_flag loaded_;
  std::unique_ptr<CurlLibrary> curl_;
  base::Sync<std::list<std::unique_ptr<Lane>>> idle_;
  std::thread preparing_;
};

}  // namespace

std::unique_ptr<HttpTransport> make_curl_transport(CurlOptions options) {
  return std::make_unique<CurlTransport>(std::move(options));
}

}  // namespace oci
