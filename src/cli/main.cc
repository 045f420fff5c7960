// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/export.h"
#include "ops/methods.h"
#include "sandbox/helper.h"

int main(int argc, char** argv) {
  // What ends up in an image must not depend on the shell's umask (git checkouts, files of ADD).
  ::umask(022);
  const std::string_view first = argc > 1 ? argv[1] : "";
  // The builder starts this program again as its helper (sandbox/helper.h).
  if (first == "__helper" && argc == 3) {
    return sandbox::helper_main(std::atoi(argv[2]), [](const sandbox::World& world) {
      return ops::make_handlers(world, cli::export_methods());
    });
  }
  // Asked for often by scripts: no need to build the whole command line first.
  if (argc == 2 && (first == "version" || first == "--version")) return cli::run_version();
  const int code = cli::run({argv + 1, argv + argc});
  // Everything of ours is closed by now. The libraries behind libcurl would still clear their tables.
  std::fflush(nullptr);
  ::_exit(code);
}
