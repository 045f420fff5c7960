// SPDX-License-Identifier: Apache-2.0
#include "ops/listing.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <tuple>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file.h"
#include "base/format.h"

namespace ops {
namespace {

constexpr std::string_view kMagic = "sliplist1\n";
constexpr std::size_t kBuffer = 256 << 10;
/// Looking at all listings costs more than writing a small one: it is done for these alone.
constexpr std::size_t kLargeListing = 1 << 20;
constexpr unsigned kLookEvery = 16;

/// `selection mode uid gid size` NUL value NUL attributes NUL name NUL: the last three hold any other byte.
void append_entry(std::string& out, const ListedFile& file) {
  out += base::format("{} {:o} {} {} {}", file.selection, file.mode, file.uid, file.gid, file.size);
  for (const std::string* text : {&file.value, &file.attributes, &file.name}) {
    out += '\0';
    out += *text;
  }
  out += '\0';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  std::optional<ListedFile> entry() {
    const auto numbers = field();
    auto value = field();
    auto attributes = field();
    auto name = field();
    if (!numbers || !value || !attributes || !name) return std::nullopt;
    ListedFile file;
    head_ = *numbers;
    const bool ok = number(file.selection) && number(file.mode, 8) && number(file.uid) && number(file.gid) &&
                    number(file.size) && head_.empty();
    if (!ok) return std::nullopt;
    file.value = *value;
    file.attributes = *attributes;
    file.name = *name;
    return file;
  }

 private:
  std::optional<std::string_view> field() {
    const auto end = rest_.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const auto text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

  template <typename Number>
  bool number(Number& value, int base = 10) {
    const auto [end, error] = std::from_chars(head_.data(), head_.data() + head_.size(), value, base);
    if (error != std::errc()) return false;
    head_.remove_prefix(static_cast<std::size_t>(end - head_.data()));
    if (!head_.empty() && head_.front() == ' ') head_.remove_prefix(1);
    return true;
  }

  std::string_view rest_;
  std::string_view head_;
};

bool in_order(const ListedFile& a, const ListedFile& b) {
  return std::tie(a.selection, a.name) < std::tie(b.selection, b.name);
}

std::vector<const ListedFile*> sorted(const Listing& listing) {
  std::vector<const ListedFile*> files;
  files.reserve(listing.size());
  for (const auto& file : listing) files.push_back(&file);
  std::sort(files.begin(), files.end(), [](const auto* a, const auto* b) { return in_order(*a, *b); });
  return files;
}

bool is_directory(const ListingChange& change) { return S_ISDIR(change.file().mode); }

bool is_below(const ListedFile& file, const ListedFile& directory) {
  if (file.selection != directory.selection) return false;
  return directory.name.empty() ? !file.name.empty() : file.name.starts_with(directory.name + "/");
}

bool any_below(const std::vector<ListingChange>& changes, const ListedFile& directory) {
  ListedFile first = directory;
  first.name += directory.name.empty() ? std::string(1, '\0') : "/";
  const auto found = std::lower_bound(changes.begin(), changes.end(), first, [](const auto& change, const auto& name) {
    return in_order(change.file(), name);
  });
  return found != changes.end() && is_below(found->file(), directory);
}

}  // namespace

bool Listings::has(const base::Digest& content) const { return directory_.empty() || base::exists(path_of(content)); }

void Listings::keep(const base::Digest& content, const Next& next) const {
  if (has(content)) return;
  base::make_directories(directory_);
  base::AtomicFile file(path_of(content));
  std::string buffer(kMagic);
  std::size_t written = 0;
  for (ListedFile entry; next(entry);) {
    append_entry(buffer, entry);
    if (buffer.size() < kBuffer) continue;
    base::write_all(file.fd(), buffer);
    written += buffer.size();
    buffer.clear();
  }
  base::write_all(file.fd(), buffer);
  written += buffer.size();
  file.commit();
  if (written >= kLargeListing || content.bytes()[0] % kLookEvery == 0) drop_oldest();
}

void Listings::drop_oldest() const {
  struct Kept {
    std::int64_t changed;
    std::uint64_t size;
    std::string path;
  };
  std::vector<Kept> all;
  std::uint64_t total = 0;
  for (const auto& name : base::list_directory(directory_)) {
    struct stat info{};
    std::string path = directory_ + "/" + name;
    if (::stat(path.c_str(), &info) != 0) continue;  // another process was faster
    all.push_back({info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec, static_cast<std::uint64_t>(info.st_size),
                   std::move(path)});
    total += all.back().size;
  }
  std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) { return a.changed < b.changed; });
  for (const Kept& kept : all) {
    if (total <= kMaxBytes) return;
    ::unlink(kept.path.c_str());
    total -= kept.size;
  }
}

std::optional<Listing> Listings::find(const base::Digest& content) const {
  if (directory_.empty()) return std::nullopt;
  try {
    const auto text = base::read_file_if_exists(path_of(content));
    if (!text || !text->starts_with(kMagic)) return std::nullopt;
    Reader reader(std::string_view(*text).substr(kMagic.size()));
    Listing listing;
    while (!reader.at_end()) {
      auto file = reader.entry();
      if (!file) return std::nullopt;
      listing.push_back(std::move(*file));
    }
    return listing;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::vector<ListingChange> compare_listings(const Listing& before, const Listing& now) {
  const auto old_files = sorted(before);
  const auto new_files = sorted(now);
  std::vector<ListingChange> changes;
  auto a = old_files.begin();
  auto b = new_files.begin();
  while (a != old_files.end() || b != new_files.end()) {
    if (b == new_files.end() || (a != old_files.end() && in_order(**a, **b))) {
      changes.push_back({**a++, std::nullopt});
    } else if (a == old_files.end() || in_order(**b, **a)) {
      changes.push_back({std::nullopt, **b++});
    } else {
      if (!(**a == **b)) changes.push_back({**a, **b});
      ++a;
      ++b;
    }
  }
  std::vector<ListingChange> told;
  for (const ListingChange& change : changes) {
    if (!is_directory(change) || !any_below(changes, change.file())) told.push_back(change);
  }
  return told;
}

}  // namespace ops
