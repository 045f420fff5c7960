// SPDX-License-Identifier: Apache-2.0
#include "ops/listing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

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

/// Reads a listing piece by piece.
class Reader {
 public:
  /// Nothing when there is no such file, or it is none.
  static std::optional<Reader> open(const std::string& path) {
    auto file = base::open_file_if_exists(path, O_RDONLY);
    if (!file) return std::nullopt;
    Reader reader(std::move(*file));
    reader.fill(kMagic.size());
    if (!std::string_view(reader.buffer_).starts_with(kMagic)) return std::nullopt;
    reader.at_ = kMagic.size();
    return reader;
  }

  /// False at the end, and where the file is damaged.
  bool next(ListedFile& file) {
    if (at_ == buffer_.size() && !fill(1)) return false;
    std::string numbers;
    damaged_ = !field(numbers) || !field(file.value) || !field(file.attributes) || !field(file.name);
    if (damaged_) return false;
    head_ = numbers;
    const bool read = number(file.selection) && number(file.mode, 8) && number(file.uid) && number(file.gid) &&
                      number(file.size) && head_.empty();
    damaged_ = !read;
    return read;
  }

  bool damaged() const { return damaged_; }

 private:
  explicit Reader(base::Fd file) : file_(std::move(file)) {}

  /// Reads on until `wanted` bytes wait; false when there are fewer.
  bool fill(std::size_t wanted) {
    buffer_.erase(0, at_);
    at_ = 0;
    while (buffer_.size() < wanted) {
      const std::size_t had = buffer_.size();
      buffer_.resize(had + kBuffer);
      const std::size_t got = base::read_up_to(file_.get(), buffer_.data() + had, kBuffer);
      buffer_.resize(had + got);
      if (got == 0) return false;
    }
    return true;
  }

  bool field(std::string& text) {
    for (;;) {
      const auto end = buffer_.find('\0', at_);
      if (end != std::string::npos) {
        text.assign(buffer_, at_, end - at_);
        at_ = end + 1;
        return true;
      }
      if (!fill(buffer_.size() - at_ + 1)) return false;
    }
  }

  template <typename Number>
  bool number(Number& value, int base = 10) {
    const auto [end, error] = std::from_chars(head_.data(), head_.data() + head_.size(), value, base);
    if (error != std::errc()) return false;
    head_.remove_prefix(static_cast<std::size_t>(end - head_.data()));
    if (!head_.empty() && head_.front() == ' ') head_.remove_prefix(1);
    return true;
  }

  base::Fd file_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::string_view head_;
  bool damaged_ = false;
};

/// The order in which a tree is walked: "a", "a/x", "a.b".
bool name_in_order(std::string_view a, std::string_view b) {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(c)) + 1; };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](char x, char y) { return rank(x) < rank(y); });
}

bool in_order(const ListedFile& a, const ListedFile& b) {
  return a.selection != b.selection ? a.selection < b.selection : name_in_order(a.name, b.name);
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

/// Takes changes in order; leaves out a directory whose files tell more.
class Changes {
 public:
  void add(std::optional<ListedFile> before, std::optional<ListedFile> now) {
    ListingChange change{std::move(before), std::move(now)};
    if (!told_.empty() && is_directory(told_.back()) && is_below(change.file(), told_.back().file())) told_.pop_back();
    told_.push_back(std::move(change));
  }
  std::size_t size() const { return told_.size(); }
  std::vector<ListingChange> take() { return std::move(told_); }

 private:
  std::vector<ListingChange> told_;
};

/// The two sides of a comparison: what stands next on each.
class Side {
 public:
  explicit Side(Reader reader) : reader_(std::move(reader)) { step(); }
  bool has() const { return has_; }
  const ListedFile& file() const { return file_; }
  /// False when the next entry does not come after this one.
  bool step() {
    std::swap(file_, last_);
    const bool first = !has_;
    has_ = reader_.next(file_);
    return first || !has_ || !in_order(file_, last_);
  }
  bool damaged() const { return reader_.damaged(); }

 private:
  Reader reader_;
  ListedFile file_;
  ListedFile last_;
  bool has_ = false;
};

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
    auto reader = Reader::open(path_of(content));
    if (!reader) return std::nullopt;
    Listing listing;
    for (ListedFile file; reader->next(file);) listing.push_back(file);
    return reader->damaged() ? std::nullopt : std::optional(std::move(listing));
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::optional<std::vector<ListingChange>> Listings::compare(const base::Digest& before, const base::Digest& now,
                                                            std::size_t limit) const {
  if (directory_.empty()) return std::nullopt;
  try {
    auto first = Reader::open(path_of(before));
    auto second = Reader::open(path_of(now));
    if (!first || !second) return std::nullopt;
    Side a(std::move(*first));
    Side b(std::move(*second));
    Changes changes;
    bool ordered = true;
    while ((a.has() || b.has()) && ordered && changes.size() < limit) {
      if (!b.has() || (a.has() && in_order(a.file(), b.file()))) {
        changes.add(a.file(), std::nullopt);
        ordered = a.step();
      } else if (!a.has() || in_order(b.file(), a.file())) {
        changes.add(std::nullopt, b.file());
        ordered = b.step();
      } else {
        if (!(a.file() == b.file())) changes.add(a.file(), b.file());
        ordered = a.step();
        ordered = b.step() && ordered;
      }
    }
    if (a.damaged() || b.damaged()) return std::nullopt;
    if (ordered) return changes.take();
  } catch (const base::Error&) {
    return std::nullopt;
  }
  // Matches of a wildcard over several directories come in their own order.
  const auto whole_before = find(before);
  const auto whole_now = find(now);
  if (!whole_before || !whole_now) return std::nullopt;
  auto changes = compare_listings(*whole_before, *whole_now);
  if (changes.size() > limit) changes.resize(limit);
  return changes;
}

std::vector<ListingChange> compare_listings(const Listing& before, const Listing& now) {
  const auto old_files = sorted(before);
  const auto new_files = sorted(now);
  Changes changes;
  auto a = old_files.begin();
  auto b = new_files.begin();
  while (a != old_files.end() || b != new_files.end()) {
    if (b == new_files.end() || (a != old_files.end() && in_order(**a, **b))) {
      changes.add(**a++, std::nullopt);
    } else if (a == old_files.end() || in_order(**b, **a)) {
      changes.add(std::nullopt, **b++);
    } else {
      if (!(**a == **b)) changes.add(**a, **b);
      ++a;
      ++b;
    }
  }
  return changes.take();
}

}  // namespace ops
