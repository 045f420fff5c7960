// SPDX-License-Identifier: Apache-2.0
#include "oci/credentials.h"

#include <array>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/subprocess.h"

namespace oci {
namespace {

constexpr std::string_view kHubKey = "https://index.docker.io/v1/";
constexpr std::size_t kMaxFile = 16U << 20;

// "https://host:5000/v1/" and "host:5000" name the same registry.
std::string host_of_key(std::string_view key) {
  if (const auto parts = base::cut(key, "://")) key = parts->second;
  return std::string(key.substr(0, key.find('/')));
}

bool is_hub(std::string_view domain) { return domain == "docker.io" || domain == "index.docker.io"; }

// What Docker itself asks a helper for.
std::string server_address(std::string_view domain) {
  return is_hub(domain) ? std::string(kHubKey) : std::string(domain);
}

std::optional<Credential> from_auth_entry(const base::Json& entry) {
  Credential credential;
  credential.username = entry["username"].string_or("");
  credential.password = entry["password"].string_or("");
  credential.identity_token = entry["identitytoken"].string_or("");
  credential.registry_token = entry["registrytoken"].string_or("");
  if (const std::string packed = entry["auth"].string_or(""); !packed.empty()) {
    const auto plain = base::base64_decode(packed);
    const auto parts = plain ? base::cut(*plain, ":") : std::nullopt;
    if (!parts) base::fail(base::Code::invalid_argument, "member \"auth\" is not base64 of user:password");
    credential.username = std::string(parts->first);
    // Docker writes trailing NULs in some versions.
    credential.password = std::string(base::trim(parts->second, std::string_view("\0", 1)));
  }
  if (credential.empty()) return std::nullopt;
  return credential;
}

std::optional<Credential> from_auths(const base::Json& auths, std::string_view domain, std::string_view path) {
  // Most specific first: host/a/b, host/a, host.
  for (std::string key = std::string(domain) + "/" + std::string(path);;) {
    if (auths.contains(key)) {
      if (auto found = from_auth_entry(auths[key])) return found;
    }
    const std::size_t slash = key.rfind('/');
    if (slash == std::string::npos) break;
    key.resize(slash);
  }
  if (is_hub(domain) && auths.contains(kHubKey)) return from_auth_entry(auths[kHubKey]);
  for (const auto& [key, entry] : auths.members()) {
    const std::string_view rest = base::cut(key, "://") ? base::cut(key, "://")->second : std::string_view(key);
    const std::size_t slash = rest.find('/');
    const std::string_view tail = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    const bool whole_host = tail.empty() || tail == "v1/" || tail == "v2/" || tail == "v1" || tail == "v2";
    const std::string host = host_of_key(key);
    if (!whole_host || !(host == domain || (is_hub(domain) && is_hub(host)))) continue;
    if (auto found = from_auth_entry(entry)) return found;
  }
  return std::nullopt;
}

std::optional<Credential> from_helper(const std::string& name, std::string_view domain, const std::stop_token& stop) {
  const std::string program = "docker-credential-" + name;
  if (name.empty() || name.find('/') != std::string::npos) return std::nullopt;
  base::Command command;
  command.argv = {program, "get"};
  const auto output = base::with_context([&] { return base::run_collect(command, server_address(domain), stop); },
                                         "asking the credential helper for {}", domain);
  if (!output.status.ok()) {
    // The helpers' protocol says "not found" with this text on standard output.
    if (output.out.find("credentials not found") != std::string::npos) return std::nullopt;
    base::fail(base::Code::unauthenticated, "{} get for {} failed with exit code {}", program, domain,
               output.status.code);
  }
  const base::Json json =
      base::with_context([&] { return base::Json::parse(output.out); }, "reading the answer of {}", program);
  Credential credential;
  credential.username = json["Username"].string_or("");
  credential.password = json["Secret"].string_or("");
  if (credential.username == "<token>") {
    credential.identity_token = std::exchange(credential.password, "");
    credential.username.clear();
  }
  if (credential.empty()) return std::nullopt;
  return credential;
}

/// The helper that a config file names for a domain, "" = none.
std::string helper_of(const base::Json& config, std::string_view domain) {
  const base::Json& helpers = config["credHelpers"];
  std::string helper = helpers[domain].string_or("");
  if (helper.empty() && is_hub(domain)) {
    helper = helpers[kHubKey].string_or(helpers["index.docker.io"].string_or(""));
  }
  return helper.empty() ? config["credsStore"].string_or("") : helper;
}

std::optional<Credential> from_file(const std::string& path, std::string_view domain, std::string_view repository,
                                    const std::stop_token& stop) {
  if (path.empty()) return std::nullopt;
  const auto bytes = base::read_file_if_exists(path, kMaxFile);
  if (!bytes || base::trim(*bytes).empty()) return std::nullopt;
  return base::with_context(
      [&]() -> std::optional<Credential> {
        const base::Json json = base::Json::parse(*bytes);
        const std::string helper = helper_of(json, domain);
        if (!helper.empty()) {
          if (auto found = from_helper(helper, domain, stop)) return found;
        }
        return from_auths(json["auths"], domain, repository);
      },
      "reading credentials from {}", path);
}

}  // namespace

CredentialFiles conventional_files(const std::function<std::optional<std::string>(const std::string&)>& environment) {
  CredentialFiles files;
  const std::string home = environment("HOME").value_or("");
  const auto below = [](const std::string& directory, std::string_view rest) {
    return directory.empty() ? std::string() : directory + std::string(rest);
  };
  files.docker_config = below(environment("DOCKER_CONFIG").value_or(below(home, "/.docker")), "/config.json");
  if (const auto chosen = environment("REGISTRY_AUTH_FILE"); chosen && !chosen->empty()) {
    files.auth_files.push_back(*chosen);
  } else {
    files.auth_files.push_back(below(environment("XDG_RUNTIME_DIR").value_or(""), "/containers/auth.json"));
    const std::string config = environment("XDG_CONFIG_HOME").value_or(below(home, "/.config"));
    files.auth_files.push_back(below(config, "/containers/auth.json"));
  }
  std::erase(files.auth_files, "");
  return files;
}

std::string login_file(const std::function<std::optional<std::string>(const std::string&)>& environment) {
  if (const auto chosen = environment("REGISTRY_AUTH_FILE"); chosen && !chosen->empty()) return *chosen;
  return conventional_files(environment).docker_config;
}

namespace {

base::Json read_config(const std::string& file) {
  const auto bytes = base::read_file_if_exists(file, kMaxFile);
  if (!bytes || base::trim(*bytes).empty()) return base::Json::object();
  auto json = base::with_context([&] { return base::Json::parse(*bytes); }, "reading {}", file);
  if (!json.is_object()) base::fail(base::Code::invalid_argument, "{} holds no object", file);
  return json;
}

void write_config(const std::string& file, const base::Json& json) {
  base::make_directories(base::dir_name(file), 0700);
  base::write_file_atomic(file, json.dump(2) + "\n", base::Durable::yes, 0600);
}

/// `docker-credential-NAME VERB`; the input may hold a secret and is never shown.
void run_helper(const std::string& name, const char* verb, const std::string& input, const std::stop_token& stop) {
  const std::string program = "docker-credential-" + name;
  if (name.find('/') != std::string::npos) base::fail(base::Code::invalid_argument, "{} is no name of a helper", name);
  base::Command command;
  command.argv = {program, verb};
  const auto output = base::run_collect(command, input, stop);
  if (!output.status.ok()) {
    base::fail(base::Code::failed_precondition, "{} {} failed with exit code {}", program, verb, output.status.code);
  }
}

/// The members of "auths" that mean the domain as a whole.
std::vector<std::string> login_keys(const base::Json& auths, std::string_view domain) {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : auths.members()) {
    const bool whole = key == kHubKey || key.find('/') == std::string::npos || key.find("://") != std::string::npos;
    if (whole && (host_of_key(key) == domain || (is_hub(domain) && is_hub(host_of_key(key))))) keys.push_back(key);
  }
  return keys;
}

}  // namespace

