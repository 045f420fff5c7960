// SPDX-License-Identifier: Apache-2.0
#include "entry.h"

#include "check.h"

int main() {
  const auto full = parse_entry(
      R"(10.0.0.7 - bob [10/Oct/2024:13:55:36 -0700] "GET /a/b?x=1 HTTP/1.1" 200 2326 "-" "curl/8 \"x\"" 0.125)");
  CHECK(full);
  CHECK(full && full->host == "10.0.0.7" && full->method == "GET" && full->path == "/a/b");
  CHECK(full && full->status == 200 && full->bytes == 2326 && full->seconds && *full->seconds == 0.125);

  const auto common = parse_entry("h - - [01/Jan/1970:00:01:00 +0000] \"HEAD / HTTP/1.0\" 304 -\r");
  CHECK(common && common->minute == 1 && common->bytes == 0 && !common->seconds);

  CHECK(parse_minute("01/Jan/1970:01:00:00 +0100") == 0);
  CHECK(parse_minute("29/Feb/2024:00:00:00 +0000") == 28486080);
  for (const char* bad : {"", "x", "32/Jan/2024:00:00:00 +0000", "01/Foo/2024:00:00:00 +0000",
                          "01/Jan/2024:24:00:00 +0000", "01/Jan/2024:00:00:00", "01/Jan/2024"}) {
    CHECK(!parse_minute(bad));
  }
  for (const char* bad : {"", "nothing", "h - - [x] \"GET / HTTP/1.1\" 200 1",
                          "h - - [01/Jan/1970:00:00:00 +0000] \"GET / HTTP/1.1",
                          "h - - [01/Jan/1970:00:00:00 +0000] \"GET / HTTP/1.1\" 99 1",
                          "h - - [01/Jan/1970:00:00:00 +0000] \"GET / HTTP/1.1\" 200 99999999999999999999",
                          "h - - [01/Jan/1970:00:00:00 +0000] \"\" 200 1"}) {
    CHECK(!parse_entry(bad));
  }
  return failures;
}
