// SPDX-License-Identifier: Apache-2.0
#pragma once
// The context argument, -f and --build-context: which local directories and layouts a build has, and
// what the frontend is told about the rest (URLs, git repositories, images).
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "cli/options.h"
#include "ops/local_source.h"

namespace cli {

class BuildContexts final : public ops::LocalSources {
 public:
  /// Reads what the options name; throws Error for a context or Dockerfile that is not there.
  /// Standard input is read when the context or the Dockerfile is "-".
  explicit BuildContexts(const BuildOptions& options);

  std::optional<ops::LocalDirectory> directory(const std::string& name) const override;
  std::optional<std::string> layout(const std::string& store_id) const override;

  /// "context", "context:NAME", "filename": options for the frontend.
  const std::map<std::string, std::string>& frontend_options() const { return frontend_options_; }

 private:
  void set_context(const BuildOptions& options);
  void set_dockerfile(const BuildOptions& options);
  void read_context_from_stdin(const BuildOptions& options);
  void add_named(const std::string& text);
  void add_layout(const std::string& name, std::string_view rest);
  std::string temporary_directory();

  bool remote_context_ = false;
  bool unpacked_context_ = false;  ///< the context is an archive from standard input
  std::map<std::string, std::string> directories_;
  std::map<std::string, std::string> layouts_;
  std::map<std::string, std::string> frontend_options_;
  std::vector<std::unique_ptr<base::TemporaryDirectory>> temporary_;
};

/// Where the Dockerfile is, if it is a file of this machine that was not read from standard input.
std::optional<std::string> dockerfile_path(const BuildOptions& options, const BuildContexts& contexts);

}  // namespace cli