void store_login(const std::string& file, std::string_view domain, const Credential& credential,
                 const std::stop_token& stop) {
  base::Json config = read_config(file);
  base::Json auths = config["auths"].is_object() ? config["auths"] : base::Json::object();
  for (const auto& key : login_keys(auths, domain)) auths.erase(key);
  base::Json entry = base::Json::object();
  if (const std::string helper = helper_of(config, domain); !helper.empty()) {
    base::Json secret = base::Json::object();
    secret.set("ServerURL", server_address(domain)).set("Username", credential.username);
    run_helper(helper, "store", secret.set("Secret", credential.password).dump(), stop);
  } else {
    entry.set("auth", base::base64_encode(credential.username + ":" + credential.password));
  }
  // Docker leaves an empty entry beside what a helper keeps: it lists who is logged in.
  write_config(file, config.set("auths", auths.set(server_address(domain), std::move(entry))));
}

bool erase_login(const std::string& file, std::string_view domain, const std::stop_token& stop) {
  base::Json config = read_config(file);
  const std::string helper = helper_of(config, domain);
  bool known = false;
  if (!helper.empty() && from_helper(helper, domain, stop)) {
    run_helper(helper, "erase", server_address(domain), stop);
    known = true;
  }
  base::Json auths = config["auths"].is_object() ? config["auths"] : base::Json::object();
  const auto keys = login_keys(auths, domain);
  for (const auto& key : keys) auths.erase(key);
  if (!keys.empty()) write_config(file, config.set("auths", std::move(auths)));
  return known || !keys.empty();
}

std::optional<Credential> FileCredentials::find(std::string_view domain, std::string_view path,
                                                const std::stop_token& stop) {
  if (auto found = from_file(files_.docker_config, domain, path, stop)) return found;
  for (const std::string& file : files_.auth_files) {
    if (auto found = from_file(file, domain, path, stop)) return found;
  }
  return std::nullopt;
}

}  // namespace oci
