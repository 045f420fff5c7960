// SPDX-License-Identifier: Apache-2.0
#include "ops/chmod.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/strings.h"

namespace ops {
namespace {

constexpr mode_t kUser = S_ISUID | S_IRWXU;
constexpr mode_t kGroup = S_ISGID | S_IRWXG;
constexpr mode_t kOther = S_IRWXO;
constexpr mode_t kEveryone = kUser | kGroup | kOther;
constexpr mode_t kExecute = S_IXUSR | S_IXGRP | S_IXOTH;

}  // namespace

class ModeChange::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), rest_(text) {}

  std::vector<Step> parse() {
    if (rest_.empty()) bad();
    if (rest_[0] >= '0' && rest_[0] <= '9') return absolute();
    for (;;) {
      clause();
      if (rest_.empty()) return std::move(steps_);
      rest_.remove_prefix(1);  // the comma
    }
  }

 private:
  [[noreturn]] void bad() const {
    base::fail(base::Code::invalid_argument, "invalid mode \"{}\": expected octal digits or a form such as u=rwX,go=rX",
               text_);
  }

  char peek() const { return rest_.empty() ? '\0' : rest_[0]; }

  std::vector<Step> absolute() {
    const auto value = base::parse_int(rest_, 8);
    if (!value || *value < 0 || *value > 07777) bad();
    return {{Kind::remove, 07777, 0}, {Kind::add, static_cast<mode_t>(*value), 0}};
  }

  /// [ugoa]* followed by one or more of [+-=][rwxXst]* or [+-=][ugo].
  void clause() {
    who_ = 0;
    for (;; rest_.remove_prefix(1)) {
      if (peek() == 'u') {
        who_ |= kUser;
      } else if (peek() == 'g') {
        who_ |= kGroup;
      } else if (peek() == 'o') {
        who_ |= kOther;
      } else if (peek() == 'a') {
        who_ |= kEveryone;
      } else {
        break;
      }
    }
    do {
      op_ = peek();
      if (op_ != '+' && op_ != '-' && op_ != '=') bad();
      rest_.remove_prefix(1);
      permissions();
    } while (!rest_.empty() && rest_[0] != ',');
  }

  void permissions() {
    cleared_ = false;
    bits_ = conditional_ = 0;
    sticky_ = 0;
    for (;; rest_.remove_prefix(1)) {
      const bool only_other = who_ != 0 && (who_ & ~kOther) == 0;
      switch (peek()) {
        case 'r': bits_ |= S_IRUSR | S_IRGRP | S_IROTH; break;
        case 'w': bits_ |= S_IWUSR | S_IWGRP | S_IWOTH; break;
        case 'x': bits_ |= kExecute; break;
        case 'X': (op_ == '-' ? bits_ : conditional_) |= kExecute; break;
        case 's':
          if (!only_other) bits_ |= S_ISUID | S_ISGID;
          break;
        case 't':
          if (!only_other) sticky_ = S_ISVTX;
          break;
        case 'u': copy(6); break;
        case 'g': copy(3); break;
        case 'o': copy(0); break;
        default: flush(); return;
      }
    }
  }

  void flush() {
    const mode_t classes = who_ == 0 ? kEveryone : who_;
    if (op_ == '=' && !cleared_) steps_.push_back({Kind::remove, classes | sticky_, 0});
    cleared_ = true;
    const mode_t bits = (bits_ & classes) | sticky_;
    if (bits != 0) steps_.push_back({op_ == '-' ? Kind::remove : Kind::add, bits, 0});
    if (conditional_ != 0) steps_.push_back({Kind::add_if_executable, conditional_ & classes, 0});
    bits_ = conditional_ = sticky_ = 0;
  }

  void copy(int from) {
    if (bits_ != 0 || conditional_ != 0 || sticky_ != 0) flush();
    cleared_ = true;
    const mode_t classes = (who_ == 0 ? kEveryone : who_) & 0777;
    const Kind kind = op_ == '+' ? Kind::copy_add : op_ == '-' ? Kind::copy_remove : Kind::copy_set;
    steps_.push_back({kind, classes, from});
  }

  std::string_view text_;
  std::string_view rest_;
  std::vector<Step> steps_;
  mode_t who_ = 0;
  char op_ = 0;
  mode_t bits_ = 0;
  mode_t conditional_ = 0;  ///< given as X: only where something is executable already
  mode_t sticky_ = 0;
  bool cleared_ = false;  ///< "=" has emptied the classes
};

ModeChange ModeChange::parse(std::string_view text) {
  ModeChange change;
  change.steps_ = Parser(text).parse();
  return change;
}

mode_t ModeChange::apply(mode_t mode) const {
  mode_t now = mode & 07777;
  for (const Step& step : steps_) {
    const mode_t source = (now >> step.from) & S_IRWXO;
    const mode_t copied = (source << 6 | source << 3 | source) & step.bits;
    switch (step.kind) {
      case Kind::add: now |= step.bits; break;
      case Kind::remove: now &= ~step.bits; break;
      case Kind::add_if_executable:
        if (S_ISDIR(mode) || (mode & kExecute) != 0) now |= step.bits;
        break;
      case Kind::copy_add: now |= copied; break;
      case Kind::copy_remove: now &= ~copied; break;
      case Kind::copy_set: now = (now & ~step.bits) | copied; break;
    }
  }
  return now;
}

}  // namespace ops
