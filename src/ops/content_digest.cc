// SPDX-License-Identifier: Apache-2.0
#include "ops/content_digest.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "ops/copy_metadata.h"
#include "ops/copy_room.h"
#include "ops/copy_view.h"
#include "solve/key.h"

namespace ops {
namespace {

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::size_t kBatchFiles = 64;
constexpr std::uint64_t kBatchBytes = 1 << 20;
constexpr std::ptrdiff_t kWaitingBatches = 32;

/// What few names have.
struct Extras {
  std::string link;
  std::string attributes;  ///< encoded
};

/// What counts of one selected name. The digest of a file's bytes comes later, from a worker.
struct Item {
  Item(std::string name_below, const struct stat& info)
      : name(std::move(name_below)),
        stamp(FileStamp::of(info)),
        uid(info.st_uid),
        gid(info.st_gid),
        rdev(info.st_rdev) {}

  std::string name;  ///< below the selection
  FileStamp stamp;
  uid_t uid;
  gid_t gid;
  dev_t rdev;
  base::Digest bytes;
  std::unique_ptr<Extras> extras;

  Extras& more() {
    if (!extras) extras = std::make_unique<Extras>();
    return *extras;
  }
};

std::string encode_attributes(int fd) {
  std::string text;
  for (const auto& [name, value] : read_xattrs(fd)) {
    text += std::to_string(name.size()) + ":" + name + std::to_string(value.size()) + ":" + value;
  }
  return text;
}

void note_attributes(Item& item, int fd) {
  if (auto text = encode_attributes(fd); !text.empty()) item.more().attributes = std::move(text);
}

base::Digest digest_bytes(int fd, const std::stop_token& stop) {
  thread_local std::string buffer(256 << 10, '\0');
  base::Sha256 hash;
  for (;;) {
    base::throw_if_stopped(stop);
    const std::size_t got = base::read_up_to(fd, buffer.data(), buffer.size());
    hash.update(std::string_view(buffer.data(), got));
    if (got < buffer.size()) return hash.finish();
  }
}

void add_item(solve::KeyHasher& hasher, const Item& item) {
  static const Extras kNone;
  const auto mode = static_cast<mode_t>(item.stamp.mode);
  const Extras& extras = item.extras ? *item.extras : kNone;
  // A socket is copied as an empty file, so it counts as one; a link's own mode means nothing.
  const mode_t type = S_ISSOCK(mode) ? S_IFREG : mode & S_IFMT;
  const bool device = S_ISCHR(mode) || S_ISBLK(mode);
  hasher.add(item.name).add(std::int64_t{type}).add(std::int64_t{S_ISLNK(mode) ? 0777 : mode & 07777});
  hasher.add(std::int64_t{item.uid}).add(std::int64_t{item.gid});
  hasher.add(extras.link).add(extras.attributes).add(item.bytes);
  hasher.add(std::int64_t{device ? major(item.rdev) : 0}).add(std::int64_t{device ? minor(item.rdev) : 0});
}

ListedFile listed(const Item& item, int selection) {
  static const Extras kNone;
  const Extras& extras = item.extras ? *item.extras : kNone;
  const auto mode = static_cast<mode_t>(item.stamp.mode);
  ListedFile file{selection, item.name, mode, item.uid, item.gid, 0, extras.link, ""};
  if (S_ISREG(mode)) file.size = static_cast<std::uint64_t>(item.stamp.size);
  if (!item.bytes.empty()) file.value = item.bytes.str();
  if (S_ISCHR(mode) || S_ISBLK(mode)) file.value = base::format("{}:{}", major(item.rdev), minor(item.rdev));
  if (!extras.attributes.empty()) file.attributes = base::sha256(extras.attributes).str();
  return file;
}

void add_identity(solve::KeyHasher& hasher, const Item& item) {
  const FileStamp& stamp = item.stamp;
  hasher.add(item.name).add(static_cast<std::int64_t>(stamp.mode));
  // A directory's own times and size change with names that are not selected.
  if (S_ISDIR(static_cast<mode_t>(stamp.mode))) return;
  for (const auto number : {static_cast<std::int64_t>(stamp.device), static_cast<std::int64_t>(stamp.inode),
                            static_cast<std::int64_t>(stamp.size), stamp.changed, stamp.modified}) {
    hasher.add(number);
  }
}

[[noreturn]] void fail_changed(const std::string& name) {
  base::fail(base::Code::aborted, "{} changes while it is looked at", name);
}

/// What names a file's content: its bytes, what is known of them, or (without reading it) its stamp.
enum class Evidence : std::uint8_t { bytes, known, identity };

/// Walks what selections pick, in order of names, while workers hash the files.
class Digester {
 public:
  Digester(const CopyView& view, base::ThreadPool& pool, const std::stop_token& stop, Evidence evidence,
           KnownFiles* known = nullptr)
      : view_(view), stop_(stop), evidence_(evidence), known_(known), room_(kWaitingBatches), group_(pool, stop) {}

