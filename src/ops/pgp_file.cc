// SPDX-License-Identifier: Apache-2.0
#include "ops/pgp_file.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/subprocess.h"

namespace ops {
namespace {

constexpr int kFile = 3;  ///< the child's number of it

base::Command gpg(const std::string& home, std::vector<std::string> arguments) {
  base::Command command;
  command.argv = {"gpg", "--batch", "--no-tty", "--no-autostart", "--homedir", home};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

bool is_signed_by(int file, std::string_view signature, std::string_view keys, const std::string& scratch,
                  const std::stop_token& stop) {
  if (!base::find_program("gpg")) {
    base::fail(base::Code::failed_precondition, "gpg is not installed; signatures of files need it (Debian: gpg)");
  }
  const base::TemporaryDirectory home("signers-", scratch);
  // Else a machine's own settings could fetch the key that a signature names.
  base::write_file_atomic(home.path() + "/gpg.conf", "no-auto-key-retrieve\nno-auto-key-import\n");
  base::write_file_atomic(home.path() + "/keys.asc", keys);
  base::write_file_atomic(home.path() + "/signature.asc", signature);
  const base::Output imported = base::run_collect(gpg(home.path(), {"--import", home.path() + "/keys.asc"}), {}, stop);
  if (!imported.status.ok()) {
    base::fail(base::Code::invalid_argument, "the OpenPGP keys cannot be read: {}", base::trim(imported.err));
  }
  base::Command verify = gpg(home.path(), {"--status-fd", "1", "--verify", home.path() + "/signature.asc",
                                           base::format("/proc/self/fd/{}", kFile)});
  verify.keep = {{file, kFile}};
  const base::Output output = base::run_collect(std::move(verify), {}, stop);
  if (!output.status.ok()) return false;
  const auto lines = base::split(output.out, '\n');
  const auto says = [&](std::string_view word) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.starts_with("[GNUPG:] " + std::string(word) + " ");
    });
  };
  return says("GOODSIG") && says("VALIDSIG");
}

}  // namespace ops
