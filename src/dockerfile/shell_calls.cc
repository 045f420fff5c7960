// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/shell_calls.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace dockerfile {
namespace {

using Words = std::vector<std::string>;

/// Cuts a script into calls, words still with their wrappers in front.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<ShellCall> scan() {
    while (at_ < text_.size()) step();
    end_call();
    return std::move(calls_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void step() {
    const char c = text_[at_];
    switch (c) {
      case '\\': escaped(); return;
      case '\'': single_quoted(); return;
      case '"': double_quoted(); return;
      case '`': backquoted(); return;
      case '$': dollar(); return;
      case ' ':
      case '\t':
      case '\r': end_word(); break;
      case '#':
        if (!in_word_) return comment();
        word_ += c;
        break;
      case '<':
      case '>': redirection(c); return;
      case '&':
        // "&>file" and "2>&1": not the end of the call.
        if (peek(1) == '>') break;
        end_call();
        break;
      case '\n':
      case ';':
      case '|':
      case '(':
      case ')': end_call(); break;
      default: word_ += c; in_word_ = true;
    }
    ++at_;
  }

  void escaped() {
    if (peek(1) != '\n' && at_ + 1 < text_.size()) {
      word_ += text_[at_ + 1];
      in_word_ = true;
    }
    at_ += 2;
  }

  void single_quoted() {
    const auto end = std::min(text_.find('\'', at_ + 1), text_.size());
    word_ += text_.substr(at_ + 1, end - at_ - 1);
    in_word_ = true;
    at_ = end + 1;
  }

  void double_quoted() {
    in_word_ = true;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      word_ += text_[at_];
    }
    ++at_;
  }

  void backquoted() {
    const auto end = std::min(text_.find('`', at_ + 1), text_.size() - 1);
    word_ += text_.substr(at_, end - at_ + 1);
    in_word_ = true;
    at_ = end + 1;
  }

  /// `$(…)` and `${…}` whole; other variables are ordinary characters.
  void dollar() {
    in_word_ = true;
    const char open = peek(1);
    if (open != '(' && open != '{') {
      word_ += text_[at_++];
      return;
    }
    const char close = open == '(' ? ')' : '}';
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      word_ += text_[at_];
      if (text_[at_] == open) ++depth;
      if (text_[at_] == close && --depth == 0) {
        ++at_;
        return;
      }
    }
  }

  void comment() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  void redirection(char c) {
    if (c == '<') call_.reads_input = true;
    // A number in front belongs to the operator.
    if (!word_.empty() && word_.find_first_not_of("0123456789") == std::string::npos) {
      word_.clear();
      in_word_ = false;
    }
    end_word();
    while (peek() == c || peek() == '&' || peek() == '-') ++at_;
    skip_word_ = true;
  }

  void end_word() {
    if (in_word_ && !skip_word_) call_.words.push_back(word_);
    if (in_word_) skip_word_ = false;
    word_.clear();
    in_word_ = false;
  }

  void end_call() {
    end_word();
    skip_word_ = false;
    if (!call_.words.empty()) calls_.push_back(std::move(call_));
    call_ = {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string word_;
  bool in_word_ = false;
  bool skip_word_ = false;
  ShellCall call_;
  std::vector<ShellCall> calls_;
};

bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == word.npos || equals == 0) return false;
  return std::ranges::all_of(word.substr(0, equals), [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

/// Drops from the front what is not the program that does the work.
void unwrap(ShellCall& call) {
  static constexpr std::array<std::string_view, 10> kReserved = {"if",    "then",  "else", "elif", "do",
                                                                 "while", "until", "!",    "{",    "}"};
  static constexpr std::array<std::string_view, 9> kStarters = {"sudo", "env",     "exec",      "time", "nohup",
                                                                "nice", "command", "eatmydata", "xargs"};
  std::size_t skip = 0;
  bool starter = false;
  while (skip < call.words.size()) {
    const std::string_view word = call.words[skip];
    if (word == "xargs") call.reads_input = true;
    const bool starts = base::is_one_of(word, kStarters);
    if (!starts && !base::is_one_of(word, kReserved) && !is_assignment(word) && !(starter && word.starts_with('-')))
      break;
    starter = starts || (starter && word.starts_with('-'));
    ++skip;
  }
  call.words.erase(call.words.begin(), call.words.begin() + static_cast<std::ptrdiff_t>(skip));
}

/// The script of `sh -c SCRIPT`, or nothing.
const std::string* script_argument(const ShellCall& call) {
  static constexpr std::array<std::string_view, 5> kShells = {"sh", "bash", "ash", "dash", "zsh"};
  if (!base::is_one_of(call.program(), kShells)) return nullptr;
  for (std::size_t i = 1; i + 1 < call.words.size(); ++i) {
    const auto& word = call.words[i];
    if (word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')) return &call.words[i + 1];
    if (!word.starts_with('-')) return nullptr;
  }
  return nullptr;
}

constexpr int kDeepest = 4;

void add_calls(std::vector<ShellCall> found, int depth, std::vector<ShellCall>& to) {
  for (auto& call : found) {
    unwrap(call);
    if (call.words.empty()) continue;
    const auto* script = depth < kDeepest ? script_argument(call) : nullptr;
    if (script != nullptr) {
      add_calls(Scanner(*script).scan(), depth + 1, to);
    } else {
      to.push_back(std::move(call));
    }
  }
}

}  // namespace

std::string_view ShellCall::program() const {
  const std::string_view word = words.front();
  const auto slash = word.rfind('/');
  return slash == word.npos ? word : word.substr(slash + 1);
}

bool ShellCall::has_word(std::string_view word) const { return std::ranges::find(words, word) != words.end(); }

std::vector<ShellCall> shell_calls(std::string_view script) {
  std::vector<ShellCall> calls;
  add_calls(Scanner(script).scan(), 0, calls);
  return calls;
}

std::vector<ShellCall> shell_calls(const RunCommand& run) {
  if (run.line.prepend_shell) return shell_calls(script_of(run));
  std::vector<ShellCall> calls;
  if (!run.line.arguments.empty()) add_calls({ShellCall{run.line.arguments}}, 0, calls);
  return calls;
}

std::string script_of(const RunCommand& run) {
  std::string script = base::join(run.line.arguments, " ");
  for (const auto& file : run.line.files) script += "\n" + file.data;
  return script;
}

}  // namespace dockerfile
