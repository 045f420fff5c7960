// SPDX-License-Identifier: Apache-2.0
#include "ops/secrets.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "base/strings.h"
#include "base/task.h"
#include "layer/tree.h"
#include "ops/wire.h"

namespace ops {
namespace {

constexpr std::size_t kMaxSecret = 512000;  // as BuildKit
constexpr std::size_t kTellingLine = 16;
constexpr std::string_view kMask = "***";

std::string hex_of(std::string_view bytes, const char* digits) {
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string url_encoded(std::string_view bytes, const char* digits) {
  static constexpr std::string_view kPlain = "-_.~";
  std::string text;
  for (const char c : bytes) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != std::string_view::npos) {
      text += c;
    } else {
      text += '%';
      text += digits[static_cast<unsigned char>(c) >> 4];
      text += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return text;
}

std::string unpadded_base64(std::string_view bytes) {
  std::string text = base::base64_encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  // The last character of an unpadded group also holds bits of what may follow.
  if (bytes.size() % 3 != 0 && !text.empty()) text.pop_back();
  return text;
}

class NeedleMaker {
 public:
  explicit NeedleMaker(std::vector<Needle>& needles) : needles_(needles) {}

  void add_secret(const std::string& id, const std::string& value) {
    const std::string text(base::trim(value, "\r\n"));
    if (text.size() < Secrets::kShortest) return;
    add_forms(id, text);
    if (text.find('\n') == std::string::npos) return;
    for (const auto& line : base::split(text, '\n')) {
      const auto trimmed = base::trim(line);
      // "-----BEGIN …" stands in every key.
      if (trimmed.size() >= kTellingLine && !trimmed.starts_with("-----")) add(id, "a line", std::string(trimmed));
    }
  }

 private:
  void add_forms(const std::string& id, const std::string& text) {
    constexpr const char* kLower = "0123456789abcdef";
    constexpr const char* kUpper = "0123456789ABCDEF";
    add(id, "", text);
    add(id, "base64", unpadded_base64(text));
    // `base64 < file` and `echo $TOKEN | base64` have a newline in it.
    add(id, "base64", unpadded_base64(text + "\n"));
    add(id, "hexadecimal", hex_of(text, kLower));
    add(id, "hexadecimal", hex_of(text, kUpper));
    add(id, "URL encoding", url_encoded(text, kUpper));
    add(id, "URL encoding", url_encoded(text, kLower));
  }

  void add(const std::string& id, std::string form, std::string bytes) {
    const bool known = std::any_of(needles_.begin(), needles_.end(), [&](const auto& n) { return n.bytes == bytes; });
    if (!known && bytes.size() >= Secrets::kShortest) needles_.push_back({id, std::move(form), std::move(bytes)});
  }

  std::vector<Needle>& needles_;
};

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The octet that "%XX" at the front of a text stands for.
std::optional<char> encoded_octet(std::string_view text) {
  if (text.size() < 3 || text[0] != '%' || text[1] == '-' || text[1] == '+') return std::nullopt;
  const auto value = base::parse_int(text.substr(1, 2), 16);
  return value ? std::optional(static_cast<char>(*value)) : std::nullopt;
}

/// How much at the front of a text is that secret, each character as it is or encoded; 0: it is none.
std::size_t encoded_length(std::string_view text, std::string_view secret) {
  std::size_t at = 0;
  for (const char c : secret) {
    if (at == text.size()) return 0;
    const auto octet = encoded_octet(text.substr(at));
    if (lowered(text[at]) == lowered(c) || (c == ' ' && text[at] == '+')) {
      // A secret may hold a '%' that the text has encoded.
      at += c == '%' && octet == '%' ? 3 : 1;
    } else if (octet && lowered(*octet) == lowered(c)) {
      at += 3;
    } else {
      return 0;
    }
  }
  return at;
}

/// With what a secret holds in encoded form decoded: as an URL that it was written into says it.
std::string url_decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto octet = encoded_octet(text);
    out += octet.value_or(text[0]);
    text.remove_prefix(octet ? 3 : 1);
  }
  return out;
}

std::string without_encoded(std::string_view text, std::string_view secret) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = secret.size() < Secrets::kShortest ? 0 : encoded_length(text, secret);
    if (length > 0) {
      out += kMask;
    } else {
      out += text[0];
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

bool contains(std::string_view text, std::string_view part) {
  return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

const Needle* find_in_file(int fd, const std::vector<Needle>& needles, const std::stop_token& stop) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::size_t longest = 0;
  for (const auto& needle : needles) longest = std::max(longest, needle.bytes.size());
  std::string buffer;
  for (;;) {
    base::throw_if_stopped(stop);
    const std::size_t kept = std::min(buffer.size(), longest - 1);
    buffer.erase(0, buffer.size() - kept);
    buffer.resize(kept + kPiece);
    const std::size_t got = base::read_up_to(fd, buffer.data() + kept, kPiece);
    buffer.resize(kept + got);
    if (const Needle* found = find_secret(buffer, needles)) return found;
    if (got < kPiece) return nullptr;
  }
}

}  // namespace

base::Json to_json(const std::vector<Needle>& needles) {
  base::Json list = base::Json::array();
  for (const auto& needle : needles) {
    base::Json json = base::Json::object();
    json.set("id", needle.id).set("form", needle.form).set("bytes", encode_bytes(needle.bytes));
    list.push(std::move(json));
  }
  return list;
}

std::vector<Needle> needles_from_json(const base::Json& json) {
  std::vector<Needle> needles;
  for (const auto& item : json.items()) {
    needles.push_back({item["id"].as_string(), item["form"].as_string(), decode_bytes(item["bytes"].as_string())});
  }
  return needles;
}

std::string Secrets::read(const SecretSource& source) const {
  if (!source.file.empty()) return base::read_file(source.file, kMaxSecret);
  const char* value = ::getenv(source.variable.c_str());
  return value ? value : "";
}

std::optional<std::string> Secrets::value(const std::string& id, bool optional) {
  const auto source = sources_.find(id);
  if (source == sources_.end()) {
    if (optional) return std::nullopt;
    base::Error error(base::Code::not_found, base::format("secret {}: not found", id));
    error.set_hint(base::format("pass it with --secret id={},src=FILE or --secret id={},env=NAME", id, id));
    throw error;
  }
  const std::lock_guard lock(mutex_);
  const auto known = values_.find(id);
  if (known != values_.end()) return known->second;
  return values_[id] = read(source->second);
}

namespace {

constexpr std::size_t kKeyCharacters = 50;  // of 36 each: more than 256 bits

std::string key_in(const std::string& file) {
  if (const auto key = base::read_file_if_exists(file)) return *key;
  base::write_file_atomic(file, base::random_id(kKeyCharacters), base::Durable::no, 0600);
  return base::read_file(file);  // somebody else's, where two wrote at once
}

}  // namespace

std::string Secrets::name_of_value(const std::string& id) {
  const auto secret = value(id, true);
  return secret ? base::hmac_sha256(key_in(key_file_), id + "\n" + *secret).hex().substr(0, 32) : "";
}

const std::vector<Needle>& Secrets::needles() {
  const std::lock_guard lock(mutex_);
  if (needles_) return *needles_;
  needles_.emplace();
  NeedleMaker maker(*needles_);
  for (const auto& [id, source] : sources_) {
    try {
      const auto known = values_.find(id);
      maker.add_secret(id, known != values_.end() ? known->second : read(source));
    } catch (const base::Error&) {
      // A secret that no step mounts need not exist.
    }
  }
  std::stable_sort(needles_->begin(), needles_->end(),
                   [](const auto& a, const auto& b) { return a.bytes.size() > b.bytes.size(); });
  return *needles_;
}

void MaskedLog::write(std::string_view bytes) {
  if (needles_.empty()) return write_(bytes);
  waiting_ += bytes;
  for (const auto& needle : needles_) {
    for (auto at = waiting_.find(needle.bytes); at != std::string::npos; at = waiting_.find(needle.bytes, at)) {
      waiting_.replace(at, needle.bytes.size(), kMask);
    }
  }
  // What may be the beginning of a secret waits for the rest.
  std::size_t held = 0;
  for (const auto& needle : needles_) {
    for (std::size_t length = std::min(needle.bytes.size() - 1, waiting_.size()); length > held; --length) {
      if (std::string_view(waiting_).substr(waiting_.size() - length) ==
          std::string_view(needle.bytes).substr(0, length)) {
        held = length;
        break;
      }
    }
  }
  const std::size_t ready = waiting_.size() - held;
  if (ready > 0) write_(std::string_view(waiting_).substr(0, ready));
  waiting_.erase(0, ready);
}

void MaskedLog::finish() {
  if (!waiting_.empty()) write_(waiting_);
  waiting_.clear();
}

std::string without_secrets_in_urls(std::string text, const std::vector<Needle>& needles) {
  for (const auto& needle : needles) {
    text = without_encoded(text, needle.bytes);
    const std::string decoded = url_decoded(needle.bytes);
    if (decoded != needle.bytes) text = without_encoded(text, decoded);
    // The rest is a fragment, which is not sent.
    const auto fragment = needle.form.empty() ? needle.bytes.find('#') : std::string::npos;
    if (fragment != std::string::npos) text = without_encoded(text, std::string_view(needle.bytes).substr(0, fragment));
  }
  return text;
}

const Needle* find_secret(std::string_view text, const std::vector<Needle>& needles) {
  for (const auto& needle : needles) {
    if (contains(text, needle.bytes)) return &needle;
  }
  return nullptr;
}

std::vector<FoundSecret> find_secrets(const std::string& directory, const std::vector<Needle>& needles,
                                      const std::stop_token& stop) {
  std::vector<FoundSecret> found;
  if (needles.empty()) return found;
  const base::Fd root = base::open_directory(directory);
  layer::walk_tree(root.get(), {.stop = stop}, [&](const layer::TreeEntry& entry) {
    const Needle* needle = find_secret(entry.name(), needles);
    if (!needle && entry.is_symlink()) needle = find_secret(entry.link_target(), needles);
    if (!needle && entry.is_file() && entry.stat().st_size > 0 && !entry.first_link()) {
      needle = find_in_file(entry.open().get(), needles, stop);
    }
    for (const auto& [name, value] : needle ? layer::Xattrs() : entry.xattrs()) {
      if (!needle) needle = find_secret(value, needles);
    }
    if (needle) found.push_back({entry.path(), needle->id, needle->form});
    return layer::Visit::go_on;
  });
  return found;
}

}  // namespace ops
