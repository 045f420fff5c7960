// SPDX-License-Identifier: Apache-2.0
#include "records.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/unicode.h"

namespace conformance {
namespace {

constexpr std::size_t kChunk = 1 << 20;
constexpr std::size_t kAround = 60;

base::Json sorted(const base::Json& value) {
  if (value.is_array()) {
    base::Json::Array items;
    for (const base::Json& item : value.items()) items.push_back(sorted(item));
    return items;
  }
  // A byte that is no UTF-8 reads back as U+FFFD.
  if (value.is_string()) return base::encode_runes(base::decode_runes(value.as_string()));
  if (!value.is_object()) return value;
  base::Json::Object members;
  for (const auto& [name, member] : value.members()) {
    if (!member.is_null()) members.emplace_back(name, sorted(member));
  }
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return members;
}

}  // namespace

void each_record(const std::string& path, const std::function<void(const base::Json& record)>& use) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rbe"), gzclose);
  if (!file) base::fail_errno(errno, "open " + path);
  std::string text;
  std::string chunk(kChunk, '\0');
  for (;;) {
    const int size = gzread(file.get(), chunk.data(), static_cast<unsigned>(chunk.size()));
    if (size < 0) base::fail(base::Code::data_loss, "reading {}: damaged gzip data", path);
    text.append(chunk, 0, static_cast<std::size_t>(size));
    std::size_t start = 0;
    for (auto end = text.find('\n'); end != text.npos; end = text.find('\n', start)) {
      use(base::Json::parse(std::string_view(text).substr(start, end - start)));
      start = end + 1;
    }
    text.erase(0, start);
    if (size == 0) break;
  }
  if (!text.empty()) use(base::Json::parse(text));
}

RecordWriter::RecordWriter(const std::string& path) : path_(path) {
  // "T": no compression.
  file_ = gzopen(path.c_str(), path.ends_with(".gz") ? "wbe6" : "wbeT");
  if (file_ == nullptr) base::fail_errno(errno, "create " + path);
}

RecordWriter::~RecordWriter() {
  if (file_ != nullptr) gzclose(static_cast<gzFile>(file_));
}

void RecordWriter::add(const base::Json& record) {
  const auto line = record.dump() + "\n";
  const auto wrote = gzwrite(static_cast<gzFile>(file_), line.data(), static_cast<unsigned>(line.size()));
  if (wrote != static_cast<int>(line.size())) base::fail(base::Code::resource_exhausted, "writing {}", path_);
}

void RecordWriter::close() {
  const int status = gzclose(static_cast<gzFile>(std::exchange(file_, nullptr)));
  if (status != Z_OK) base::fail(base::Code::resource_exhausted, "writing {}", path_);
}

std::string canonical(const base::Json& value) { return sorted(value).dump(); }

std::string decode_base64(std::string_view text) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const auto value = kAlphabet.find(c);
    if (value == kAlphabet.npos) base::fail(base::Code::invalid_argument, "base64 text with a foreign character");
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

std::string difference(const std::string& want, const std::string& got) {
  const auto at =
      static_cast<std::size_t>(std::mismatch(want.begin(), want.end(), got.begin(), got.end()).first - want.begin());
  const std::size_t from = at < kAround ? 0 : at - kAround;
  const auto part = [&](const std::string& text) {
    return from < text.size() ? text.substr(from, 2 * kAround) : std::string();
  };
  return "    want …" + part(want) + "…\n    got  …" + part(got) + "…\n";
}

}  // namespace conformance