  void run(const std::vector<Selection>& selections) {
    for (const Selection& selection : selections) {
      add(selection);
      ends_.push_back(items_.size());
    }
    group_.wait();
    base::throw_if_stopped(stop_);
  }

  base::Digest content() const { return digest("slipway content 1", add_item); }
  base::Digest identity() const { return digest("slipway identity 2", add_identity); }
  Proof proof() const { return proof_; }

  void keep_listing(const base::Digest& content, const Listings& listings) const {
    std::size_t next = 0;
    std::size_t selection = 0;
    listings.keep(content, [&](ListedFile& file) {
      if (next == items_.size()) return false;
      while (next >= ends_[selection]) ++selection;
      file = listed(items_[next++], static_cast<int>(selection));
      return true;
    });
  }

 private:
  using SharedFd = std::shared_ptr<base::Fd>;
  struct Job {
    std::string name;
    Item* item;
  };
  struct Level {
    SharedFd directory;
    CopyView::Place in_view;
    PathFilter::Place in_selection;
    std::string name;
  };

  base::Digest digest(std::string_view domain, void (*add_one)(solve::KeyHasher&, const Item&)) const {
    solve::KeyHasher hasher(domain);
    std::size_t next = 0;
    for (const std::size_t end : ends_) {
      hasher.add(static_cast<std::int64_t>(end - next));
      for (; next < end; ++next) add_one(hasher, items_[next]);
    }
    return hasher.finish();
  }

  void add(const Selection& selection) {
    const auto last = selection.follow_links ? base::LastLink::follow : base::LastLink::keep;
    const PathFilter filter(selection.includes, selection.excludes);
    const auto wildcards = selection.wildcard ? Wildcards::expand : Wildcards::literal;
    for (const PickedPath& picked : pick_paths(view_, selection.path, wildcards, last)) {
      const auto info = view_.find(picked.path);
      if (!info) fail_source_missing(picked.name);
      // A match's own name decides where it is copied to; a literal one is part of the step's recipe.
      add_top(picked, *info, selection.wildcard ? base::base_name(picked.name) : "", filter);
    }
  }

  void add_top(const PickedPath& picked, const struct stat& info, const std::string& name, const PathFilter& filter) {
    if (S_ISDIR(info.st_mode)) {
      Level level{std::make_shared<base::Fd>(view_.open_directory(picked.path)), view_.place(picked.path), {}, name};
      // Nothing takes a root's own owner and mode.
      if (picked.path != "/") add_directory(level, info);
      return walk(level, filter);
    }
    const SharedFd parent = std::make_shared<base::Fd>(view_.open_directory(base::dir_name(picked.path)));
    std::vector<Job> batch;
    add_leaf(parent, {base::base_name(picked.path), info}, name, batch);
    flush(parent, batch);
  }

  Item& add_directory(const Level& level, const struct stat& info) {
    Item& item = items_.emplace_back(level.name, info);
    if (!view_.live()) note_attributes(item, level.directory->get());
    return item;
  }

  void add_leaf(const SharedFd& directory, const ViewEntry& entry, const std::string& name, std::vector<Job>& batch) {
    Item& item = items_.emplace_back(name, entry.info);
    if (S_ISLNK(entry.info.st_mode)) item.more().link = base::read_link_at(directory->get(), entry.name);
    if (S_ISSOCK(entry.info.st_mode)) item.bytes = base::sha256("");
    if (!S_ISREG(entry.info.st_mode) || evidence_ == Evidence::identity) return;
    if (known_) {
      if (auto digest = known_->find(item.stamp)) {
        item.bytes = *digest;
        return;
      }
    }
    batch.push_back({entry.name, &item});
  }

