// SPDX-License-Identifier: Apache-2.0
#include "ops/git_program.h"

#include <cstdlib>

#include "base/error.h"
#include "base/strings.h"

namespace ops {
namespace {

std::vector<std::string> git_environment(std::string_view protocols) {
  std::vector<std::string> environment = {"GIT_TERMINAL_PROMPT=0",
                                          "GIT_CONFIG_NOSYSTEM=1",
                                          "HOME=/dev/null",
                                          "LC_ALL=C",
                                          base::format("GIT_ALLOW_PROTOCOL={}", protocols),
                                          "GIT_SSH_COMMAND=ssh -F /dev/null -o BatchMode=yes"};
  for (const char* name :
       {"PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "GIT_SSL_CAINFO"}) {
    if (const char* value = ::getenv(name)) environment.push_back(base::format("{}={}", name, value));
  }
  return environment;
}

}  // namespace

base::Output run_git(std::vector<std::string> arguments, const std::stop_token& stop, std::string_view protocols,
                     const std::string& directory, const std::vector<std::string>& environment) {
  arguments.insert(arguments.begin(), {"git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"});
  base::Command command;
  command.argv = std::move(arguments);
  command.environment = git_environment(protocols);
  command.environment->insert(command.environment->end(), environment.begin(), environment.end());
  command.directory = directory;
  return base::run_collect(std::move(command), {}, stop);
}

std::string git(std::vector<std::string> arguments, const std::stop_token& stop, std::string_view protocols,
                const std::string& directory) {
  const base::Output output = run_git(std::move(arguments), stop, protocols, directory);
  if (output.status.ok()) return output.out;
  base::fail(base::Code::unavailable, "git: {}", base::trim(output.err));
}

}  // namespace ops
