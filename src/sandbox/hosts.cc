// SPDX-License-Identifier: Apache-2.0
#include "sandbox/hosts.h"

#include "base/file.h"
#include "base/format.h"
#include "base/strings.h"

namespace sandbox {

std::string hosts_text(const std::string& hostname, const std::vector<HostEntry>& extra) {
  std::string text = base::format("127.0.0.1\tlocalhost {}\n::1\tlocalhost ip6-localhost ip6-loopback\n", hostname);
  for (const auto& host : extra) text += base::format("{}\t{}\n", host.ip, host.name);
  return text;
}

std::string resolv_conf_text(std::string_view nameserver) {
  std::string text = base::format("nameserver {}\n", nameserver);
  for (const auto& line : base::split(resolv_conf_text(), '\n')) {
    const auto trimmed = base::trim(line);
    if (!trimmed.empty() && !trimmed.starts_with("nameserver")) text += line + "\n";
  }
  return text;
}

std::string resolv_conf_text() { return base::read_file_if_exists("/etc/resolv.conf", 1U << 20).value_or(""); }

}  // namespace sandbox
