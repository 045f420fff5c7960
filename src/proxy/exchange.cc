// SPDX-License-Identifier: Apache-2.0
#include "proxy/exchange.h"

#include <algorithm>
#include <vector>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/strings.h"

#include "proxy/address.h"

namespace proxy {
namespace {

/// Those that concern one connection alone (RFC 9110, 7.6.1), and such as we say ourselves.
bool is_per_hop(std::string_view lowered) {
  static constexpr std::string_view kNames[] = {"connection",
                                                "keep-alive",
                                                "proxy-authenticate",
                                                "proxy-authorization",
                                                "proxy-connection",
                                                "te",
                                                "trailer",
                                                "transfer-encoding",
                                                "upgrade",
                                                "content-length",
                                                "expect",
                                                "http2-settings",
                                                "alt-svc"};
  return base::is_one_of(lowered, kNames);
}

/// Names that a Connection header declares to be per hop.
std::vector<std::string> named_by_connection(const oci::HttpHeaders& headers) {
  std::vector<std::string> names;
  for (const auto& value : headers.all("Connection")) {
    for (const auto& name : base::split(value, ',')) names.push_back(base::lower(base::trim(name)));
  }
  return names;
}

oci::HttpHeaders end_to_end(const oci::HttpHeaders& headers) {
  const auto named = named_by_connection(headers);
  oci::HttpHeaders kept;
  for (const auto& [name, value] : headers.lines()) {
    const std::string lowered = base::lower(name);
    if (is_per_hop(lowered) || std::find(named.begin(), named.end(), lowered) != named.end()) continue;
    kept.add(name, value);
  }
  return kept;
}

/// Two lengths are one too many (RFC 9112, 6.3): then none is said.
std::optional<std::uint64_t> length_of(const oci::HttpHeaders& headers) {
  const auto values = headers.all("Content-Length");
  if (values.size() != 1 || headers.find("Transfer-Encoding")) return std::nullopt;
  const auto number = base::parse_int(base::trim(values.front()));
  return number && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

bool is_success(int status) { return status >= 200 && status < 300; }

/// The answer's way to the step, one piece behind what has come.
class Relay final : public oci::BodySink {
 public:
  /// `is_noted`: what comes is named by its digest, or not passed on.
  Relay(Answer& answer, bool is_noted) : answer_(answer), is_noted_(is_noted) {}

  Next head(const oci::HttpResponse& response) override {
    has_head_ = true;
    status_ = response.status;
    headers_ = end_to_end(response.headers);
    length_ = length_of(response.headers);
    const auto location = response.headers.find("Location");
    if (location && is_redirect(status_)) location_ = *location;
    if (is_noted_ && !location_.empty()) drop_body();
    return Next::more;
  }

  Next write(std::span<const std::byte> bytes) override {
    if (drops_body_) return Next::more;
    hash_.update(bytes);
    size_ += bytes.size();
    send_held();
    held_.assign(bytes.begin(), bytes.end());
    // Only what is noted is worth the delay.
    if (!is_noted_) send_held();
    return Next::more;
  }

  /// What is still held back, and the end.
  void finish() {
    send_head();
    send_held();
    answer_.end();
  }

  bool has_head() const { return has_head_; }
  bool has_begun() const { return head_sent_; }
  int status() const { return status_; }
  std::uint64_t size() const { return size_; }
  const std::string& location() const { return location_; }
  base::Digest digest() { return hash_.finish(); }

 private:
  /// Of a redirect the record says where it leads, and nothing of a body that nobody reads.
  void drop_body() {
    drops_body_ = true;
    length_ = 0;
    for (const std::string_view name : {"Content-Type", "Content-Encoding"}) headers_.remove(name);
  }

  void send_head() {
    if (head_sent_) return;
    head_sent_ = true;
    answer_.head(status_, headers_, length_);
  }
  void send_held() {
    if (held_.empty()) return;
    send_head();
    answer_.write(held_);
    held_.clear();
  }

  Answer& answer_;
  bool is_noted_;
  bool drops_body_ = false;
  bool has_head_ = false;
  bool head_sent_ = false;
  int status_ = 0;
  oci::HttpHeaders headers_;
  std::optional<std::uint64_t> length_;
  std::string location_;
  std::vector<std::byte> held_;
  base::Sha256 hash_;
  std::uint64_t size_ = 0;
};

/// Octets of user information, decoded.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto value =
        text[i] == '%' && i + 2 < text.size() ? base::parse_int(text.substr(i + 1, 2), 16) : std::nullopt;
    out += value ? static_cast<char>(*value) : text[i];
    if (value) i += 2;
  }
  return out;
}

oci::HttpRequest upstream_request(const ClientRequest& request, const oci::Url& url, const Desk& desk) {
  oci::HttpRequest out;
  out.method = request.method;
  out.url = url.str();
  out.headers = end_to_end(request.headers);
  // Whom a request is for is said by its URL, which was judged, and by nothing else.
  out.headers.remove("Host");
  out.headers.remove("Accept-Encoding");
  if (request.method == "GET" || request.method == "HEAD") {
    for (const std::string_view name : {"If-None-Match", "If-Modified-Since"}) out.headers.remove(name);
  }
  // A policy may send a request to another server, which is not to learn what was meant for the first.
  const bool is_elsewhere = url.origin() != request.url.origin();
  for (const std::string_view name : {"Authorization", "Cookie"}) {
    if (is_elsewhere) out.headers.remove(name);
  }
  if (!is_elsewhere && !request.url.user_info.empty() && !out.headers.find("Authorization")) {
    out.headers.add("Authorization", "Basic " + base::base64_encode(decoded(request.url.user_info)));
  }
  if (request.body) {
    out.body_fd = request.body.get();
    out.body_size = request.body_size;
  }
  out.tls = desk.tls;
  return out;
}

bool is_plain_get(const ClientRequest& request) { return request.method == "GET" && !request.body; }

/// Why the record does not say what the step got; in BuildKit's words where it has them. `leads_on`: it says where to.
std::string gap_of(const ClientRequest& request, int status, bool leads_on) {
  if (request.method != "GET") return "method_not_materializable";
  if (request.body) return "request_has_body";
  if (status == 206) return "partial_response";
  if (status == 304) return "not_modified";
  return is_success(status) || leads_on ? "" : "unsuccessful_response";
}

/// The end of a request whose answer did not come, or did not arrive, whole.
[[noreturn]] void break_off(const std::string& why) {
  base::fail(base::Code::unavailable, "an answer was not given whole: {}", why);
}

class Exchange {
 public:
  Exchange(const ClientRequest& request, const oci::Url& url, const Desk& desk, Answer& answer)
      : request_(request), url_(url), desk_(desk), answer_(answer), relay_(answer, is_plain_get(request)) {}

