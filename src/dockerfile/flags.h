// SPDX-License-Identifier: Apache-2.0
#pragma once
// Flags of one instruction: declared, then read from its `--name=value` words.
//
//     FlagSet flags(statement.flags);
//     const Flag& from = flags.add_text("from", "");
//     flags.parse();                                   // throws for unknown, repeated, incomplete flags
//     use(from.value);
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace dockerfile {

struct Flag {
  enum class Kind : std::uint8_t { yes_no, text, list };
  std::string name;
  Kind kind = Kind::text;
  bool used = false;
  std::string value;                ///< "true" or "false" for yes_no
  std::vector<std::string> values;  ///< of a list
  bool is_true() const { return value == "true"; }
};

class FlagSet {
 public:
  explicit FlagSet(std::vector<std::string> words) : words_(std::move(words)) {}

  /// References stay valid.
  const Flag& add_bool(std::string_view name);
  const Flag& add_text(std::string_view name, std::string_view value = "");
  const Flag& add_list(std::string_view name);

  void parse();
  /// Names of the flags that were given, sorted.
  std::vector<std::string> used() const;

 private:
  Flag* find(std::string_view name);

  std::vector<std::string> words_;
  std::deque<Flag> flags_;
};

}  // namespace dockerfile
