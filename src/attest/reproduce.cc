// SPDX-License-Identifier: Apache-2.0
#include "attest/reproduce.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>

#include "base/digest.h"
#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "layer/compress.h"
#include "layer/tar_reader.h"

namespace attest {
namespace {

constexpr std::size_t kMaxFiles = 200;          ///< whose content is looked into
constexpr std::size_t kMaxContent = 16U << 20;  ///< of one file

struct Member {
  layer::TarEntry entry;
  base::Digest digest;
};
using Members = std::map<std::string, Member>;

std::string clean(std::string name) {
  while (name.ends_with('/')) name.pop_back();
  return name;
}

Members read_members(const OpenLayer& open) {
  const auto source = open();
  layer::TarReader tar(*source);
  Members members;
  while (const auto* entry = tar.next()) {
    Member member{*entry, {}};
    base::Sha256 hash;
    for (auto piece = tar.content(); !piece.bytes.empty(); piece = tar.content()) {
      hash.update(std::to_string(piece.offset) + ":");
      hash.update(piece.bytes);
    }
    member.digest = hash.finish();
    members[clean(entry->name)] = std::move(member);
  }
  return members;
}

std::map<std::string, std::string> read_contents(const OpenLayer& open, const std::set<std::string>& wanted) {
  const auto source = open();
  layer::TarReader tar(*source);
  std::map<std::string, std::string> contents;
  while (const auto* entry = tar.next()) {
    const std::string name = clean(entry->name);
    if (!wanted.contains(name)) continue;
    std::string& content = contents[name];
    for (auto piece = tar.content(); !piece.bytes.empty() && content.size() < kMaxContent; piece = tar.content()) {
      content.resize(static_cast<std::size_t>(piece.offset));
      content.append(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
    }
  }
  return contents;
}

std::uint64_t first_difference(std::string_view a, std::string_view b) {
  const auto end =
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
  return static_cast<std::uint64_t>(end.first - a.begin());
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The word around a place: letters, digits and what stands in dates, versions and names.
std::string word_at(std::string_view text, std::size_t at) {
  const auto fits = [](char c) {
    return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == ':' || c == '.' || c == '_';
  };
  std::size_t begin = std::min(at, text.size());
  while (begin > 0 && fits(text[begin - 1])) --begin;
  std::size_t end = at;
  while (end < text.size() && fits(text[end])) ++end;
  return std::string(text.substr(begin, end - begin));
}

std::string line_at(std::string_view text, std::size_t at) {
  const auto begin = at == 0 ? 0 : text.rfind('\n', at - 1) == text.npos ? 0 : text.rfind('\n', at - 1) + 1;
  return std::string(text.substr(begin, text.find('\n', at) - begin));
}

/// "2026-11-28", "19:23:55", seconds since 1970, "Sat Nov 28 19:23:55 UTC 2026".
bool is_time(const std::string& word, const std::string& line) {
  const auto colons = std::count(word.begin(), word.end(), ':');
  const auto dashes = std::count(word.begin(), word.end(), '-');
  const bool numeric =
      std::all_of(word.begin(), word.end(), [](char c) { return is_digit(c) || c == '-' || c == ':' || c == '.'; });
  if (numeric && (colons == 2 || dashes == 2)) return true;
  const bool seconds =
      word.size() >= 10 && word.size() <= 19 && std::all_of(word.begin(), word.end(), is_digit) && word.front() == '1';
  if (seconds) return true;
  static constexpr std::string_view kDays[] = {"Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "};
  return colons == 2 ||
         (std::any_of(std::begin(kDays), std::end(kDays), [&](auto day) { return line.find(day) != line.npos; }) &&
          line.find(':') != line.npos);
}

bool is_uuid(const std::string& word) { return word.size() == 36 && std::count(word.begin(), word.end(), '-') == 4; }

bool same_lines(std::string_view a, std::string_view b) {
  auto left = base::split(a, '\n');
  auto right = base::split(b, '\n');
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  return left == right;
}

/// Whether two names differ in a part that looks drawn by lot ("tmp.x1Yz", "build-8472").
bool is_random_twin(const std::string& a, const std::string& b) {
  if (a == b || a.size() != b.size() || base::dir_name(a) != base::dir_name(b)) return false;
  const auto at = first_difference(a, b);
  std::size_t tail = 0;
  while (tail < a.size() && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  return at > std::string(base::dir_name(a)).size() && a.size() - at - tail >= 3;
}

std::string attributes_difference(const layer::TarEntry& a, const layer::TarEntry& b) {
  if (a.type != b.type) return "its type";
  if (a.mode != b.mode) return base::format("mode {:04o} and {:04o}", a.mode, b.mode);
  if (a.uid != b.uid || a.gid != b.gid) return base::format("owner {}:{} and {}:{}", a.uid, a.gid, b.uid, b.gid);
  if (a.link_name != b.link_name) return base::format("link to {} and to {}", a.link_name, b.link_name);
  if (a.xattrs != b.xattrs) return "extended attributes";
  if (a.mtime != b.mtime || a.mtime_nanos != b.mtime_nanos) return "time of change";
  return "";
}

class LayerComparison {
 public:
  LayerComparison(const OpenLayer& first, const OpenLayer& second) : open_first_(first), open_second_(second) {}

  std::vector<Difference> compare() {
    first_ = read_members(open_first_);
    second_ = read_members(open_second_);
    for (const auto& [path, member] : first_) {
      const auto twin = second_.find(path);
      if (twin == second_.end()) {
        only_first_.push_back(path);
      } else if (member.digest != twin->second.digest) {
        changed_.insert(path);
      } else if (auto what = attributes_difference(member.entry, twin->second.entry); !what.empty()) {
        add_attributes(path, std::move(what));
      }
    }
    for (const auto& [path, member] : second_) {
      if (!first_.contains(path)) only_second_.push_back(path);
    }
    compare_names();
    compare_contents();
    return std::move(found_);
  }

 private:
  void add_attributes(const std::string& path, std::string what) {
    Difference difference{path, std::move(what), {}, "", ""};
    if (difference.what == "time of change") {
      difference.cause = "files keep the time of the build";
      difference.remedy = "--reproducible, or rewrite-timestamp=true with SOURCE_DATE_EPOCH";
    }
    found_.push_back(std::move(difference));
  }

  void compare_names() {
    for (const auto& path : only_first_) {
      const auto twin = std::find_if(only_second_.begin(), only_second_.end(),
                                     [&](const auto& other) { return is_random_twin(path, other); });
      Difference difference{path, "only in the first build", {}, "", ""};
      if (twin != only_second_.end()) {
        difference.what = "called " + *twin + " in the second build";
        difference.cause = "a name drawn by lot, as of a temporary file";
        difference.remedy = "remove it in the step that makes it, or give it a fixed name";
        only_second_.erase(twin);
      }
      found_.push_back(std::move(difference));
    }
    for (const auto& path : only_second_) found_.push_back({path, "only in the second build", {}, "", ""});
  }

  void compare_contents() {
    std::set<std::string> wanted;
    for (const auto& path : changed_) {
      if (wanted.size() < kMaxFiles) wanted.insert(path);
    }
    const auto first = read_contents(open_first_, wanted);
    const auto second = read_contents(open_second_, wanted);
    for (const auto& path : changed_) {
      Difference difference{path, "content", {}, "", ""};
      if (wanted.contains(path)) {
        const std::string& a = first.at(path);
        const std::string& b = second.at(path);
        difference.offset = first_difference(a, b);
        const Cause cause = usual_cause(path, a, b, *difference.offset);
        difference.cause = cause.cause;
        difference.remedy = cause.remedy;
      }
      found_.push_back(std::move(difference));
    }
  }

  const OpenLayer& open_first_;
  const OpenLayer& open_second_;
  Members first_, second_;
  std::vector<std::string> only_first_, only_second_;
  std::set<std::string> changed_;
  std::vector<Difference> found_;
};

/// Formats that hold times of their own.
std::optional<Cause> cause_by_format(std::string_view path, std::string_view a, std::uint64_t offset) {
  if (a.starts_with("\x1f\x8b") && offset >= 4 && offset < 8) {
    return Cause{"gzip keeps the time of the file it packed", "gzip -n"};
  }
  if (a.starts_with("PK\x03\x04"))
    return Cause{"a zip archive keeps the times of its members",
                 "zip -X with files of fixed times (touch -d @$SOURCE_DATE_EPOCH), or strip-nondeterminism"};
  if (a.starts_with("!<arch>\n"))
    return Cause{"an ar archive keeps times and owners", "ar with the flag D, or ranlib -D"};
  if (path.ends_with(".pyc") && offset >= 4 && offset < 16) {
    return Cause{"Python keeps the source's time in its bytecode",
                 "PYTHONDONTWRITEBYTECODE=1, or compileall --invalidation-mode checked-hash"};
  }
  if (a.size() > 262 && a.substr(257, 5) == "ustar")
    return Cause{"a tar archive keeps times and order",
                 "tar --sort=name --mtime=@$SOURCE_DATE_EPOCH --owner=0 --group=0 --numeric-owner"};
  if (a.starts_with("\x7f"
                    "ELF")) {
    return Cause{"a program with a build id, path or time in it",
                 "a linker with --build-id=none or =sha1, -ffile-prefix-map, go build -trimpath; no __DATE__"};
  }
  return std::nullopt;
}

std::optional<Cause> cause_by_name(std::string_view path) {
  const auto begins = [&](std::string_view prefix) { return path.starts_with(prefix); };
  if (begins("var/log/") || path.ends_with(".log")) return Cause{"a log", "remove it in the step that writes it"};
  if (begins("var/cache/") || path.find("/.cache/") != path.npos || begins("root/.cache/")) {
    return Cause{"a cache",
                 "remove it in the step that writes it, or keep it in a cache mount (RUN --mount=type=cache)"};
  }
  if (path == "etc/machine-id" || begins("etc/ssh/ssh_host_"))
    return Cause{"an identity made when a package was installed", "remove it in that step"};
  return std::nullopt;
}

Cause plain_cause(std::string_view path, std::string_view a, std::string_view b, std::uint64_t offset) {
  if (const auto cause = cause_by_format(path, a, offset)) return *cause;
  const std::string word = word_at(a, static_cast<std::size_t>(offset));
  const std::string other = word_at(b, static_cast<std::size_t>(offset));
  const std::string line = line_at(a, static_cast<std::size_t>(offset));
  if (is_uuid(word) && is_uuid(other)) return {"a random identifier", "derive it from the content, or leave it out"};
  if (is_time(word, line) && is_time(other, line_at(b, static_cast<std::size_t>(offset)))) {
    return {"the time of the build", "use SOURCE_DATE_EPOCH instead of the clock (date -u -d @$SOURCE_DATE_EPOCH)"};
  }
  if (a.find(kFirstHostName) != a.npos && b.find(kSecondHostName) != b.npos) {
    return {"the name of the machine", "leave it out, or set it in the step"};
  }
  // The reversed directories of the second build are a mount of another kind.
  for (const std::string_view mark : {kSecondStoreName, std::string_view("fuse.disorderfs")}) {
    if (b.find(mark) == b.npos || a.find(mark) != a.npos) continue;
    return {"how and where the builder keeps the root", "leave out what the list of mounts says of it"};
  }
  if (const auto cause = cause_by_name(path)) return *cause;
  if (same_lines(a, b))
    return {"the order of the same lines", "sort them: directories and parallel jobs have no order"};
  const auto small = [](const std::string& text) {
    return !text.empty() && text.size() <= 4 && std::all_of(text.begin(), text.end(), is_digit);
  };
  if (small(word) && small(other))
    return {"a small number, as the count of processors", "give it a fixed value (make -j in flags, not in files)"};
  return {"random or machine-dependent bytes", "find what the step draws by lot or asks of the machine"};
}

/// What gzip or zstd made the bytes of; as much as can be read where they are cut off.
std::optional<std::string> unpacked(std::string_view packed) {
  if (layer::sniff_compression(std::as_bytes(std::span(packed))) == layer::Compression::none) return std::nullopt;
  layer::StringSource source(packed);
  std::string text;
  try {
    const auto plain = layer::make_decompressor(source);
    std::array<std::byte, 1U << 16> buffer;
    while (text.size() < kMaxContent) {
      const std::size_t count = plain->read(buffer);
      if (count == 0) break;
      text.append(reinterpret_cast<const char*>(buffer.data()), count);
    }
  } catch (const base::Error&) {
    if (text.empty()) return std::nullopt;
  }
  return text;
}

}  // namespace

Cause usual_cause(std::string_view path, std::string_view a, std::string_view b, std::uint64_t offset) {
  // Once: what is packed twice may well be packed without end.
  const auto inner_a = unpacked(a);
  const auto inner_b = unpacked(b);
  if (!inner_a || !inner_b) return plain_cause(path, a, b, offset);
  if (*inner_a == *inner_b) {
    if (const auto cause = cause_by_format(path, a, offset)) return *cause;
    return {"the same content, packed differently", "the same compressor, level and count of threads"};
  }
  return plain_cause(path.substr(0, path.rfind('.')), *inner_a, *inner_b, first_difference(*inner_a, *inner_b));
}

std::vector<Difference> compare_layers(const OpenLayer& first, const OpenLayer& second) {
  return LayerComparison(first, second).compare();
}

}  // namespace attest
