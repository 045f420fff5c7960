// SPDX-License-Identifier: Apache-2.0
#pragma once
// One request of a step: judged, fetched from the server it is for, handed to the step, noted.
//
// What the step gets of a GET ends only after it was noted: the last piece of a body is held back until then, so that a
// step cannot have something that its record does not name. Bodies pass through in pieces; nothing is kept of them.
// A server does not learn what the step has already (Accept-Encoding and conditions are taken out of a GET), so that
// what comes is the whole of what the URL names.
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "base/fd.h"
#include "oci/transport.h"
#include "oci/url.h"

#include "proxy/authority.h"
#include "proxy/capture.h"

namespace proxy {

/// What the judge says of a request. At most one of the three is set.
struct Verdict {
  std::string refusal;      ///< a policy's reason against it: the step gets 403
  std::string unavailable;  ///< why nothing can be fetched at all: the step gets 502
  std::string instead;      ///< the URL to fetch in its place
};
/// Asked on many threads, with the method and the URL as address.h brings it into its normal form.
using Judge = std::function<Verdict(const std::string& method, const std::string& url)>;

/// What all requests of a step share; outlives them.
struct Desk {
  const Authority& authority;
  oci::HttpTransport& upstream;
  oci::TlsSettings tls;  ///< whom to believe upstream
  std::string spool;     ///< directory for the bodies of requests while they are sent; nothing stays in it
  Judge judge;
  std::function<void(const std::string& line)> tell;  ///< something for the step's log; any thread
  Capture& capture;
};

/// A request, read whole.
struct ClientRequest {
  std::string method;
  oci::Url url;  ///< normal
  oci::HttpHeaders headers;
  base::Fd body;  ///< a file, or none
  std::uint64_t body_size = 0;
};

/// Takes the answer. Throws base::Error when the client has gone.
class Answer {
 public:
  virtual ~Answer() = default;
  virtual void head(int status, const oci::HttpHeaders& headers, std::optional<std::uint64_t> length) = 0;
  virtual void write(std::span<const std::byte> bytes) = 0;
  /// After everything was written.
  virtual void end() = 0;
};

/// Throws base::Error when the answer could not be given whole (the connection is then of no further use), and
/// base::Cancelled on a stop.
void answer_request(const ClientRequest& request, const Desk& desk, Answer& answer, const std::stop_token& stop);

/// An answer of the proxy's own.
void answer_with_text(Answer& answer, int status, const std::string& text);

}  // namespace proxy
