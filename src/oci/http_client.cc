// SPDX-License-Identifier: Apache-2.0
#include "oci/http_client.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/error.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/task.h"
#include "base/time.h"

namespace oci {
namespace {

constexpr int kMaxRedirects = 10;
constexpr std::size_t kMaxErrorBody = 64U << 10;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Lets only the body of a 2xx response through; keeps the beginning of others.
class SuccessOnly final : public BodySink {
 public:
  explicit SuccessOnly(BodySink& next) : next_(next) {}

  Next head(const HttpResponse& response) override {
    pass_ = response.status >= 200 && response.status < 300;
    return pass_ ? next_.head(response) : Next::more;
  }

  Next write(std::span<const std::byte> bytes) override {
    if (pass_) return next_.write(bytes);
    const std::size_t room = kMaxErrorBody - body.size();
    body.append(reinterpret_cast<const char*>(bytes.data()), std::min(room, bytes.size()));
    return body.size() < kMaxErrorBody ? Next::more : Next::stop;
  }

  std::string body;

 private:
  BodySink& next_;
  bool pass_ = false;
};

HttpResponse refused(HttpResponse response, std::string why) {
  response.fault = TransportFault::other;
  response.fault_text = std::move(why);
  return response;
}

void drop_secrets(HttpRequest& request) {
  for (const std::string_view name : {"Authorization", "Cookie", "Proxy-Authorization"}) request.headers.remove(name);
  request.tls.client_certificate.clear();
  request.tls.client_key.clear();
  request.tls.verify = TlsSettings::Verify::yes;
}

void really_sleep(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  condition.wait_for(lock, stop, time, [] { return false; });
  base::throw_if_stopped(stop);
}

std::string_view reason(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 410: return "Gone";
    case 416: return "Range Not Satisfiable";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "";
  }
}

// What a server says goes to a terminal: one line, no control characters, not too long.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 300)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return std::string(base::trim(out));
}

std::string server_message(const HttpResponse& response) {
  const std::string type = response.headers.find("Content-Type").value_or("");
  if (response.body.empty() || type.find("html") != std::string::npos) return "";
  try {
    const base::Json json = base::Json::parse(response.body);
    for (const base::Json& error : json["errors"].items()) {
      const std::string message = error["message"].string_or("");
      const std::string code = base::lower(error["code"].string_or(""));
      if (message.empty()) return printable(code);
      return printable(code.empty() ? message : code + ": " + message);
    }
    for (const std::string_view name : {"error_description", "details", "message", "error"}) {
      if (const std::string text = json[name].string_or(""); !text.empty()) return printable(text);
    }
    return "";
  } catch (const base::Error&) {
    return printable(response.body);
  }
}

}  // namespace

HttpClient::HttpClient(HttpTransport& transport, RetryPolicy policy)
    : transport_(transport), policy_(std::move(policy)) {
  if (!policy_.sleep) policy_.sleep = really_sleep;
}

HttpResponse HttpClient::exchange(const HttpRequest& request, BodySink* sink, const std::stop_token& stop,
                                  std::string* final_url) {
  HttpRequest current = request;
  auto url = parse_url(request.url);
  if (!url) base::fail(base::Code::invalid_argument, "\"{}\" is no http or https URL", printable(request.url));
  const bool may_follow = request.method == "GET" || request.method == "HEAD";
  for (int followed = 0;; ++followed) {
    HttpResponse response;
    if (sink != nullptr) {
      SuccessOnly filter(*sink);
      response = transport_.perform(current, &filter, stop);
      if (!response.ok()) response.body = std::move(filter.body);
    } else {
      response = transport_.perform(current, nullptr, stop);
    }
    if (final_url != nullptr) *final_url = url->str();
    const auto location = response.headers.find("Location");
    if (response.fault || !may_follow || !is_redirect(response.status) || !location) return response;
    if (followed == kMaxRedirects) return refused(std::move(response), "too many redirects");
    const auto target = resolve_url(*url, *location);
    if (!target)
      return refused(std::move(response), base::format("redirect to \"{}\", which is no URL", printable(*location)));
    if (url->scheme == "https" && target->scheme == "http") {
      return refused(std::move(response),
                     base::format("redirect from https to plain http at {} refused", target->authority));
    }
    if (target->origin() != url->origin()) drop_secrets(current);
    current.url = target->str();
    url = target;
  }
}

bool HttpClient::transient(const HttpResponse& response) {
  if (response.fault) return *response.fault == TransportFault::timeout || *response.fault == TransportFault::reset;
  return response.status == 408 || response.status == 429 ||
         (response.status >= 500 && response.status != 501 && response.status != 505);
}

void HttpClient::back_off(int attempt, const HttpResponse& response, const std::stop_token& stop) const {
  auto delay = policy_.first_delay * (1 << std::min(attempt - 1, 10));
  if (const auto after = response.headers.find("Retry-After")) {
    if (const auto seconds = base::parse_int(*after); seconds && *seconds >= 0) {
      delay = std::chrono::seconds(std::min<std::int64_t>(*seconds, 3600));
    } else if (const auto date = base::parse_http_date(*after)) {
      const auto wait = std::max<base::Nanos>(0, *date - base::system_clock().now());
      delay = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(wait));
    }
  }
  policy_.sleep(std::min(delay, policy_.longest_delay), stop);
}

HttpResponse HttpClient::exchange_retrying(const HttpRequest& request, BodySink* sink, const std::stop_token& stop) {
  for (int attempt = 1;; ++attempt) {
    HttpResponse response = exchange(request, sink, stop);
    if (!transient(response) || attempt >= policy_.attempts) return response;
    back_off(attempt, response, stop);
  }
}

std::string describe_failure(const HttpResponse& response) {
  if (response.fault) return printable(response.fault_text);
  std::string text = base::format("{} {}", response.status, reason(response.status));
  text = std::string(base::trim(text));
  if (const std::string message = server_message(response); !message.empty()) text += ": " + message;
  return text;
}

}  // namespace oci
