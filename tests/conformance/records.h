// SPDX-License-Identifier: Apache-2.0
#pragma once
// Records of the conformance corpus: JSON lines, plain or gzipped, and comparing values of them.
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace conformance {

/// Calls `use` with each line of a file as JSON. Throws when the file cannot be read or a line is no JSON.
void each_record(const std::string& path, const std::function<void(const base::Json& record)>& use);

/// Writes records as lines; gzipped when the path ends in .gz. Methods throw when the file cannot be written.
class RecordWriter {
 public:
  explicit RecordWriter(const std::string& path);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void add(const base::Json& record);
  void close();

 private:
  std::string path_;
  void* file_;
};

/// A text that is equal for equal values, whatever the order of their members. Null members count as absent.
std::string canonical(const base::Json& value);

/// Bytes of a base64 text. Throws invalid_argument.
std::string decode_base64(std::string_view text);

/// Where `want` and `got` differ first, for people: "…want…" / "…got…" with some text around.
std::string difference(const std::string& want, const std::string& got);

}  // namespace conformance
