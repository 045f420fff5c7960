// SPDX-License-Identifier: Apache-2.0
#include "solve/key.h"

#include <algorithm>

namespace solve {

namespace {

/// Calling the hash for each short field would cost more than hashing it.
constexpr std::size_t kTogether = 4096;

class Differ {
 public:
  explicit Differ(std::size_t limit) : limit_(limit) {}

  void compare(const std::string& path, const base::Json& before, const base::Json& now) {
    if (found.size() >= limit_ || before == now) return;
    if (before.is_object() && now.is_object()) return compare_members(path, before, now);
    if (before.is_array() && now.is_array()) return compare_items(path, before, now);
    found.push_back({path, before, now});
  }

  std::vector<Difference> found;

 private:
  static std::string below(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  }

  void compare_members(const std::string& path, const base::Json& before, const base::Json& now) {
    for (const auto& [name, value] : before.members()) compare(below(path, name), value, now[name]);
    for (const auto& [name, value] : now.members()) {
      if (!before.contains(name)) compare(below(path, name), nullptr, value);
    }
  }

  void compare_items(const std::string& path, const base::Json& before, const base::Json& now) {
    const auto& old_items = before.items();
    const auto& new_items = now.items();
    for (std::size_t i = 0; i < std::max(old_items.size(), new_items.size()); ++i) {
      compare(below(path, std::to_string(i)), i < old_items.size() ? old_items[i] : base::Json(),
              i < new_items.size() ? new_items[i] : base::Json());
    }
  }

  std::size_t limit_;
};

}  // namespace

KeyHasher::KeyHasher(std::string_view domain) { add(domain); }

void KeyHasher::add_length(std::uint64_t length) {
  char bytes[8];
  for (char& byte : bytes) {
    byte = static_cast<char>(length & 0xff);
    length >>= 8;
  }
  waiting_.append(bytes, sizeof bytes);
}

KeyHasher& KeyHasher::add(std::string_view field) {
  add_length(field.size());
  waiting_ += field;
  if (waiting_.size() >= kTogether) {
    hash_.update(waiting_);
    waiting_.clear();
  }
  return *this;
}

KeyHasher& KeyHasher::add(std::int64_t field) {
  add_length(static_cast<std::uint64_t>(field));
  return *this;
}

KeyHasher& KeyHasher::add(const base::Digest& field) {
  const auto& bytes = field.bytes();
  return add(field.empty() ? std::string_view()
                           : std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

base::Digest KeyHasher::finish() {
  hash_.update(waiting_);
  return hash_.finish();
}

base::Digest recipe_digest(const base::Json& recipe) { return KeyHasher("slipway op 1").add(recipe.dump()).finish(); }

CacheKey make_key(KeyKind kind, const base::Digest& op, const std::vector<KeyedInput>& inputs) {
  KeyHasher hasher(kind == KeyKind::definition ? "slipway definition key 1" : "slipway resolved key 1");
  hasher.add(op).add(static_cast<std::int64_t>(inputs.size()));
  for (const KeyedInput& input : inputs) {
    if (!input.content.empty()) {
      hasher.add("content").add(input.content);
    } else {
      hasher.add("identity").add(input.identity).add(std::int64_t{input.output}).add(input.selector);
    }
  }
  return CacheKey{hasher.finish()};
}

base::Json key_recipe(const base::Json& op_recipe, const std::vector<KeyedInput>& inputs) {
  base::Json list = base::Json::array();
  for (const KeyedInput& input : inputs) {
    base::Json entry = base::Json::object();
    if (!input.content.empty()) {
      entry.set("content", input.content.str());
    } else {
      entry.set("record", input.identity.str());
    }
    entry.set_nonempty("output", input.output).set_nonempty("selector", input.selector);
    list.push(std::move(entry));
  }
  base::Json recipe = base::Json::object();
  recipe.set("op", op_recipe).set("inputs", std::move(list));
  return recipe;
}

std::vector<Difference> diff_recipes(const base::Json& before, const base::Json& now, std::size_t limit) {
  Differ differ(limit);
  differ.compare("", before, now);
  return std::move(differ.found);
}

}  // namespace solve
