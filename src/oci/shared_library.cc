// SPDX-License-Identifier: Apache-2.0
#include "oci/shared_library.h"

#include <dlfcn.h>

#include <utility>

#include "base/error.h"

namespace oci {
namespace {

[[noreturn]] void missing(const std::string& purpose, const std::string& hint, const char* why) {
  base::Error error(base::Code::failed_precondition, base::format("loading {}: {}", purpose, why));
  error.set_hint(hint);
  throw error;
}

}  // namespace

SharedLibrary::SharedLibrary(const std::string& name, std::string purpose, std::string hint)
    : purpose_(std::move(purpose)), hint_(std::move(hint)) {
  // LAZY: of the thirty libraries that come along hardly a function is ever called.
  // NODELETE: libraries (OpenSSL below libcurl) register handlers that run at exit.
  handle_ = ::dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (handle_ == nullptr) missing(purpose_, hint_, ::dlerror());
}

void* SharedLibrary::symbol(const char* name) const {
  void* found = ::dlsym(handle_, name);
  if (found == nullptr) missing(purpose_, hint_, ::dlerror());
  return found;
}

}  // namespace oci
