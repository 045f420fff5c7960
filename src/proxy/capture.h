// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a step fetched, as its proxy saw it.
//
//     proxy::Capture capture;
//     …the server adds to it…
//     auto seen = capture.seen();                      // kept with the step's record, as JSON
//     for (auto& request : seen.materials()) …         // what the step stands on: URL, digest, size
//     for (auto& request : seen.gaps()) …              // what was fetched and cannot be named so
//
// Equal requests with equal answers are noted once. A step that asks for more different things than kMaxRequests, or in
// more bytes than kMaxBytes, is refused the rest of them, and has a gap.
// Threads: any (Capture); Seen is a value.
#include <compare>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace proxy {

struct Request {
  std::string method;
  std::string url;     ///< as address.h shows it; of what was fetched, where a policy put that in its place
  int status = 0;      ///< as the step got it
  std::string digest;  ///< "sha256:…" of a body that went to the step whole, of GET requests answered with 2xx
  std::uint64_t size = 0;
  std::string location;  ///< where a redirect led
  std::string gap;       ///< why it does not name what the step got, in BuildKit's words; "" = it does
  auto operator<=>(const Request&) const = default;
};

/// Whether a client that gets this status goes where the Location says.
inline bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

struct Seen {
  std::vector<Request> requests;

  /// Those with a digest, and what was redirected to them: it names the same bytes.
  std::vector<Request> materials() const;
  std::vector<Request> gaps() const;

  base::Json to_json() const;
  /// Throws invalid_argument.
  static Seen from_json(const base::Json& json);
};

class Capture {
 public:
  static constexpr std::size_t kMaxRequests = 20'000;
  static constexpr std::size_t kMaxBytes = 8U << 20;

  /// Whether one more request may be made; once not, never again.
  bool admits(const std::string& url);
  void add(Request request);
  /// A request that a policy refused, with its reason; it is no gap, as nothing came of it.
  void refuse(Request request, std::string reason);

  Seen seen() const;
  std::vector<std::string> refusals() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::set<Request> known_;
  std::size_t bytes_ = 0;
  bool full_ = false;
  std::vector<std::string> refusals_;
};

}  // namespace proxy
