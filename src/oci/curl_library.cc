// SPDX-License-Identifier: Apache-2.0
#include "oci/curl_library.h"

#include <dlfcn.h>

#include "base/error.h"

namespace oci {
namespace {

[[noreturn]] void missing(const std::string& why) {
  base::Error error(base::Code::failed_precondition, base::format("loading libcurl for network access: {}", why));
  error.set_hint("install libcurl 7.85 or newer (Debian: apt install libcurl4)");
  throw error;
}

template <typename Function>
void bind(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr) missing(base::format("it has no function {}", name));
}

}  // namespace

std::unique_ptr<CurlLibrary> load_curl(const std::string& name) {
  // NODELETE: OpenSSL below it registers handlers that run at exit.
  void* library = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) missing(::dlerror());
  auto curl = std::make_unique<CurlLibrary>();
  bind(library, curl->global_init, "curl_global_init");
  bind(library, curl->easy_init, "curl_easy_init");
  bind(library, curl->easy_setopt, "curl_easy_setopt");
  bind(library, curl->easy_getinfo, "curl_easy_getinfo");
  bind(library, curl->easy_reset, "curl_easy_reset");
  bind(library, curl->easy_cleanup, "curl_easy_cleanup");
  bind(library, curl->easy_strerror, "curl_easy_strerror");
  bind(library, curl->multi_init, "curl_multi_init");
  bind(library, curl->multi_cleanup, "curl_multi_cleanup");
  bind(library, curl->multi_add_handle, "curl_multi_add_handle");
  bind(library, curl->multi_remove_handle, "curl_multi_remove_handle");
  bind(library, curl->multi_perform, "curl_multi_perform");
  bind(library, curl->multi_poll, "curl_multi_poll");
  bind(library, curl->multi_wakeup, "curl_multi_wakeup");
  bind(library, curl->multi_info_read, "curl_multi_info_read");
  bind(library, curl->slist_append, "curl_slist_append");
  bind(library, curl->slist_free_all, "curl_slist_free_all");
  if (curl->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) missing("it cannot be initialised");
  return curl;
}

}  // namespace oci
