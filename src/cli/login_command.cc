// SPDX-License-Identifier: Apache-2.0
// slipway login, slipway logout: where docker and podman keep theirs.
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/house.h"
#include "cli/interrupt.h"
#include "cli/print_line.h"
#include "oci/credentials.h"
#include "oci/registry.h"

namespace cli {
namespace {

constexpr std::size_t kMaxSecret = 1U << 20;

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

/// "https://registry.example/v2/" and "docker.io/library/x" both mean their host.
std::string domain_of(std::string_view text) {
  if (text.empty()) return "docker.io";
  if (const auto parts = base::cut(text, "://")) text = parts->second;
  std::string host(text.substr(0, text.find('/')));
  if (host == "index.docker.io" || host == "registry-1.docker.io") return "docker.io";
  if (!oci::Reference::parse_if_valid(host + "/x") || oci::Reference::parse(host + "/x").domain != host) {
    base::fail(base::Code::invalid_argument, "{} is no name of a registry: want host or host:port", text);
  }
  return host;
}

/// Typed on the terminal; a secret without echo.
std::string ask(const char* prompt, bool secret) {
  if (::isatty(STDIN_FILENO) == 0) {
    base::Error error(base::Code::invalid_argument, "there is no terminal to ask for the user name and password on");
    error.set_hint("-u NAME, and the password on standard input with --password-stdin");
    throw error;
  }
  std::fputs(prompt, stderr);
  termios before{};
  ::tcgetattr(STDIN_FILENO, &before);
  if (secret) {
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  char line[4096] = {};
  const char* got = std::fgets(line, sizeof line, stdin);
  if (secret) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::fputc('\n', stderr);
  }
  return got == nullptr ? "" : std::string(base::trim(line, "\r\n"));
}

/// Gives the one that is to be tried.
class GivenCredential final : public oci::CredentialSource {
 public:
  explicit GivenCredential(oci::Credential credential) : credential_(std::move(credential)) {}
  std::optional<oci::Credential> find(std::string_view, std::string_view, const std::stop_token&) override {
    return credential_;
  }
  const oci::Credential& get() const { return credential_; }

 private:
  oci::Credential credential_;
};

oci::Credential wanted_credential(const LoginOptions& options) {
  oci::Credential credential;
  credential.username = options.username.empty() ? ask("user name: ", false) : options.username;
  if (options.password_stdin) {
    credential.password = std::string(base::trim(base::read_all(STDIN_FILENO, kMaxSecret), "\r\n"));
  } else {
    credential.password = options.password.empty() ? ask("password: ", true) : options.password;
  }
  if (credential.username.empty() || credential.password.empty()) {
    base::fail(base::Code::invalid_argument, "a user name and a password are wanted");
  }
  return credential;
}

std::string wanted_file() {
  std::string file = oci::login_file(environment);
  if (!file.empty()) return file;
  base::fail(base::Code::failed_precondition, "there is no place for a login: neither HOME nor DOCKER_CONFIG is set");
}

}  // namespace

int run_login(const LoginOptions& options) {
  const Interrupt interrupt;
  const std::string domain = domain_of(options.registry);
  const std::string file = wanted_file();
  GivenCredential given(wanted_credential(options));
  const auto transport = oci::make_curl_transport({});
  oci::Registry registry({.credentials = &given,
                          .transport = transport.get(),
                          .settings = oci::RegistrySettings::conventional(environment)});
  registry.check_login(domain, interrupt.token());
  oci::store_login(file, domain, given.get(), interrupt.token());
  print_line(base::format("logged in to {} as {} ({})", domain, given.get().username, file));
  return 0;
}

int run_logout(const LogoutOptions& options) {
  const Interrupt interrupt;
  const std::string domain = domain_of(options.registry);
  const std::string file = wanted_file();
  const bool known = oci::erase_login(file, domain, interrupt.token());
  print_line((known ? "logged out of " : "there was no login for ") + domain);
  return 0;
}

}  // namespace cli