  void run(const std::stop_token& stop) {
    oci::HttpResponse response;
    try {
      response = desk_.upstream.perform(upstream_request(request_, url_, desk_), &relay_, stop);
    } catch (const base::Cancelled&) {
      note_loss();
      throw;
    } catch (const std::exception& error) {
      if (!relay_.has_begun()) return fail(error.what());
      note_loss();
      throw;
    }
    if (!relay_.has_head() || (response.fault && !relay_.has_begun())) {
      return fail(response.fault ? response.fault_text : "no answer came");
    }
    if (response.fault) {
      note(relay_.status(), "body_read_failed");
      break_off(response.fault_text);
    }
    note(relay_.status(), gap_of(request_, relay_.status(), !where_to().empty()));
    relay_.finish();
  }

 private:
  std::string where_to() const { return relay_.location().empty() ? "" : shown_location(url_, relay_.location()); }

  void note(int status, std::string gap) {
    Request seen{.method = request_.method, .url = shown_url(url_), .status = status, .gap = std::move(gap)};
    seen.location = where_to();
    if (request_.method == "GET" && seen.gap.empty() && is_success(status)) {
      seen.digest = relay_.digest().str();
      seen.size = relay_.size();
    }
    desk_.capture.add(std::move(seen));
  }

  /// The client or the step has gone. What it had of the body by then is not known.
  void note_loss() { note(relay_.has_head() ? relay_.status() : 502, "body_read_failed"); }

  /// While nothing has been said to the client.
  void fail(const std::string& why) {
    note(502, "upstream_error");
    desk_.tell(base::format("proxy: {} {} failed: {}", request_.method, shown_url(url_), why));
    answer_with_text(answer_, 502, why);
  }

  const ClientRequest& request_;
  const oci::Url& url_;
  const Desk& desk_;
  Answer& answer_;
  Relay relay_;
};

}  // namespace

void answer_with_text(Answer& answer, int status, const std::string& text) {
  oci::HttpHeaders headers;
  headers.add("Content-Type", "text/plain; charset=utf-8");
  headers.add("X-Content-Type-Options", "nosniff");
  const std::string line = text + "\n";
  answer.head(status, headers, line.size());
  answer.write(std::as_bytes(std::span(line)));
  answer.end();
}

void answer_request(const ClientRequest& request, const Desk& desk, Answer& answer, const std::stop_token& stop) {
  const std::string shown = shown_url(request.url);
  if (!desk.capture.admits(shown)) {
    return answer_with_text(answer, 429, "this step has made more different requests than can be recorded");
  }
  const Verdict verdict = desk.judge(request.method, request.url.str());
  if (!verdict.refusal.empty()) {
    desk.capture.refuse({.method = request.method, .url = shown, .status = 403}, verdict.refusal);
    desk.tell(base::format("proxy: {} {} refused: {}", request.method, shown, verdict.refusal));
    return answer_with_text(answer, 403, verdict.refusal);
  }
  if (!verdict.unavailable.empty()) {
    desk.capture.add({.method = request.method, .url = shown, .status = 502, .gap = "upstream_error"});
    return answer_with_text(answer, 502, verdict.unavailable);
  }
  std::optional<oci::Url> instead;
  if (!verdict.instead.empty()) {
    instead = normal_url(verdict.instead);
    if (!instead)
      return answer_with_text(answer, 502, "a source policy leads to " + verdict.instead + ", which is no URL");
  }
  Exchange(request, instead ? *instead : request.url, desk, answer).run(stop);
}

}  // namespace proxy
