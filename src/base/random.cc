// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <sys/random.h>

#include "base/error.h"

namespace base {

std::string random_id(std::size_t length) {
  static constexpr char kAlphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string id(length, '\0');
  SLIP_SYSCALL(::getrandom(id.data(), id.size(), 0), "get random bytes");
  for (std::size_t i = 0; i < id.size(); ++i) {
    const unsigned value = static_cast<unsigned char>(id[i]);
    id[i] = i == 0 ? kAlphabet[10 + value % 26] : kAlphabet[value % 36];
  }
  return id;
}

}  // namespace base