  void walk(const Level& level, const PathFilter& filter) {
    std::vector<Job> batch;
    std::uint64_t bytes = 0;
    for (const ViewEntry& entry : view_.list(level.directory->get(), level.in_view)) {
      base::throw_if_stopped(group_.token());
      auto verdict = filter.look(level.in_selection, entry.name);
      const std::string name = level.name.empty() ? entry.name : level.name + "/" + entry.name;
      if (S_ISDIR(entry.info.st_mode)) {
        if (verdict.included || verdict.below) walk_child(level, entry, name, verdict, filter);
      } else if (verdict.included) {
        const std::size_t waiting = batch.size();
        add_leaf(level.directory, entry, name, batch);
        if (batch.size() != waiting) bytes += static_cast<std::uint64_t>(entry.info.st_size);
        if (batch.size() >= kBatchFiles || bytes >= kBatchBytes) {
          flush(level.directory, batch);
          bytes = 0;
        }
      }
    }
    flush(level.directory, batch);
  }

  void walk_child(const Level& above, const ViewEntry& entry, const std::string& name, PathFilter::Verdict& verdict,
                  const PathFilter& filter) {
    const int fd = SLIP_SYSCALL(::openat(above.directory->get(), entry.name.c_str(), kOpenDirectory), "open {}", name);
    const Level level{std::make_shared<base::Fd>(fd), view_.child(above.in_view, entry.name), std::move(verdict.place),
                      name};
    const std::size_t own = items_.size();
    add_directory(level, entry.info);
    walk(level, filter);
    // A directory that was only looked into counts when something in it does.
    if (!verdict.included && items_.size() == own + 1) items_.pop_back();
  }

  void flush(const SharedFd& directory, std::vector<Job>& batch) {
    if (batch.empty()) return;
    group_.run([this, place = room_.take(), directory, jobs = std::exchange(batch, {})](const std::stop_token& stop) {
      for (const Job& job : jobs) {
        base::throw_if_stopped(stop);
        base::with_context([&] { hash(directory->get(), job, stop); }, "read {}", job.name);
      }
    });
  }

  void hash(int directory, const Job& job, const std::stop_token& stop) {
    constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const base::Fd file(::openat(directory, job.name.c_str(), kFlags));
    if (!file && known_ && (errno == ENOENT || errno == ELOOP || errno == ENXIO)) fail_changed(job.name);
    if (!file) base::fail_errno(errno, "open");
    if (!view_.live()) note_attributes(*job.item, file.get());
    if (known_) return hash_live(file.get(), job, stop);
    job.item->bytes = digest_bytes(file.get(), stop);
  }

  void hash_live(int file, const Job& job, const std::stop_token& stop) {
    const Hashed hashed = known_->hash(file, stop);
    // What was listed and what was read must be the same file.
    const FileStamp stamp = FileStamp::of(hashed.info);
    if (stamp.device != job.item->stamp.device || stamp.inode != job.item->stamp.inode) fail_changed(job.name);
    job.item->stamp = stamp;
    job.item->bytes = hashed.digest;
    Proof weakest = proof_;
    while (hashed.proof > weakest && !proof_.compare_exchange_weak(weakest, hashed.proof)) {
    }
  }

  const CopyView& view_;
  std::stop_token stop_;
  Evidence evidence_;
  KnownFiles* known_;
  std::atomic<Proof> proof_ = Proof::settled;
  std::vector<std::size_t> ends_;  ///< per selection, the number of items so far
  std::deque<Item> items_;         ///< a deque: workers hold pointers into it
  WorkRoom room_;
  base::TaskGroup group_;  ///< last: waits for the workers before what they use goes
};

}  // namespace

base::Digest content_digest(const CopySource& tree, const std::vector<Selection>& selections, base::ThreadPool& pool,
                            const std::stop_token& stop, const Listings& listings) {
  const CopyView view(tree);
  Digester digester(view, pool, stop, Evidence::bytes);
  digester.run(selections);
  const base::Digest content = digester.content();
  if (!listings.has(content)) digester.keep_listing(content, listings);
  return content;
}

LiveDigest live_digest(const CopySource& tree, const std::vector<Selection>& selections, base::ThreadPool& pool,
                       KnownFiles& known, const std::stop_token& stop, const Listings& listings) {
  const CopyView view(tree);
  Digester digester(view, pool, stop, Evidence::known, &known);
  digester.run(selections);
  const LiveDigest found{digester.content(), digester.identity(), digester.proof()};
  if (!listings.has(found.content)) digester.keep_listing(found.content, listings);
  return found;
}

base::Digest identity_digest(const CopySource& tree, const std::vector<Selection>& selections,
                             const std::stop_token& stop) {
  const CopyView view(tree);
  base::ThreadPool unused("walk", 1);
  Digester digester(view, unused, stop, Evidence::identity);
  digester.run(selections);
  return digester.identity();
}

}  // namespace ops
