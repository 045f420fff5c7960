// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <sstream>

#include "check.h"

int main() {
  CHECK(size_text(0) == "0 B" && size_text(999) == "999 B" && size_text(1500) == "1.5 kB");
  CHECK(json_string("a\"b\\c\n") == R"("a\"b\\c\u000a")");

  Summary summary;
  std::ostringstream empty;
  write_text(empty, summary, 5);
  CHECK(empty.str().find("0 requests from 0 hosts") == 0);

  for (int i = 0; i < 30; ++i) {
    Entry entry;
    entry.host = "h";
    entry.path = "/\"quoted\"";
    entry.status = 200;
    entry.minute = 600 + i;
    summary.add(entry);
  }
  std::ostringstream text;
  write_text(text, summary, 5);
  CHECK(text.str().find("requests in 3-minute steps") != std::string::npos);
  CHECK(text.str().find("  10:00        3  ####") != std::string::npos);
  std::ostringstream json;
  write_json(json, summary, 5);
  CHECK(json.str().find(R"("paths":[{"path":"/\"quoted\"","hits":30,)") != std::string::npos);
  return failures;
}
