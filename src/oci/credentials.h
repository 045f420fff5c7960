// SPDX-License-Identifier: Apache-2.0
#pragma once
// Credentials for registries, from the files and helper programs people already have.
//
// Asked in this order, first answer wins: Docker's config.json (credHelpers for the host, then
// credsStore, then auths), then podman's auth.json files. Keys may be hosts, URLs of hosts, and for
// podman's files host/namespace. Docker Hub is "https://index.docker.io/v1/" in Docker's file.
// Secrets never appear in error texts.
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace oci {

struct Credential {
  std::string username;
  std::string password;
  std::string identity_token;  ///< an OAuth2 refresh token instead of a password
  std::string registry_token;  ///< a bearer token to be sent as it is
  bool empty() const { return username.empty() && identity_token.empty() && registry_token.empty(); }
};

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  /// For a registry domain ("docker.io", "host:5000") and a repository path; nothing: anonymous.
  virtual std::optional<Credential> find(std::string_view domain, std::string_view path,
                                         const std::stop_token& stop) = 0;
};

/// The files to read; absent ones are skipped.
struct CredentialFiles {
  std::string docker_config;
  std::vector<std::string> auth_files;
};

/// Where the files are by convention: DOCKER_CONFIG, HOME, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR,
/// XDG_CONFIG_HOME, looked up through `environment`.
CredentialFiles conventional_files(const std::function<std::optional<std::string>(const std::string&)>& environment);

/// The file that a login is written to: REGISTRY_AUTH_FILE where that is set, else docker's config.json.
std::string login_file(const std::function<std::optional<std::string>(const std::string&)>& environment);

/// Keeps a user name and password for a registry's domain: with the credential helper that the file names, else in the
/// file (readable for its owner alone), whose other members stay. Throws what keeps it from that.
void store_login(const std::string& file, std::string_view domain, const Credential& credential,
                 const std::stop_token& stop);
/// Afterwards nothing is kept for the domain; says whether something was.
bool erase_login(const std::string& file, std::string_view domain, const std::stop_token& stop);

/// Reads the files anew on each question, so a login during a long build is seen. Any thread.
class FileCredentials final : public CredentialSource {
 public:
  explicit FileCredentials(CredentialFiles files) : files_(std::move(files)) {}
  std::optional<Credential> find(std::string_view domain, std::string_view path, const std::stop_token& stop) override;

 private:
  CredentialFiles files_;
};

}  // namespace oci
