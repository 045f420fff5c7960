// SPDX-License-Identifier: Apache-2.0
#pragma once
// The history of an image: a list that grows at its end, cheap to copy.
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace dockerfile {

struct HistoryEntry {
  std::string created;  ///< RFC 3339, "" = absent
  std::string created_by, author, comment;
  bool empty_layer = false;
};

/// A stage starts with its base's history, so a chain of a thousand stages would copy half a million
/// entries. Copies share their entries instead, until two of them grow apart.
/// Threads: copies share state; those of one image stay on one thread.
class History {
 public:
  using Entries = std::vector<HistoryEntry>;

  void push_back(HistoryEntry entry) {
    if (!entries_) entries_ = std::make_shared<Entries>();
    // Another copy has added to the shared list already: take leave of it.
    if (entries_->size() != size_) entries_ = std::make_shared<Entries>(begin(), end());
    entries_->push_back(std::move(entry));
    ++size_;
  }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  Entries::const_iterator begin() const { return (entries_ ? *entries_ : none()).begin(); }
  Entries::const_iterator end() const { return begin() + static_cast<std::ptrdiff_t>(size_); }

 private:
  static const Entries& none() {
    static const Entries kNone;
    return kNone;
  }

  std::shared_ptr<Entries> entries_;
  std::size_t size_ = 0;  ///< how many of them are ours
};

}  // namespace dockerfile
