// SPDX-License-Identifier: Apache-2.0
#include "oci/auth.h"

#include <algorithm>
#include <set>

#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/sync.h"
#include "base/time.h"

namespace oci {
namespace {

constexpr std::int64_t kDefaultLifetime = 60;  // seconds, says the token specification
constexpr std::int64_t kSafetyMargin = 10;

bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Reads a WWW-Authenticate value from left to right.
class ChallengeReader {
 public:
  explicit ChallengeReader(std::string_view text) : rest_(text) {}

  std::vector<Challenge> read() {
    std::vector<Challenge> challenges;
    for (;;) {
      skip(" \t,");
      const std::string word = token();
      if (word.empty()) return challenges;
      skip(" \t");
      if (rest_.starts_with('=') && !challenges.empty()) {
        rest_.remove_prefix(1);
        skip(" \t");
        challenges.back().parameters.emplace(base::lower(word), value());
      } else {
        challenges.push_back({base::lower(word), {}});
      }
    }
  }

 private:
  void skip(std::string_view characters) {
    while (!rest_.empty() && characters.find(rest_[0]) != std::string_view::npos) rest_.remove_prefix(1);
  }
  std::string token() {
    std::size_t length = 0;
    while (length < rest_.size() && is_token_char(rest_[length])) ++length;
    std::string word(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return word;
  }
  std::string value() {
    if (!rest_.starts_with('"')) return token();
    std::string text;
    std::size_t i = 1;
    for (; i < rest_.size() && rest_[i] != '"'; ++i) {
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      text += rest_[i];
    }
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
    return text;
  }

  std::string_view rest_;
};

std::string scope_of(std::string_view path, std::string_view actions) {
  return base::format("repository:{}:{}", path, actions);
}

std::vector<std::string> scopes_for(const AuthTarget& target) {
  std::vector<std::string> scopes;
  if (target.path.empty()) return scopes;  // a login is for no repository
  scopes.push_back(scope_of(target.path, target.access == Access::push ? "pull,push" : "pull"));
  if (!target.mount_from.empty() && target.mount_from != target.path)
    scopes.push_back(scope_of(target.mount_from, "pull"));
  return scopes;
}

std::string basic_header(const Credential& credential) {
  return "Basic " + base::base64_encode(credential.username + ":" + credential.password);
}

[[noreturn]] void token_refused(std::string_view realm, std::string_view why, std::string_view hint) {
  base::Error error(base::Code::unauthenticated, base::format("getting a token from {}: {}", realm, why));
  error.set_hint(std::string(hint));
  throw error;
}

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) { return ChallengeReader(header).read(); }

struct Authorizer::State {
  struct Entry {
    std::string header;
    std::int64_t expires = INT64_MAX;  ///< monotonic seconds
  };
  /// By "domain" for basic, "domain scopes" for tokens.
  base::Sync<std::map<std::string, Entry>> entries;

