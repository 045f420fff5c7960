// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace base {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::cancelled: return "cancelled";
    case Code::unknown: return "unknown";
    case Code::invalid_argument: return "invalid_argument";
    case Code::deadline_exceeded: return "deadline_exceeded";
    case Code::not_found: return "not_found";
    case Code::already_exists: return "already_exists";
    case Code::permission_denied: return "permission_denied";
    case Code::resource_exhausted: return "resource_exhausted";
    case Code::failed_precondition: return "failed_precondition";
    case Code::aborted: return "aborted";
    case Code::out_of_range: return "out_of_range";
    case Code::unimplemented: return "unimplemented";
    case Code::internal: return "internal";
    case Code::unavailable: return "unavailable";
    case Code::data_loss: return "data_loss";
    case Code::unauthenticated: return "unauthenticated";
  }
  return "unknown";
}

Error::Error(Code code, std::string message) : code_(code), message_(std::move(message)), text_(message_) {}

void Error::add_frame(std::string_view frame) { text_ = base::format("{}: {}", frame, text_); }

Code code_of_errno(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR: return Code::not_found;
    case EEXIST: return Code::already_exists;
    case EACCES:
    case EPERM: return Code::permission_denied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return Code::resource_exhausted;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP: return Code::invalid_argument;
    case ENOSYS:
    case EOPNOTSUPP: return Code::unimplemented;
    case ECONNREFUSED:
    case ECONNRESET:
    case ENETUNREACH:
    case EHOSTUNREACH: return Code::unavailable;
    case ETIMEDOUT: return Code::deadline_exceeded;
    case EROFS:
    case EBUSY:
    case EXDEV: return Code::failed_precondition;
    default: return Code::internal;
  }
}

void fail_errno(int error, std::string_view what) {
  Error failure(code_of_errno(error), base::format("{}: {}", what, ::strerror(error)));
  if (error == ENOSPC || error == EDQUOT) {
    failure.set_hint("free some space ('slipway prune' empties the build cache) or choose another store with --root");
  }
  throw failure;
}

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "slipway: internal error: %s does not hold at %s:%d; please report this\n", condition, file,
               line);
  std::abort();
}

}  // namespace base
