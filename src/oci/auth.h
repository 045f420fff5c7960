// SPDX-License-Identifier: Apache-2.0
#pragma once
// Answering a registry's "401: who are you?": anonymous, basic, or a token from its token server.
//
//     authorizer.sign(request, domain, path, Access::pull);         // what is known so far
//     if (response.status == 401) authorizer.learn(response, …);    // read the challenge, get a token
//
// Tokens are kept per host and scope until shortly before they expire. Credentials go to the
// registry's host, and to the token server its challenge names only over https (or from a plain-http
// registry). Any thread.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "oci/credentials.h"
#include "oci/http_client.h"

namespace oci {

/// One challenge of a WWW-Authenticate header.
struct Challenge {
  std::string scheme;                             ///< lower case
  std::map<std::string, std::string> parameters;  ///< names in lower case
};

/// All challenges of one header value; malformed rests are dropped.
std::vector<Challenge> parse_challenges(std::string_view header);

enum class Access : std::uint8_t { pull, push };

struct AuthTarget {
  std::string domain;  ///< as in the reference: decides the credentials
  std::string path;
  Access access = Access::pull;
  std::string mount_from;  ///< a second repository to read from, or ""
};

class Authorizer {
 public:
  Authorizer(HttpClient& client, CredentialSource& credentials);
  ~Authorizer();

  /// Adds the Authorization header that worked before, if any.
  void sign(HttpRequest& request, const AuthTarget& target);
  /// Learns from a 401. True when another attempt makes sense; throws unauthenticated when the
  /// token server refuses, with what it said.
  bool learn(const HttpRequest& request, const HttpResponse& response, const AuthTarget& target,
             const std::stop_token& stop);

 private:
  struct State;
  HttpClient& client_;
  CredentialSource& credentials_;
  std::unique_ptr<State> state_;
};

}  // namespace oci
