// SPDX-License-Identifier: Apache-2.0
#pragma once
// Listings: what content digests were made of, so that two of them can be compared file by file.
//
// A cache key holds one digest for everything a step selects. `slipway why` wants to say which file changed;
// so whoever takes a content digest keeps the list behind it, in the store's directory listings/, once per
// digest. Listings may be lost at any time: a miss is then explained without the file's name. Together they
// keep to a bound, the oldest go first.
//
// Threads and processes: any number at once. Failure: find() has none, an unreadable listing is an absent
// one; keep() throws base::Error.
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"

namespace ops {

/// One name of a listing, with what counts of it.
struct ListedFile {
  int selection = 0;  ///< number of the selection it was picked by
  std::string name;   ///< below the selected path; "" = the path itself
  mode_t mode = 0;    ///< type and permissions
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t size = 0;  ///< bytes of a regular file, else 0
  std::string value;       ///< digest of the bytes ("sha256:…"), target of a link, or numbers of a device
  std::string attributes;  ///< digest of the attributes that count, or ""
  bool operator==(const ListedFile&) const = default;
};

/// In the order of the digest: by selection, then by name.
using Listing = std::vector<ListedFile>;

/// One name that two listings do not have in common, or have with another content.
struct ListingChange {
  std::optional<ListedFile> before;
  std::optional<ListedFile> now;

  const ListedFile& file() const { return now ? *now : *before; }
};

class Listings {
 public:
  /// `directory` need not exist; "" keeps nothing.
  explicit Listings(std::string directory) : directory_(std::move(directory)) {}

  const std::string& directory() const { return directory_; }
  bool has(const base::Digest& content) const;
  /// Gives the entries one by one, in the listing's order, and then false.
  using Next = std::function<bool(ListedFile&)>;
  /// Afterwards find() gives the listing, until the bound drops it.
  void keep(const base::Digest& content, const Next& next) const;
  std::optional<Listing> find(const base::Digest& content) const;
  /// compare_listings() of two kept ones, at most `limit` changes; nothing when one of them is lost. Takes no memory
  /// for what is the same.
  std::optional<std::vector<ListingChange>> compare(const base::Digest& before, const base::Digest& now,
                                                    std::size_t limit) const;

  static constexpr std::uint64_t kMaxBytes = 64ULL << 20;

 private:
  std::string path_of(const base::Digest& content) const { return directory_ + "/" + content.hex(); }
  void drop_oldest() const;

  std::string directory_;
};

/// In order of selections and names. A directory's own change is left out where something in it changed.
std::vector<ListingChange> compare_listings(const Listing& before, const Listing& now);

}  // namespace ops
