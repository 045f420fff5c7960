// SPDX-License-Identifier: Apache-2.0
#pragma once
// One HTTP exchange at a time: the seam between what we say to registries and libcurl.
//
//     auto transport = oci::make_curl_transport({});
//     oci::HttpRequest request{.url = "https://example.org/v2/"};
//     oci::HttpResponse response = transport->perform(request, nullptr, stop);
//
// libcurl is loaded when the first exchange needs it, or beside other work after prepare();
// connections are kept and used again. Redirects are not followed here, see http_client.h.
// Threads: any number of exchanges at once. A stop request ends an exchange at once with Cancelled.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oci {

/// Header lines in their order; names compare without case.
class HttpHeaders {
 public:
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  /// First value, trimmed; nothing when absent.
  std::optional<std::string> find(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& lines() const { return lines_; }

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

/// Whom to believe, and as whom to appear, in TLS.
struct TlsSettings {
  std::vector<std::string> ca_files;  ///< PEM, in addition to the system's
  std::string client_certificate;
  std::string client_key;
  enum class Verify : std::uint8_t { yes, no } verify = Verify::yes;
  bool operator==(const TlsSettings&) const = default;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;
  /// A body in memory, sent when not empty or when the method is POST, PUT or PATCH.
  std::string body;
  /// A body read from a descriptor instead, from body_offset; sent with its length.
  int body_fd = -1;
  std::uint64_t body_size = 0;
  std::uint64_t body_offset = 0;
  TlsSettings tls;
};

/// Why no complete response came.
enum class TransportFault : std::uint8_t { resolve, connect, tls, certificate, timeout, reset, other };

struct HttpResponse {
  int status = 0;  ///< 0 when no status line arrived
  HttpHeaders headers;
  std::string body;                     ///< filled only without a sink, up to kMaxInlineBody
  std::optional<TransportFault> fault;  ///< set when the exchange broke off, perhaps after the head
  std::string fault_text;
  bool ok() const { return !fault && status >= 200 && status < 300; }
};

/// A response without a sink is cut off beyond this.
inline constexpr std::size_t kMaxInlineBody = 16U << 20;

/// Takes a body as it arrives. Returning `stop` ends the exchange without a fault.
class BodySink {
 public:
  enum class Next : std::uint8_t { more, stop };
  virtual ~BodySink() = default;
  /// Once, before the first bytes. The default takes every body.
  virtual Next head(const HttpResponse& response);
  virtual Next write(std::span<const std::byte> bytes) = 0;
};

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  /// Says that an exchange is likely to come: what takes time before the first one begins now, on a
  /// thread of its own. Returns at once, never throws; an exchange without it only starts later.
  virtual void prepare() {}
  /// Never throws for what the network does: that is in the response. Throws Cancelled on stop, and
  /// failed_precondition when libcurl is missing.
  virtual HttpResponse perform(const HttpRequest& request, BodySink* sink, const std::stop_token& stop) = 0;
};

/// What exchanges may connect to. `outside`: no address that leads back to this machine (address_scope.h), whatever the
/// name that led there; asked of every address right before it is connected to.
enum class Reach : std::uint8_t { anywhere, outside };

struct CurlOptions {
  std::string library = "libcurl.so.4";
  Reach reach = Reach::anywhere;
  /// Whether the proxies that the environment names (http_proxy and its like) are used.
  enum class Proxies : std::uint8_t { environment, none } proxies = Proxies::environment;
  /// Whether dot segments of a path go out as they are.
  bool path_as_is = false;
  std::string user_agent = "slipway";
  long connect_timeout_ms = 30'000;
  /// An exchange that moves less than a byte per second for this long has timed out.
  long stall_timeout_s = 60;
};

std::unique_ptr<HttpTransport> make_curl_transport(CurlOptions options);

}  // namespace oci