  static std::string key(const AuthTarget& target) { return target.domain + " " + base::join(scopes_for(target), " "); }
};

Authorizer::Authorizer(HttpClient& client, CredentialSource& credentials)
    : client_(client), credentials_(credentials), state_(std::make_unique<State>()) {}
Authorizer::~Authorizer() = default;

void Authorizer::sign(HttpRequest& request, const AuthTarget& target) {
  auto entries = state_->entries.lock();
  for (const std::string& key : {State::key(target), target.domain}) {
    const auto found = entries->find(key);
    if (found == entries->end()) continue;
    if (found->second.expires <= base::monotonic_now() / base::kSecond) {
      entries->erase(found);
      continue;
    }
    request.headers.set("Authorization", found->second.header);
    return;
  }
}

namespace {

struct Token {
  std::string text;
  std::int64_t lifetime = kDefaultLifetime;
};

Token read_token(const HttpResponse& response, std::string_view realm, bool anonymous) {
  if (!response.ok()) {
    const bool login = response.status == 401 || response.status == 403;
    token_refused(realm, describe_failure(response),
                  !login      ? ""
                  : anonymous ? "log in first (slipway login, docker login or podman login)"
                              : "check the user name and password");
  }
  Token token;
  try {
    const base::Json json = base::Json::parse(response.body);
    token.text = json["token"].string_or("");
    if (token.text.empty()) token.text = json["access_token"].string_or("");
    token.lifetime = json["expires_in"].int_or(kDefaultLifetime);
  } catch (const base::Error&) {
    token_refused(realm, "the answer is not JSON", "");
  }
  if (token.text.empty() || token.text.find_first_of("\r\n") != std::string::npos) {
    token_refused(realm, "the answer has no token", "");
  }
  token.lifetime = std::clamp<std::int64_t>(token.lifetime, kDefaultLifetime, 24 * 3600);
  return token;
}

// The refresh token goes into a body, never into an address that servers log.
HttpRequest refresh_request(const std::string& realm, const std::string& service,
                            const std::vector<std::string>& scopes, const Credential& credential) {
  HttpRequest request;
  request.method = "POST";
  request.url = realm;
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body =
      base::format("grant_type=refresh_token&service={}&client_id=slipway&scope={}&refresh_token={}",
                   url_encode(service), url_encode(base::join(scopes, " ")), url_encode(credential.identity_token));
  return request;
}

HttpRequest token_request(const std::string& realm, const std::string& service, const std::vector<std::string>& scopes,
                          const std::optional<Credential>& credential) {
  HttpRequest request;
  request.url = realm;
  char separator = realm.find('?') == std::string::npos ? '?' : '&';
  const auto add = [&](std::string_view name, std::string_view value) {
    request.url += base::format("{}{}={}", separator, name, url_encode(value));
    separator = '&';
  };
  if (!service.empty()) add("service", service);
  for (const std::string& scope : scopes) add("scope", scope);
  if (credential && !credential->username.empty()) {
    add("account", credential->username);
    request.headers.set("Authorization", basic_header(*credential));
  }
  return request;
}

std::string parameter(const Challenge& challenge, const std::string& name) {
  const auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? "" : found->second;
}

}  // namespace

bool Authorizer::learn(const HttpRequest& request, const HttpResponse& response, const AuthTarget& target,
                       const std::stop_token& stop) {
  std::vector<Challenge> challenges;
  for (const std::string& value : response.headers.all("WWW-Authenticate")) {
    const auto more = parse_challenges(value);
    challenges.insert(challenges.end(), more.begin(), more.end());
  }
  const auto offered = [&](std::string_view scheme) {
    return std::find_if(challenges.begin(), challenges.end(), [&](const auto& c) { return c.scheme == scheme; });
  };
  const auto credential = credentials_.find(target.domain, target.path, stop);
  if (credential && !credential->registry_token.empty()) {
    const std::string header = "Bearer " + credential->registry_token;
    if (request.headers.find("Authorization") == header) return false;
    (*state_->entries.lock())[target.domain] = {header};
    return true;
  }
  if (const auto bearer = offered("bearer"); bearer != challenges.end()) {
    const std::string realm = parameter(*bearer, "realm");
    const auto realm_url = parse_url(realm);
    const auto asked = parse_url(request.url);
    if (!realm_url || !asked) token_refused(realm, "the registry names no usable token server", "");
    if (realm_url->scheme == "http" && asked->scheme == "https") {
      token_refused(realm, "the registry speaks https, its token server must too", "");
    }
    const std::vector<std::string> scopes = scopes_for(target);
    const std::string service = parameter(*bearer, "service");
    const bool refresh = credential && !credential->identity_token.empty();
    HttpRequest ask = refresh ? refresh_request(realm, service, scopes, *credential)
                              : token_request(realm, service, scopes, credential);
    if (realm_url->origin() == asked->origin()) ask.tls = request.tls;
    const Token token = read_token(client_.exchange_retrying(ask, nullptr, stop), realm, !credential);
    (*state_->entries.lock())[State::key(target)] = {
        "Bearer " + token.text, base::monotonic_now() / base::kSecond + token.lifetime - kSafetyMargin};
    return true;
  }
  if (offered("basic") == challenges.end() || !credential || credential->username.empty()) return false;
  const std::string header = basic_header(*credential);
  if (request.headers.find("Authorization") == header) return false;  // it was tried and refused
  (*state_->entries.lock())[target.domain] = {header};
  return true;
}

}  // namespace oci
