// SPDX-License-Identifier: Apache-2.0
#pragma once
// A library that is loaded when it is first needed, so that programs start without it.
#include <string>

namespace oci {

class SharedLibrary {
 public:
  /// Loads `name` (dlopen); it stays loaded until the process ends. When it, or later a function in
  /// it, is missing, throws failed_precondition: "loading PURPOSE: why", with the hint.
  SharedLibrary(const std::string& name, std::string purpose, std::string hint);

  /// Sets a function pointer to the function of that name.
  template <typename Function>
  void bind(Function*& function, const char* name) const {
    function = reinterpret_cast<Function*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;

  std::string purpose_;
  std::string hint_;
  void* handle_ = nullptr;
};

}  // namespace oci
