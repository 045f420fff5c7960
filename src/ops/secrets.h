// SPDX-License-Identifier: Apache-2.0
#pragma once
// The secrets of a build: their values, keeping them out of logs, and finding them where they must not be.
//
//     Secrets secrets(settings.secrets);
//     auto value = secrets.value("token");                      // read when a step mounts it, kept until the build
//     ends MaskedLog log(secrets, [](std::string_view text) { … });  // "token is ***" auto leaks =
//     find_secrets(directory, secrets.needles(), stop);
//
// A value is looked for as it is, and in base64, hexadecimal and URL encoding; of a value of several lines also the
// longer lines by themselves. Values shorter than kShortest are neither masked nor looked for: they stand everywhere.
//
// Threads: any. Failure: not_found for a secret that was not given, with the flag that gives it.
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace ops {

/// A secret of the command line: its bytes are read when a step mounts it.
struct SecretSource {
  std::string file;  ///< path, or "" for an environment variable
  std::string variable;
};

/// What to do with a value in a layer or an image's config.
enum class SecretLeak : std::uint8_t { warn, error };

/// One form of a secret's value.
struct Needle {
  std::string id;
  std::string form;  ///< "", "base64", "hexadecimal", "URL encoding", "a line"
  std::string bytes;
};

base::Json to_json(const std::vector<Needle>& needles);
std::vector<Needle> needles_from_json(const base::Json& json);

class Secrets {
 public:
  static constexpr std::size_t kShortest = 4;

  /// `key_file` is made when a value is first named.
  explicit Secrets(const std::map<std::string, SecretSource>& sources, std::string key_file = "")
      : sources_(sources), key_file_(std::move(key_file)) {}

  bool empty() const { return sources_.empty(); }
  /// Nothing for an unknown id when `optional`.
  std::optional<std::string> value(const std::string& id, bool optional);
  /// A name for the value, equal for equal values: a MAC with a random key of this store, so that it tells nothing of
  /// the value to whoever has not the store. "" for a secret that was not given.
  std::string name_of_value(const std::string& id);
  /// All forms of all secrets that can be read, longest first.
  const std::vector<Needle>& needles();

 private:
  std::string read(const SecretSource& source) const;

  const std::map<std::string, SecretSource>& sources_;
  std::string key_file_;
  std::mutex mutex_;
  std::map<std::string, std::string> values_;
  std::optional<std::vector<Needle>> needles_;
};

/// A stream of a step's output with every form of every secret replaced by "***", wherever its pieces are cut.
class MaskedLog {
 public:
  using Write = std::function<void(std::string_view text)>;
  MaskedLog(const std::vector<Needle>& needles, Write write) : needles_(needles), write_(std::move(write)) {}
  void write(std::string_view bytes);
  /// What was held back because a secret may have begun there.
  void finish();

 private:
  const std::vector<Needle>& needles_;
  Write write_;
  std::string waiting_;
};

struct FoundSecret {
  std::string path;  ///< below the directory
  std::string id;
  std::string form;
};

/// Looks through names, link targets and bytes of a tree; each file once, with the first secret that is in it.
std::vector<FoundSecret> find_secrets(const std::string& directory, const std::vector<Needle>& needles,
                                      const std::stop_token& stop);

/// A text about URLs without secrets: every form of each is replaced by "***" also where some of its characters are
/// percent-encoded and others not, and letters are in another case (as hosts, methods and encodings are rewritten).
std::string without_secrets_in_urls(std::string text, const std::vector<Needle>& needles);

/// The first secret in a text.
const Needle* find_secret(std::string_view text, const std::vector<Needle>& needles);

}  // namespace ops
