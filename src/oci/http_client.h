// SPDX-License-Identifier: Apache-2.0
#pragma once
// HTTP with manners: redirects that keep secrets at home, and retries that back off.
//
// A redirect to another origin (scheme, host, port) is followed without Authorization, Cookie and
// client certificates; one from https to http is refused. Connection resets, timeouts, 408, 429 and
// 5xx (but 501) are tried again; Retry-After is obeyed up to a bound.
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "oci/transport.h"
#include "oci/url.h"

namespace oci {

struct RetryPolicy {
  int attempts = 5;
  std::chrono::milliseconds first_delay{300};
  std::chrono::milliseconds longest_delay{15'000};
  /// Waits, or throws Cancelled when stopped; tests put a counter here. Empty: really sleeps.
  std::function<void(std::chrono::milliseconds, const std::stop_token&)> sleep;
};

class HttpClient {
 public:
  HttpClient(HttpTransport& transport, RetryPolicy policy);

  /// Follows up to ten redirects (GET and HEAD only), does not retry. `final_url`, when given,
  /// receives the address that answered. The sink sees a body only if the status is 2xx; the
  /// beginning of any other body is in the response.
  HttpResponse exchange(const HttpRequest& request, BodySink* sink, const std::stop_token& stop,
                        std::string* final_url = nullptr);

  /// exchange() with retries; for requests whose sink (if any) may be fed again from the start.
  HttpResponse exchange_retrying(const HttpRequest& request, BodySink* sink, const std::stop_token& stop);

  /// True when a response like this is worth another attempt.
  static bool transient(const HttpResponse& response);
  /// Waits before attempt number `attempt` (from 1), longer each time or as Retry-After says.
  void back_off(int attempt, const HttpResponse& response, const std::stop_token& stop) const;
  int attempts() const { return policy_.attempts; }

 private:
  HttpTransport& transport_;
  RetryPolicy policy_;
};

/// One line about what went wrong: "503 Service Unavailable: quota", "connection refused".
std::string describe_failure(const HttpResponse& response);

}  // namespace oci
